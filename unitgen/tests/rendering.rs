//! Rendering: the same bytes every time, nothing without guardrails, nothing of anybody else's touched.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use manifest::Release;
use unitgen::{
    Tree, accounts,
    output::{self, OutputError},
    source::{self, Checked},
    systemd,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

/// The committed files show in a review what a change of the manifest or of a policy changes in the units.
#[test]
fn the_committed_units_are_what_the_manifest_renders() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/rendered/avwap");
    let changes = output::compare(&committed, &rendered(AVWAP), "avwap").unwrap();
    assert!(
        changes.is_empty(),
        "look at the changes, then renew them with\n  \
         cargo run -p unitgen -- render manifests/avwap.toml --target systemd --out tests/rendered/avwap\n{changes:#?}"
    );
}

#[test]
fn the_same_manifest_renders_the_same_bytes() {
    assert_eq!(rendered(AVWAP), rendered(AVWAP));
    let names: Vec<String> = rendered(AVWAP).iter().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(
        names,
        [
            "avwap.manifest.toml",
            "avwap.target",
            "eod.service",
            "eod.timer",
            "execution-restart.service",
            "execution-restart.timer",
            "execution.service",
            "execution.service.d/10-watchlist-gate.conf",
            "execution.service.d/20-restart-policy.conf",
            "scan.service",
            "scan.timer",
        ]
    );
}

#[test]
fn the_units_carry_path_and_digest_of_the_manifest_beside_them() {
    let tree = rendered(AVWAP);
    assert_eq!(tree.get("avwap.manifest.toml"), Some(AVWAP.as_bytes()));
    let digest = contract::sha256_hex(AVWAP.as_bytes());
    for (path, text) in units(&tree).filter(|(path, _)| path.ends_with(".service")) {
        assert!(text.contains("\nEnvironment=PORTCULLIS_MANIFEST=%E/portcullis/avwap.toml\n"), "{path}");
        assert!(text.contains(&format!("\nEnvironment=PORTCULLIS_MANIFEST_DIGEST=sha256:{digest}\n")), "{path}");
    }
}

#[test]
fn no_unit_holds_a_secret_or_moves_the_clock() {
    for (path, text) in units(&rendered(AVWAP)) {
        for forbidden in
            ["Environment=APCA_API_KEY_ID", "Environment=APCA_API_SECRET_KEY", "PORTCULLIS_CLOCK", "SetCredential"]
        {
            assert!(!text.contains(forbidden), "{path} holds {forbidden}");
        }
    }
}

/// Real money: address, mode and keys follow from the manifest, and only the process that trades gets the token.
#[test]
fn a_live_service_is_rendered_with_its_address_and_its_keys() {
    let live = AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1);
    let tree = rendered(&live);
    let text = |name: &str| String::from_utf8(tree.get(name).unwrap().to_vec()).unwrap();
    let execution = text("execution.service");
    for line in [
        "Environment=EXECUTION_MODE=LIVE",
        "Environment=PORTCULLIS_ACCOUNT=123456789",
        "Environment=APCA_API_BASE_URL=https://api.alpaca.markets",
        "Environment=LIVE_TRADING=1",
        "Environment=PORTCULLIS_ARMING_DIR=%E/portcullis/arming",
        "LoadCredential=LIVE_CONFIRM_TOKEN:%E/portcullis/credentials/avwap/LIVE_CONFIRM_TOKEN",
        // Its file may be gone while a position is held: permission is lost, the manager is not.
        r"SetCredential=LIVE_CONFIRM_TOKEN:\n",
    ] {
        assert!(execution.contains(&format!("\n{line}\n")), "{line}");
    }
    assert_eq!(execution.matches("\nSetCredential=").count(), 1, "without the broker's keys nothing can be done");
    assert!(!text("eod.service").contains("LIVE_CONFIRM_TOKEN"));
    let dry = rendered(&live.replacen("mode = \"live\"", "mode = \"dry-run\"", 1));
    let dry = String::from_utf8(dry.get("execution.service").unwrap().to_vec()).unwrap();
    assert!(
        dry.contains("EXECUTION_MODE=DRY_RUN\n") && dry.contains("=https://api.alpaca.markets\n"),
        "it reads there"
    );
    assert!(!rendered(AVWAP).iter().any(|(path, bytes)| {
        path.ends_with(".service") && String::from_utf8_lossy(bytes).contains("LIVE_TRADING")
    }));
}

