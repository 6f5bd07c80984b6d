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

/// Whether a file is what is rendered but for the release of the unitgen that did it; with the other release.
#[must_use]
pub fn of_another_release<'a>(found: &'a [u8], rendered: &[u8]) -> Option<&'a str> {
    let (release, rest) = release_and_rest(found)?;
    let (_, expect) = release_and_rest(rendered).filter(|(own, _)| *own != release)?;
    (rest == expect).then_some(release)
}

fn release_and_rest(content: &[u8]) -> Option<(&str, &[u8])> {
    let rest = content.strip_prefix(RENDERED_BY.as_bytes())?;
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let release = std::str::from_utf8(&rest[..end]).ok()?;
    let is_version = release.chars().all(|c| c.is_ascii_alphanumeric() || ".+-".contains(c));
    is_version.then_some((release, &rest[end..]))
}

/// The unitgen that rendered a text; `None` when none did.
#[must_use]
pub fn unitgen_of(text: &str) -> Option<&str> {
    text.strip_prefix(RENDERED_BY)?.split_once(" from the manifest of ").map(|(unitgen, _)| unitgen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_deployment() {
        let content = format!("{}\n[Unit]\n", text("avwap", "sha256:00"));
        assert_eq!(deployment_of(content.as_bytes()), Some("avwap"));
        assert_eq!(unitgen_of(&content), Some(VERSION));
        for foreign in [
            "",
            "[Unit]\nDescription=x\n",
            "# Rendered by hand\n",
            "\n# Rendered by unitgen 1 from the manifest of a (sha256:0)",
        ] {
            assert_eq!(deployment_of(foreign.as_bytes()), None, "{foreign}");
        }
    }

    #[test]
    fn another_release_renders_the_same() {
        let ours = format!("{}\n[Unit]\nA=b\n", text("avwap", "sha256:00"));
        let older = ours.replacen(VERSION, "0.0.1-rc.2+x", 1);
        assert_eq!(of_another_release(older.as_bytes(), ours.as_bytes()), Some("0.0.1-rc.2+x"));
        for found in [
            ours.clone(),
            older.replace("A=b", "A=c"),
            older.replace("sha256:00", "sha256:01"),
            older.replace("of avwap", "of other"),
            format!("\n{older}"),
            String::new(),
        ] {
            assert_eq!(of_another_release(found.as_bytes(), ours.as_bytes()), None, "{found}");
        }
    }
}
