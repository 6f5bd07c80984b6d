//! The language's table and its JSON Schema against the parser, which is the judge: key by key, and manifest by manifest.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use manifest::{Code, Gate, Kind as TaskKind, Role, Task};
use unitgen::{
    schema::{Kind, Need, json, tables},
    source,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");
const HEAD: &str = "#:schema ./appliance.schema.json\n";

/// Keys that the parser asks for only to refuse them with their reason.
const ASKED_TO_REFUSE: [&str; 1] = ["success_codes"];

/// A word that no key resembles, so that the parser lists what it knows instead of guessing.
const NOBODYS: &str = "zzzzzzzzzzzzzzzzzzzz";

#[test]
fn the_schema_beside_the_manifests_is_of_this_release() {
    let path = root().join("manifests/appliance.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, json::text()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), json::text(), "UPDATE_DOCS=1 cargo test -p unitgen --test schema");
}

#[test]
fn every_key_of_the_table_is_asked_for_and_every_key_asked_for_is_in_the_table() {
    for table in tables().iter().filter(|table| !table.keys.is_empty()) {
        let told: BTreeSet<String> = table.keys.iter().map(|key| key.name.to_owned()).collect();
        let asked: BTreeSet<String> = places(table.path)
            .iter()
            .flat_map(|place| known_keys(place))
            .filter(|key| !ASKED_TO_REFUSE.contains(&key.as_str()))
            .collect();
        assert_eq!(told, asked, "[{}]", table.path);
    }
}

/// A manifest without a key: the parser misses it if and only if the table says that it has to be written.
#[test]
fn what_the_table_says_has_to_be_written_has_to_be() {
    for (table, section) in [
        ("", ""),
        ("identity", "[identity]"),
        ("services.NAME", "[services.execution]"),
        ("secrets.NAME", "[secrets.alpaca]"),
    ] {
        let table = tables().into_iter().find(|known| known.path == table).unwrap();
        for key in table.keys.iter().filter(|key| !matches!(key.kind, Kind::Table | Kind::Tables | Kind::Variables)) {
            // The manifest's one service may open positions.
            let needed = match key.need {
                Need::Always => true,
                Need::For(whom) => whom.contains("orders"),
                Need::Never => false,
            };
            let without = without_key(AVWAP, section, key.name);
            if without == AVWAP {
                continue;
            }
            let problems = source::check(without.as_bytes()).err().unwrap_or_default();
            let missed = problems.iter().any(|problem| {
                let code = matches!(problem.code, Code::MissingKey | Code::MissingGuardrail);
                code && (problem.message.contains(&format!("`{}`", key.name))
                    || problem.message.contains(key.name.trim_end_matches('s')))
            });
            assert_eq!(missed, needed, "{section} {}: {problems:?}", key.name);
        }
    }
}

#[test]
fn every_shipped_manifest_names_the_schema_and_holds_it() {
    let Some(python) = python() else { return };
    let manifests = shipped();
    for path in &manifests {
        assert!(
            fs::read_to_string(path).unwrap().starts_with(HEAD),
            "{}: its first line is not {HEAD}",
            path.display()
        );
    }
    for (path, errors) in verdicts(&python, &manifests) {
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
}

/// What the schema refuses the parser refuses; most of what the parser refuses the schema does too.
#[test]
fn the_schema_refuses_nothing_that_the_parser_takes() {
    let Some(python) = python() else { return };
    let place = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (index, (with, without, _)) in MUTATIONS.iter().enumerate() {
        assert!(AVWAP.contains(with), "{with}");
        let path = place.path().join(format!("{index:03}.toml"));
        fs::write(&path, AVWAP.replacen(with, without, 1)).unwrap();
        files.push(path);
    }
    let verdicts = verdicts(&python, &files);
    for (path, (with, without, seen)) in files.iter().zip(MUTATIONS) {
        let errors = &verdicts[path.to_str().unwrap()];
        let refused = source::check(&fs::read(path).unwrap()).is_err();
        assert!(refused || errors.is_empty(), "the parser takes {with} -> {without}, the schema says {errors:?}");
        assert_eq!(!errors.is_empty(), *seen, "{with} -> {without}: {errors:?}, parser refuses: {refused}");
    }
}

/// What is changed in the shipped manifest, into what, and whether the schema sees it. What it does not see is either sound or
/// a link between keys.
const MUTATIONS: &[(&str, &str, bool)] = &[
    ("schema = 1", "schema = 2", true),
    ("schema = 1", "schema = \"1\"", true),
    ("schema = 1", "", true),
    ("name = \"avwap\"", "name = \"Avwap\"", true),
    ("name = \"avwap\"", "name = \"\"", true),
    ("name = \"avwap\"", "name = \"a-\"", true),
    ("name = \"avwap\"", "name = \"default\"", false),
    ("name = \"avwap\"", "name = 3", true),
    ("timezone = \"America/New_York\"", "timezone = \"Mars/Olympus\"", false),
    ("timezone = \"America/New_York\"", "timezone = \"new york\"", true),
    ("timezone = \"America/New_York\"", "timezone = \"America/Chicago\"", false),
    ("timezone = \"America/New_York\"", "", true),
    ("scope = \"system\"", "scope = \"everywhere\"", true),
    ("environment = \"staging\"", "environment = \"demo\"", true),
    ("environment = \"staging\"", "enviroment = \"staging\"", true),
    ("[host]", "[hosts]", true),
    ("systemd = 252", "systemd = 251", true),
    ("systemd = 252", "systemd = 257", false),
    ("systemd = 252", "systemd = \"252\"", true),
    ("systemd = 252", "podman = \"5.4\"", false),
    ("systemd = 252", "podman = \"five\"", true),
    ("user = \"trading\"", "user = \"root\"", false),
    ("user = \"trading\"", "user = \"Trading\"", true),
    ("user = \"trading\"", "", true),
    ("group = \"trading\"", "gruop = \"trading\"", true),
    ("group = \"trading\"", "", false),
    ("state = \"/var/lib/avwap\"", "state = \"/srv/avwap\"", true),
    ("state = \"/var/lib/avwap\"", "state = \"/var/lib/../etc\"", true),
    ("state = \"/var/lib/avwap\"", "state = \"/var/lib/a b\"", true),
    ("programs = \"/usr/lib/portcullis/bin\"", "programs = \"bin\"", true),
    ("programs = \"/usr/lib/portcullis/bin\"", "programs = \"/usr/$x\"", true),
    ("programs = \"/usr/lib/portcullis/bin\"", "lock = \"release.lock\"", true),
    ("programs = \"/usr/lib/portcullis/bin\"", "image = \"r.example/portcullis:latest\"", true),
    ("keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]", "keys = []", true),
    ("keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]", "keys = [\"apca\"]", true),
    ("keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]", "value = \"x\"", true),
    ("keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]", "keys = [\"A\"]\nencrypted = \"yes\"", true),
    ("program = \"execution\"", "program = \"nothing\"", true),
    ("program = \"execution\"", "", true),
    ("role = \"orders\"", "role = \"boss\"", true),
    ("role = \"orders\"", "", true),
    ("account = \"PA30000000\"", "account = \"pa30000000\"", true),
    ("account = \"PA30000000\"", "account = 30000000", true),
    ("account = \"PA30000000\"", "", true),
    ("account = \"PA30000000\"", "account = \"30000000\"", false),
    ("mode = \"paper\"", "mode = \"real\"", true),
    ("mode = \"paper\"", "mode = \"live\"", false),
    ("mode = \"paper\"", "mode = \"dry-run\"", false),
    ("live = \"never\"", "live = \"always\"", true),
    ("live = \"never\"", "restart = \"always\"", true),
    ("live = \"never\"", "success_codes = [75]", true),
    ("live = \"never\"", "restart = \"on-failure\"", false),
    ("secrets = [\"alpaca\"]", "secrets = \"alpaca\"", true),
    ("secrets = [\"alpaca\"]", "secrets = [\"nobody\"]", false),
    ("secrets = [\"alpaca\"]", "", true),
    ("role = \"orders\"", "role = \"dashboard\"", true),
    ("live = \"never\"", "listen = \"127.0.0.1:8090\"", true),
    ("live = \"never\"", "health = \"/health\"", true),
    ("live = \"never\"", "after = \"scan\"", true),
    ("live = \"never\"", "schedule = \"Mon..Fri 09:00\"", false),
    ("gates = [\"watchlist\", \"session-window\", \"kill-switch\"]", "", true),
    ("gates = [\"watchlist\", \"session-window\", \"kill-switch\"]", "gates = []", true),
    ("\"watchlist\", ", "", true),
    ("\"watchlist\", ", "\"watchlist\", \"watchlist\", ", true),
    ("\"watchlist\"", "\"wachlist\"", true),
    ("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_POLL_SECONDS = 60", true),
    ("EXECUTION_POLL_SECONDS = \"60\"", "execution_poll = \"60\"", true),
    ("EXECUTION_POLL_SECONDS = \"60\"", "NOBODYS_VARIABLE = \"60\"", false),
    ("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_POLL_SECONDS = \"6\\u00010\"", true),
    ("program = \"scanner\"", "", true),
    ("program = \"scanner\"", "program = \"rm\"", true),
    ("program = \"scanner\"", "program = \"scanner\"\nrestart = \"execution\"", true),
    ("args = [\"scan\"]", "args = \"scan\"", true),
    ("args = [\"scan\"]", "args = [\"scan\", 1]", true),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = \"soon\"", true),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = \"Mon..Fri 8:30\"", true),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = \"Mon..Fri 02:30\"", false),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = 830", true),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = \"Mon..Fri 08:30..10:00/5m America/Chicago\"", false),
    ("schedule = \"Mon..Fri 08:30\"", "schedule = \"Mon..Fri 08:30 10:00\"", true),
    ("schedule = \"Mon..Fri 08:30\"", "", true),
    ("late_start = \"45m\"", "late_start = \"late\"", true),
    ("late_start = \"45m\"", "late_start = 90", true),
    ("timeout = \"9m\"", "timeout = \"540\"", true),
    ("timeout = \"9m\"", "timeout = \"7h\"", false),
    ("timeout = \"9m\"", "tiemout = \"9m\"", true),
    ("on_success = [\"execution-restart\"]", "on_success = \"execution-restart\"", true),
    ("on_success = [\"execution-restart\"]", "on_success = [\"execution\"]", false),
    ("restart = \"execution\"", "restart = true", true),
    ("serves = \"execution\"", "", false),
    ("[jobs.eod]", "[jobs.Eod]", true),
    ("[jobs.eod]", "[job.eod]", true),
];

