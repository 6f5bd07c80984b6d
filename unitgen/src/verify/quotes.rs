//! How something differs from what is rendered, in words that may stand in a journal: settings are told with what may be
//! secret left out, whole settings and not lines, so that no continued line is taken for harmless by itself.

use super::{Entry, drop_ins};
use crate::guardrails::{Assignment, assignments, redacted};

const SHOWN_MAX: usize = 100;

/// How a unit or drop-in differs: by its first setting that does.
pub(super) fn said_of(entry: &Entry, rendered: &[u8]) -> String {
    let content = match what_else(entry) {
        Ok(content) => content,
        Err(says) => return says,
    };
    let (found, expect) = (assignments("", content), assignments("", rendered));
    let same = |(a, b): (&Assignment, &Assignment)| (&a.section, &a.key, &a.value) == (&b.section, &b.key, &b.value);
    let first = found.iter().zip(&expect).take_while(|pair| same(*pair)).count();
    match (found.get(first), expect.get(first)) {
        (None, None) => first_line(content, rendered, "a comment, or what else systemd passes over"),
        (Some(is), Some(was)) if (&is.key, &is.value) == (&was.key, &was.value) => {
            format!("line {}: {} in [{}], rendered in [{}]", is.line, quoted(is), is.section, was.section)
        }
        (is, was) => {
            let line = is.map_or_else(|| lines_of(content), |is| is.line);
            let shown = |said: Option<&Assignment>| said.map_or_else(|| "nothing".to_owned(), quoted);
            format!("line {line}: {}, rendered {}", shown(is), shown(was))
        }
    }
}

/// How a text that is no unit differs: where. What somebody wrote there is not shown.
pub(super) fn said_of_text(entry: &Entry, rendered: &[u8]) -> String {
    match what_else(entry) {
        Ok(content) => first_line(content, rendered, "not as it was rendered"),
        Err(says) => says,
    }
}

/// The settings of a drop-in, as many as a reader takes in.
pub(super) fn settings_of(content: &[u8]) -> String {
    const SHOWN: usize = 3;
    let found = assignments("", content);
    let shown: Vec<String> = found.iter().take(SHOWN).map(quoted).collect();
    match found.len() {
        0 => "nothing that is a setting".to_owned(),
        many if many > SHOWN => format!("{} and {} more", shown.join(", "), many - SHOWN),
        _ => shown.join(", "),
    }
}

fn what_else(entry: &Entry) -> Result<&[u8], String> {
    match entry {
        Entry::File { content, .. } => Ok(content),
        Entry::Folder(_) => Err("a directory".to_owned()),
        Entry::Null => Err("a link to /dev/null".to_owned()),
        Entry::Dangling(link) => Err(format!("a link to {}, which is not there", link.target)),
        Entry::Unreadable(error) => Err(error.clone()),
    }
}

fn first_line(found: &[u8], rendered: &[u8], says: &str) -> String {
    let (found, rendered) = (String::from_utf8_lossy(found), String::from_utf8_lossy(rendered));
    let same = found.lines().zip(rendered.lines()).take_while(|(is, was)| is == was).count();
    if same == found.lines().count() && same == rendered.lines().count() {
        return "it differs in its line ends".to_owned();
    }
    format!("line {}: {says}", same + 1)
}

fn lines_of(content: &[u8]) -> usize {
    drop_ins::lines(&String::from_utf8_lossy(content)).count()
}

fn quoted(said: &Assignment) -> String {
    format!("{:?}", redacted(&said.shown()).chars().take(SHOWN_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str = "# by us\n[Unit]\nA=b\n\n[Service]\nExecStart=/bin/x\n";

    #[test]
    fn a_difference_is_told_by_its_first_setting() {
        for (found, expect) in [
            ("# by us\n[Unit]\nA=c\n", "line 3: \"A=c\", rendered \"A=b\""),
            ("# by us\n[Unit]\nA=b\n", "line 4: nothing, rendered \"ExecStart=/bin/x\""),
            (
                "# by us\n[Unit]\nA=b\nExecStart=/bin/x\n",
                "line 4: \"ExecStart=/bin/x\" in [Unit], rendered in [Service]",
            ),
            (
                "# by me\n[Unit]\nA=b\n\n[Service]\nExecStart=/bin/x\n",
                "line 1: a comment, or what else systemd passes over",
            ),
            ("# by us\r\n[Unit]\nA=b\n\n[Service]\nExecStart=/bin/x\n", "it differs in its line ends"),
            (&format!("{RENDERED}PASSWORD\n"), "line 7: a comment, or what else systemd passes over"),
            (&format!("{RENDERED}B=c"), "line 7: \"B=c\", rendered nothing"),
        ] {
            let entry = Entry::File { content: found.as_bytes().to_vec(), link: None };
            assert_eq!(said_of(&entry, RENDERED.as_bytes()), expect, "{found:?}");
        }
    }

    #[test]
    fn nothing_secret_is_said_in_any_form() {
        for secret in [
            "Environment=APCA_API_SECRET_KEY=hunter2",
            "Environment = \"A=b\" \\\n  \"APCA_API_SECRET_KEY=hunter2\"",
            "SetCredential=KEY:\\\nhunter2",
            "SetCredential =KEY:hunter2",
            "ExecStartPost=/bin/x --token=hunter2",
            "ExecStartPost=/bin/x \\\n# a comment\n --api-key=hunter2",
            "hunter2",
            "# PASSWORD=hunter2",
            "Environment=X=https://hooks.slack.com/services/hunter2",
        ] {
            let text = format!("{RENDERED}{secret}\n");
            let entry = Entry::File { content: text.clone().into_bytes(), link: None };
            for said in [
                said_of(&entry, RENDERED.as_bytes()),
                said_of_text(&entry, RENDERED.as_bytes()),
                settings_of(format!("[Service]\n{secret}\n").as_bytes()),
            ] {
                assert!(!said.contains("hunter2") && !said.is_empty(), "{secret}: {said}");
            }
        }
    }
}
