//! The first line of every rendered file: whose it is, and that it is not to be edited.

use crate::VERSION;

const RENDERED_BY: &str = "# Rendered by unitgen ";

/// The first line of a deployment's files.
#[must_use]
pub fn text(deployment: &str, digest: &str) -> String {
    format!(
        "{RENDERED_BY}{VERSION} from the manifest of {deployment} ({digest}).\n\
         # Do not edit: change the manifest and render again."
    )
}

/// The deployment that a file was rendered for; `None` when unitgen did not render it.
#[must_use]
pub fn deployment_of(content: &[u8]) -> Option<&str> {
    let first = std::str::from_utf8(content.split(|byte| *byte == b'\n').next()?).ok()?;
    let (_, rest) = first.strip_prefix(RENDERED_BY)?.split_once(" from the manifest of ")?;
    rest.split_once(" (sha256:").map(|(deployment, _)| deployment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_deployment() {
        let content = format!("{}\n[Unit]\n", text("avwap", "sha256:00"));
        assert_eq!(deployment_of(content.as_bytes()), Some("avwap"));
        for foreign in [
            "",
            "[Unit]\nDescription=x\n",
            "# Rendered by hand\n",
            "\n# Rendered by unitgen 1 from the manifest of a (sha256:0)",
        ] {
            assert_eq!(deployment_of(foreign.as_bytes()), None, "{foreign}");
        }
    }
}