/// Where a table stands in a manifest that is read for its keys; a job is two tables.
fn places(path: &str) -> Vec<String> {
    match path {
        "" => vec![String::new()],
        "secrets.NAME" => vec!["[secrets.alpaca]".to_owned()],
        "services.NAME" => vec!["[services.execution]".to_owned(), "[services.pages]".to_owned()],
        "jobs.NAME" => vec!["[jobs.scan]".to_owned(), "[jobs.execution-restart]".to_owned()],
        once => vec![format!("[{once}]")],
    }
}

/// A service that listens, whose program is of a release to come.
const PAGES: &str = "\n[services.pages]\nprogram = \"analytics\"\nrole = \"dashboard\"\nlisten = \"127.0.0.1:8787\"\n";

/// What the parser says it knows, when it meets what it does not.
fn known_keys(place: &str) -> Vec<String> {
    let line = format!("{NOBODYS} = true");
    let text = match place {
        "" => format!("{line}\n{AVWAP}"),
        place => {
            let whole = format!("{AVWAP}{PAGES}");
            let at = whole.find(&format!("\n{place}")).unwrap_or_else(|| panic!("{place} is not in the manifest")) + 1;
            let end = whole[at..].find('\n').unwrap() + at + 1;
            format!("{}{line}\n{}", &whole[..end], &whole[end..])
        }
    };
    let problems = source::check(text.as_bytes()).unwrap_err();
    let told = problems.iter().find(|problem| problem.code == Code::UnknownKey && problem.message.contains(NOBODYS));
    let hint = told.and_then(|problem| problem.hint.clone()).unwrap_or_else(|| panic!("{place}: {problems:?}"));
    hint.strip_prefix("it knows ").unwrap().split(", ").map(str::to_owned).collect()
}

