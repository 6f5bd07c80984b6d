//! Specifiers: `%S` and its like, expanded for one unit under the rehearsal's own root.

use std::path::PathBuf;

use thiserror::Error;

/// The directories the specifiers stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// `%S`, /var/lib on a host.
    pub state: PathBuf,
    /// `%E`, /etc on a host.
    pub config: PathBuf,
    /// `%t`, /run on a host.
    pub runtime: PathBuf,
}

/// A specifier that the rehearsal does not know.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the specifier %{0} is unknown here")]
pub struct UnknownSpecifier(String);

/// Expands the specifiers of `text` for the unit called `unit`.
pub fn expand(text: &str, unit: &str, directories: &Directories) -> Result<String, UnknownSpecifier> {
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let mut expanded = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            expanded.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => expanded.push('%'),
            Some('S') => expanded.push_str(&directories.state.to_string_lossy()),
            Some('E') => expanded.push_str(&directories.config.to_string_lossy()),
            Some('t') => expanded.push_str(&directories.runtime.to_string_lossy()),
            Some('n') => expanded.push_str(unit),
            Some('N') => expanded.push_str(stem),
            Some('p') => expanded.push_str(prefix),
            Some('i') => expanded.push_str(instance),
            other => return Err(UnknownSpecifier(other.map(String::from).unwrap_or_default())),
        }
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_stand_for_the_rehearsal_root_and_the_unit() {
        let directories = Directories { state: "/r/var/lib".into(), config: "/r/etc".into(), runtime: "/r/run".into() };
        for (text, unit, expect) in [
            ("%S/avwap", "scan.service", "/r/var/lib/avwap"),
            ("%E/portcullis/%N.toml", "scan.service", "/r/etc/portcullis/scan.toml"),
            ("%t/x", "scan.service", "/r/run/x"),
            ("--unit %n", "execution.service", "--unit execution.service"),
            ("%p+%i", "alert@scan.service", "alert+scan"),
            ("%p+%i", "scan.service", "scan+"),
            ("100%%", "scan.service", "100%"),
        ] {
            assert_eq!(expand(text, unit, &directories).as_deref(), Ok(expect), "{text}");
        }
        for text in ["%h", "%", "a %Z"] {
            assert!(expand(text, "scan.service", &directories).is_err(), "{text}");
        }
    }
}