/// Each of these stands in the documents of the systems this one replaces, and did harm.
#[test]
fn no_unit_starts_another_by_accident() {
    for (path, text) in units(&rendered(AVWAP)) {
        for forbidden in ["\nRequires=", "default.target", "RemainAfterExit", "\nRestart=always", "\nExecCondition=-"] {
            assert!(!text.contains(forbidden), "{path} holds {forbidden}");
        }
        let one_unit_is_enabled = path == "avwap.target";
        assert_eq!(text.contains("[Install]"), one_unit_is_enabled, "{path}");
        let part = !one_unit_is_enabled && !path.contains('/');
        assert_eq!(text.contains("\nPartOf=avwap.target\n"), part, "{path}");
    }
}

/// A missed slot is made up for by the timer and judged by the unit; neither goes without the other.
#[test]
fn what_may_start_late_is_judged_and_nothing_else_catches_up() {
    let tree = rendered(AVWAP);
    let text = |name: &str| String::from_utf8(tree.get(name).unwrap().to_vec()).unwrap();
    let judged = "\nExecStartPre=/usr/lib/portcullis/bin/gate late-start --on Mon,Tue,Wed,Thu,Fri --at 08:30:00 \
                  --at-most-seconds 2700\n";
    assert!(text("scan.service").contains(judged), "{}", text("scan.service"));
    let catching: Vec<&str> =
        units(&tree).filter(|(_, text)| text.contains("\nPersistent=true\n")).map(|(path, _)| path).collect();
    let judging: Vec<&str> =
        units(&tree).filter(|(_, text)| text.contains("\nExecStartPre=")).map(|(path, _)| path).collect();
    assert_eq!((catching, judging), (vec!["eod.timer", "scan.timer"], vec!["eod.service", "scan.service"]));
    let never = rendered(&AVWAP.replace("late_start", "# late_start"));
    assert!(units(&never).all(|(_, text)| !text.contains("Persistent=true") && !text.contains("\nExecStartPre=")));
}

/// Two accounts of one host have keys of the same names: one deployment's must never become the other's.
#[test]
fn no_two_deployments_read_one_key() {
    let other = AVWAP.replacen("name = \"avwap\"", "name = \"second\"", 1);
    for edit in ["[secrets.alpaca]\n", "[secrets.alpaca]\nencrypted = true\n"] {
        let files = |manifest: &str| -> BTreeSet<String> {
            let tree = rendered(&manifest.replacen("[secrets.alpaca]\n", edit, 1));
            unitgen::host::Wanted::of(&tree, 252, None).credentials.into_iter().map(|file| file.path).collect()
        };
        let (ours, theirs) = (files(AVWAP), files(&other));
        assert_eq!((ours.len(), theirs.len()), (2, 2));
        assert!(ours.is_disjoint(&theirs), "{ours:?} {theirs:?}");
    }
}

#[test]
fn encrypted_credentials_lie_apart_and_the_host_is_told_how_to_make_them() {
    let encrypted = AVWAP.replacen("[secrets.alpaca]\n", "[secrets.alpaca]\nencrypted = true\n", 1);
    let tree = rendered(&encrypted);
    for unit in ["execution.service", "eod.service"] {
        let text = String::from_utf8(tree.get(unit).unwrap().to_vec()).unwrap();
        let line = "LoadCredentialEncrypted=APCA_API_KEY_ID:%E/portcullis/credentials.encrypted/avwap/APCA_API_KEY_ID";
        assert!(text.contains(&format!("\n{line}\n")) && !text.contains("\nLoadCredential="), "{text}");
    }
    let wanted = unitgen::host::Wanted::of(&tree, 252, None);
    let missing = vec![unitgen::host::CredentialFound::Missing; 2];
    let troubles =
        unitgen::host::judge(&wanted, &unitgen::host::Host { credentials: missing, ..Default::default() }, true);
    let said =
        "systemd-creds encrypt --name=APCA_API_KEY_ID - /etc/portcullis/credentials.encrypted/avwap/APCA_API_KEY_ID";
    assert!(troubles.iter().any(|trouble| trouble.says.contains(said)), "{troubles:#?}");
}