/// The manifest without a key of a section.
fn without_key(manifest: &str, section: &str, key: &str) -> String {
    let mut current = String::new();
    let lines = manifest.split_inclusive('\n').filter(|line| {
        if line.starts_with('[') {
            current = line.split(']').next().unwrap_or_default().to_owned() + "]";
        }
        !(current == section && line.split('=').next().is_some_and(|name| name.trim() == key))
    });
    lines.collect()
}

/// Programs, roles and gates are those of the language, whichever release has them.
#[test]
fn the_words_of_the_table_are_those_of_the_language() {
    let words = |path: &str, name: &str| -> BTreeSet<&str> {
        let table = tables().into_iter().find(|table| table.path == path).unwrap();
        let kind = table.keys.iter().find(|key| key.name == name).unwrap().kind;
        let (Kind::Choice(words) | Kind::Choices(words)) = kind else { panic!("{path}.{name} is {kind:?}") };
        words.iter().copied().collect()
    };
    let programs = |wanted: fn(TaskKind) -> bool| -> BTreeSet<&str> {
        Task::ALL.into_iter().filter(|task| wanted(task.kind())).map(Task::program).collect()
    };
    assert_eq!(words("services.NAME", "program"), programs(|kind| kind != TaskKind::Job));
    assert_eq!(words("jobs.NAME", "program"), programs(|kind| kind == TaskKind::Job));
    assert_eq!(words("services.NAME", "role"), Role::ALL.iter().map(|role| role.as_str()).collect());
    assert_eq!(words("services.NAME", "gates"), Gate::ALL.iter().map(|gate| gate.as_str()).collect());
}

fn shipped() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("manifests")).unwrap().map(|entry| entry.unwrap().path());
    let mut manifests: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    manifests.sort();
    assert!(!manifests.is_empty());
    manifests
}

fn verdicts(python: &Path, files: &[PathBuf]) -> BTreeMap<String, Vec<String>> {
    let output = Command::new(python)
        .args(["-B", "-W", "ignore"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate.py"))
        .arg(root().join("manifests/appliance.schema.json"))
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The python that has jsonschema.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("PORTCULLIS_PYTHON").map(PathBuf::from).or_else(|| {
        let asked = Command::new(root().join(".ci/python")).arg("--path").output().ok()?;
        Some(PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim()))
    });
    let found = named.filter(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "jsonschema is missing, and CI skips nothing: run .ci/python");
        println!("skipped: needs jsonschema for Python (.ci/python makes it)");
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
