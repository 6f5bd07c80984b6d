//! Whether what is installed is what the unit was rendered from.

use std::path::PathBuf;

/// The installed manifest as the unit knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Where it lies.
    pub path: PathBuf,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

impl Installed {
    /// `None` when file and digest agree, else why opening is refused.
    pub fn disagreement(&self) -> Option<String> {
        let path = self.path.display();
        match std::fs::read(&self.path) {
            Err(error) => Some(format!("the installed manifest {path} cannot be read: {error}")),
            Ok(bytes) => {
                let found = format!("sha256:{}", contract::sha256_hex(&bytes));
                (found != self.digest).then(|| {
                    format!("the installed manifest {path} is not the one this unit was rendered from; render and install again")
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_or_missing_manifest_disagrees() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("avwap.toml");
        std::fs::write(&path, "schema = 1\n").unwrap();
        let digest = format!("sha256:{}", contract::sha256_hex(b"schema = 1\n"));
        let installed = Installed { path: path.clone(), digest };
        assert_eq!(installed.disagreement(), None);
        std::fs::write(&path, "schema = 1 \n").unwrap();
        assert!(installed.disagreement().unwrap().contains("not the one"));
        std::fs::remove_file(&path).unwrap();
        assert!(installed.disagreement().unwrap().contains("cannot be read"));
    }
}