#[test]
fn accounts_and_directories_follow_from_the_manifest() {
    let text = |manifest: &str, kind: fn(&Checked, &str) -> Tree| {
        let checked = source::check(manifest.as_bytes()).unwrap();
        let tree = kind(&checked, manifest);
        let text = String::from_utf8(tree.get("portcullis-avwap.conf").unwrap().to_vec()).unwrap();
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let sysusers: fn(&Checked, &str) -> Tree = |checked, _| accounts::sysusers(&checked.deployment, &checked.digest);
    let tmpfiles: fn(&Checked, &str) -> Tree =
        |checked, manifest| accounts::tmpfiles(&checked.deployment, manifest.as_bytes(), &checked.digest);
    assert_eq!(text(AVWAP, sysusers), ["u trading - \"Portcullis, deployment avwap\" /var/lib/avwap"]);
    let apart =
        AVWAP.replacen("group = \"trading\"", "group = \"desk\"", 1).replacen("/var/lib/avwap", "/var/lib/desk/a", 1);
    assert_eq!(
        text(&apart, sysusers),
        ["g desk -", "u trading -:desk \"Portcullis, deployment avwap\" /var/lib/desk/a"]
    );
    assert_eq!(
        text(AVWAP, tmpfiles),
        [
            "d /etc/portcullis 0755 root root -",
            "d /etc/portcullis/credentials 0700 root root -",
            "d /etc/portcullis/credentials/avwap 0700 root root -",
            "d /etc/portcullis/arming 0755 root root -",
            "d /var/lib/avwap 0700 trading trading -",
            "d /var/lib/avwap/cache 0700 trading trading -",
        ]
    );
    let encrypted = AVWAP.replacen("[secrets.alpaca]\n", "[secrets.alpaca]\nencrypted = true\n", 1);
    assert!(
        text(&encrypted, tmpfiles)
            .contains(&"d /etc/portcullis/credentials.encrypted/avwap 0700 root root -".to_owned())
    );
    assert!(!text(&encrypted, tmpfiles).contains(&"d /etc/portcullis/credentials 0700 root root -".to_owned()));
}

/// Whatever is rendered where, one target never takes away another's files.
#[test]
fn targets_leave_each_other_alone() {
    let directory = tempfile::tempdir().unwrap();
    let checked = source::check(AVWAP.as_bytes()).unwrap();
    let accounts = accounts::sysusers(&checked.deployment, &checked.digest);
    output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    assert_eq!(output::write(directory.path(), &accounts, "avwap").unwrap().removed, Vec::<String>::new());
    assert!(output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap().is_empty());
}

#[test]
fn dry_run_and_paper_reach_the_unit() {
    for (mode, expect) in [
        ("mode = \"paper\"", "EXECUTION_MODE=PAPER"),
        ("mode = \"dry-run\"", "EXECUTION_MODE=DRY_RUN"),
        ("", "EXECUTION_MODE=DRY_RUN"),
    ] {
        let tree = rendered(&AVWAP.replacen("mode = \"paper\"", mode, 1));
        for unit in ["execution.service", "eod.service"] {
            let text = String::from_utf8(tree.get(unit).unwrap().to_vec()).unwrap();
            assert!(text.contains(expect), "{unit} with {mode:?}");
            assert!(text.contains("APCA_API_BASE_URL=https://paper-api.alpaca.markets"), "{unit}");
        }
    }
}

/// A unit that nobody wants would wait for ever; one that is required would take the others down with it.
#[test]
fn the_target_wants_what_runs_by_itself_and_nothing_else() {
    let tree = rendered(AVWAP);
    let target = String::from_utf8(tree.get("avwap.target").unwrap().to_vec()).unwrap();
    let wanted: Vec<&str> = target.lines().filter_map(|line| line.strip_prefix("Wants=")).collect();
    assert_eq!(wanted, ["execution.service", "eod.timer", "execution-restart.timer", "scan.timer"]);
    assert!(target.ends_with("[Install]\nWantedBy=multi-user.target\n"), "{target}");
}

/// On NixOS the programs lie in the store; the units know them there, and the manifest by the same digest.
#[test]
fn programs_elsewhere_change_their_paths_and_nothing_else() {
    let checked = source::check(AVWAP.as_bytes()).unwrap();
    let elsewhere = checked.deployment.with_release(Release::at("/nix/store/0-portcullis/bin").unwrap());
    let tree = systemd::render(&elsewhere, AVWAP.as_bytes(), &checked.digest);
    for ((path, text), (_, usual)) in units(&tree).zip(units(&rendered(AVWAP))) {
        assert_eq!(text.replace("/nix/store/0-portcullis/bin", "/usr/lib/portcullis/bin"), usual, "{path}");
        assert!(!text.contains("/usr/lib/portcullis/bin"), "{path}");
    }
    assert!(Release::at("bin").unwrap_err().contains("an absolute path of plain characters"));
}

#[test]
fn a_second_render_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let first = output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    assert_eq!((first.written.len(), first.unchanged.len()), (11, 0));
    let second = output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    assert_eq!((second.is_empty(), second.unchanged.len()), (true, 11));
}

#[test]
fn what_is_rendered_no_more_is_removed_and_what_others_put_there_stays() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    fs::write(at("other.service"), "[Service]\nExecStart=/bin/true\n").unwrap();
    fs::write(at("execution.service.d/50-operator.conf"), "[Service]\nNice=5\n").unwrap();
    let without_eod = AVWAP.split("[jobs.eod]").next().unwrap();
    let changes = output::write(directory.path(), &rendered(without_eod), "avwap").unwrap();
    assert_eq!(changes.removed, ["eod.service", "eod.timer"]);
    assert!(!at("eod.service").exists() && !at("eod.timer").exists());
    assert!(at("other.service").exists() && at("execution.service.d/50-operator.conf").exists());
    assert_eq!(hidden(directory.path()), Vec::<PathBuf>::new(), "nothing is left behind");
}

#[test]
fn a_file_that_is_not_ours_stops_the_write_before_it_begins() {
    for prepare in [
        |path: &Path| fs::write(path, "[Service]\nExecStart=/opt/scan\n").unwrap(),
        |path: &Path| std::os::unix::fs::symlink("/dev/null", path).unwrap(),
        |path: &Path| std::os::unix::fs::symlink("/nowhere/at/all", path).unwrap(),
    ] {
        let directory = tempfile::tempdir().unwrap();
        prepare(&directory.path().join("scan.service"));
        let error = output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap_err();
        assert!(matches!(error, OutputError::Foreign { .. }), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing was written");
    }
}

#[test]
fn another_deployment_in_the_same_directory_is_somebody_else() {
    let directory = tempfile::tempdir().unwrap();
    output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    let second = AVWAP.replacen("name = \"avwap\"", "name = \"second\"", 1);
    let error = output::write(directory.path(), &rendered(&second), "second").unwrap_err();
    assert!(matches!(error, OutputError::Foreign { .. }), "{error}");
}

#[test]
fn an_edited_unit_is_noticed_and_put_right() {
    let directory = tempfile::tempdir().unwrap();
    let unit = directory.path().join("execution.service.d/10-watchlist-gate.conf");
    output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    let disarmed = fs::read_to_string(&unit).unwrap().replace("ExecCondition=/", "#ExecCondition=/");
    fs::write(&unit, disarmed).unwrap();
    let changes = output::compare(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    assert_eq!(changes.written, ["execution.service.d/10-watchlist-gate.conf"]);
    output::write(directory.path(), &rendered(AVWAP), "avwap").unwrap();
    assert!(output::compare(directory.path(), &rendered(AVWAP), "avwap").unwrap().is_empty());
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = output::write(&file, &rendered(AVWAP), "avwap").unwrap_err();
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

fn rendered(manifest: &str) -> Tree {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}

fn units(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.iter()
        .filter(|(path, _)| !path.ends_with(".toml"))
        .map(|(path, content)| (path, std::str::from_utf8(content).unwrap()))
}

fn hidden(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('.')).collect()
}
