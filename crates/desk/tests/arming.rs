//! `desk arm`, `desk disarm` and what `desk status` says of them, by a clock that stands still. Only root arms: without root
//! the tests say so and pass, except where CI=true. What needs no root is tested beside the code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
};

use serde_json::Value;

const ACCOUNT: &str = "123456789";
/// A Friday before the open.
const NOW: &str = "2026-11-20T08:00:00-05:00";
const EVENING: &str = "2026-11-20T18:00:00-05:00";
/// A service user that is not root, and its group.
const SERVICE: (u32, u32) = (4242, 4243);
const AVWAP: &str = include_str!("../../../manifests/avwap.toml");

struct Place {
    root: tempfile::TempDir,
    url: String,
}

impl Place {
    /// `None` where the test does not run as root.
    fn at(now: &'static str) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        if fs::metadata(root.path()).unwrap().uid() != 0 {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing, and only root arms");
            println!("skipped: needs root (only root arms)");
            return None;
        }
        // Systemd makes the root, and the service everything in it.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(root.path(), Some(SERVICE.0), Some(SERVICE.1)).unwrap();
        Some(Self { root, url: clock(now) })
    }

    fn desk(&self, args: &[&str], account: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
        command.args(args).env_clear().env("STATE_DIRECTORY", self.root.path()).env("PORTCULLIS_ACCOUNT", account);
        command.env("PORTCULLIS_ARMING_DIR", self.root.path().join("arming")).env("PORTCULLIS_CLOCK", "venue");
        command.env("APCA_API_BASE_URL", &self.url).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.desk(args, ACCOUNT).output().unwrap()
    }

    fn state(&self, name: &str) -> PathBuf {
        self.root.path().join("state").join(name)
    }

    fn armed(&self) -> Option<Value> {
        self.armed_file(ACCOUNT)
    }

    fn armed_file(&self, account: &str) -> Option<Value> {
        let bytes = fs::read(self.root.path().join(format!("arming/armed-{account}.json"))).ok()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }
}

/// Tells one time to whoever asks.
fn clock(now: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                request.extend(byte);
            }
            let body = format!("{{\"timestamp\":\"{now}\"}}");
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    url
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn arming_shows_what_it_allows_asks_for_the_number_and_leaves_files_the_service_can_use() {
    let Some(place) = Place::at(NOW) else { return };
    let output = place.run(&["arm"]);
    assert_eq!((code(&output), place.armed()), (64, None), "nobody typed the number: {}", said(&output));
    assert_eq!(code(&place.run(&["arm", "--yes-account", "12345678"])), 64);
    assert!(!place.state("live_confirm_token.txt").exists() && !place.state("live_orders_today.json").exists());

    let mut child = place
        .desk(&["arm"], ACCOUNT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{ACCOUNT}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    for text in [
        "LIVE, real money: account 123456789, session 2026-11-20",
        "Gate allowlist=ALL",
        "EVERY SYMBOL OF THE WATCHLIST MAY BE OPENED",
        "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)",
        "/etc/portcullis/credentials/DEPLOYMENT/LIVE_CONFIRM_TOKEN",
    ] {
        assert!(said(&output).contains(text), "{text}: {}", said(&output));
    }
    let token = fs::read_to_string(place.state("live_confirm_token.txt")).unwrap();
    assert!(token.len() == 32 && !said(&output).contains(&token), "the token is never shown");
    let armed = place.armed().unwrap();
    assert_eq!((&armed["armed_for"], &armed["account"]), (&"2026-11-20".into(), &ACCOUNT.into()));
    assert!(!armed.to_string().contains(&token));
    let found = |path: PathBuf| {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid(), found.permissions().mode() & 0o777)
    };
    assert_eq!(found(place.root.path().join("state")), (SERVICE.0, SERVICE.1, 0o700), "made as the service would");
    assert_eq!(found(place.root.path().join("arming")), (0, 0, 0o755));
    assert_eq!(found(place.state("live_confirm_token.txt")), (0, SERVICE.1, 0o640));
    assert_eq!(found(place.state("live_orders_today.json")), (SERVICE.0, SERVICE.1, 0o600));
    assert_eq!(found(place.root.path().join("arming/armed-123456789.json")), (0, 0, 0o644));
}

#[test]
fn armed_again_the_token_and_the_orders_of_the_day_are_kept() {
    let Some(place) = Place::at(NOW) else { return };
    let first: Value = serde_json::from_slice(&place.run(&["arm", "--yes-account", ACCOUNT, "--json"]).stdout).unwrap();
    assert_eq!((&first["token_is_new"], &first["armed_for"]), (&true.into(), &"2026-11-20".into()));
    let token = fs::read(place.state("live_confirm_token.txt")).unwrap();
    let orders = fs::read(place.state("live_orders_today.json")).unwrap();
    let again: Value = serde_json::from_slice(&place.run(&["arm", "--yes-account", ACCOUNT, "--json"]).stdout).unwrap();
    assert_eq!(again["token_is_new"], false);
    assert_eq!(fs::read(place.state("live_confirm_token.txt")).unwrap(), token);
    assert_eq!(fs::read(place.state("live_orders_today.json")).unwrap(), orders);

    let status = place.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["arming"]["armed_for"], &status["arming"]["is_today"]), (&"2026-11-20".into(), &true.into()));
    assert!(said(&place.run(&["status"])).contains("ARMED account 123456789 for 2026-11-20"));

    let next = place.run(&["arm", "--for", "2026-11-23", "--yes-account", ACCOUNT]);
    assert_eq!(code(&next), 64, "it would disarm today: {}", said(&next));
    assert!(said(&place.run(&["disarm"])).contains("disarmed: account 123456789"));
    assert_eq!(place.armed(), None);
    assert!(said(&place.run(&["disarm"])).contains("nothing was armed"));
    assert!(said(&place.run(&["status"])).contains("LIVE is not armed"));
    assert_eq!(code(&place.run(&["arm", "--for", "2026-11-23", "--yes-account", ACCOUNT])), 0);
}

/// Whatever keeps the day from being armed must not keep it armed.
#[test]
fn nothing_refuses_to_disarm() {
    let Some(place) = Place::at(NOW) else { return };
    let manifest = place.root.path().join("avwap.toml");
    let arming = place.root.path().join("arming");
    for text in [AVWAP, "no manifest at all", &AVWAP.replacen("PA30000000", "987654321", 1)] {
        assert_eq!(code(&place.run(&["arm", "--yes-account", ACCOUNT])), 0);
        fs::write(&manifest, text).unwrap();
        let mut disarm = Command::new(env!("CARGO_BIN_EXE_desk"));
        disarm.args(["disarm", "--manifest", manifest.to_str().unwrap()]).env_clear();
        disarm.env("PORTCULLIS_ARMING_DIR", &arming).env("MAX_LIVE_GROSS_NOTIONAL", "5.000,00");
        let output = disarm.output().unwrap();
        assert_eq!((code(&output), place.armed()), (0, None), "{}", said(&output));
        assert!(said(&output).contains("disarmed: account 123456789, which was armed for 2026-11-20"));
    }
}

#[test]
fn arming_an_account_leaves_the_others_armed() {
    const OTHER: &str = "987654321";
    let Some(place) = Place::at(NOW) else { return };
    let arm = |account: &str| code(&place.desk(&["arm", "--yes-account", account], account).output().unwrap());
    assert_eq!((arm(ACCOUNT), arm(OTHER)), (0, 0));
    assert!(place.armed().is_some() && place.armed_file(OTHER).is_some());
    assert!(said(&place.run(&["status"])).contains("ARMED account 123456789"));
    assert!(said(&place.run(&["disarm", "--account", ACCOUNT])).contains("account 123456789"));
    assert!(place.armed().is_none() && place.armed_file(OTHER).is_some());
    assert!(said(&place.run(&["disarm"])).contains("account 987654321"), "every account, when none is named");
    assert_eq!(place.armed_file(OTHER), None);
}

/// The service's user may put what it likes in the place of the token.
#[test]
fn a_link_in_the_place_of_the_token_hands_nothing_over() {
    let Some(place) = Place::at(NOW) else { return };
    let secret = place.root.path().join("shadow");
    fs::write(&secret, "root:hash").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(place.root.path().join("state")).unwrap();
    std::os::unix::fs::symlink(&secret, place.state("live_confirm_token.txt")).unwrap();
    let output = place.run(&["arm", "--yes-account", ACCOUNT]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let token = fs::read_to_string(place.state("live_confirm_token.txt")).unwrap();
    assert!(token.len() == 32 && said(&output).contains("the token is new"), "{token}");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "root:hash");

    fs::rename(place.root.path().join("state"), place.root.path().join("away")).unwrap();
    std::os::unix::fs::symlink(place.root.path().join("away"), place.root.path().join("state")).unwrap();
    let output = place.run(&["arm", "--yes-account", ACCOUNT]);
    assert_eq!(code(&output), 73, "{}", said(&output));
}

#[test]
fn the_umask_of_roots_shell_keeps_nobody_from_seeing_what_is_armed() {
    let Some(place) = Place::at(NOW) else { return };
    let desk = format!("umask 077; exec {} arm --yes-account {ACCOUNT}", env!("CARGO_BIN_EXE_desk"));
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &desk]).env_clear().env("STATE_DIRECTORY", place.root.path());
    shell.env("PORTCULLIS_ACCOUNT", ACCOUNT).env("PORTCULLIS_ARMING_DIR", place.root.path().join("arming"));
    shell.env("PORTCULLIS_CLOCK", "venue").env("APCA_API_BASE_URL", &place.url);
    let output = shell.output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let mode = |path: &str| fs::metadata(place.root.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("arming"), mode("arming/armed-123456789.json")), (0o755, 0o644));
    fs::set_permissions(place.root.path().join("arming"), fs::Permissions::from_mode(0o700)).unwrap();
    let output = place.run(&["arm", "--yes-account", ACCOUNT]);
    assert_eq!(code(&output), 73);
    assert!(said(&output).contains("chmod o+x"), "{}", said(&output));
}

#[test]
fn after_the_close_only_the_next_session_can_be_armed() {
    let Some(place) = Place::at(EVENING) else { return };
    let output = place.run(&["arm", "--yes-account", ACCOUNT]);
    assert_eq!(code(&output), 64);
    assert!(said(&output).contains("--for 2026-11-23"), "{}", said(&output));
    assert_eq!(code(&place.run(&["arm", "--for", "2026-11-24", "--yes-account", ACCOUNT])), 64);
    assert_eq!(code(&place.run(&["arm", "--for", "2026-11-23", "--yes-account", ACCOUNT])), 0);
    assert_eq!(place.armed().unwrap()["armed_for"], "2026-11-23");
}

#[test]
fn what_cannot_be_live_cannot_be_armed() {
    let Some(place) = Place::at(NOW) else { return };
    let manifest = place.root.path().join("avwap.toml");
    fs::write(&manifest, AVWAP).unwrap();
    let arm = ["arm", "--yes-account", ACCOUNT, "--manifest", manifest.to_str().unwrap()];
    let output = place.run(&arm);
    assert_eq!(code(&output), 78);
    assert!(said(&output).contains("says live = \"never\""), "{}", said(&output));
    let output = place.desk(&["arm", "--yes-account", "PA30000000"], "PA30000000");
    let output = { output }.env_remove("APCA_API_BASE_URL").env_remove("PORTCULLIS_CLOCK").output().unwrap();
    assert_eq!(code(&output), 78, "{}", said(&output));
    let output = place.desk(&arm[..3], ACCOUNT).env("MAX_LIVE_GROSS_NOTIONAL", "5.000,00").output().unwrap();
    assert_eq!(code(&output), 78, "{}", said(&output));
    fs::create_dir(place.root.path().join("arming")).unwrap();
    fs::set_permissions(place.root.path().join("arming"), fs::Permissions::from_mode(0o777)).unwrap();
    let output = place.run(&arm[..3]);
    assert_eq!(code(&output), 73);
    assert!(said(&output).contains("others than root may write"), "{}", said(&output));
    assert_eq!(place.armed(), None);
}

#[test]
fn the_manifest_says_what_the_environment_does_not() {
    let Some(place) = Place::at(NOW) else { return };
    let manifest = place.root.path().join("avwap.toml");
    let live = AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen(
            "EXECUTION_POLL_SECONDS = \"60\"",
            "MAX_LIVE_ORDERS_PER_DAY = \"1\"\nALLOWLIST_SYMBOLS = \"SYM1,SYM2\"",
            1,
        )
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1);
    fs::write(&manifest, live).unwrap();
    let mut command = place.desk(&["arm", "--yes-account", ACCOUNT, "--manifest", manifest.to_str().unwrap()], ACCOUNT);
    let output = command.env_remove("PORTCULLIS_ACCOUNT").output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    for text in
        ["Gate allowlist=SYM1,SYM2", "orders/day=1,", "account 123456789", "/credentials/avwap/LIVE_CONFIRM_TOKEN"]
    {
        assert!(said(&output).contains(text), "{text}: {}", said(&output));
    }
    assert!(!said(&output).contains("EVERY SYMBOL"));
}

/// Whoever is not root is told why, and how.
#[test]
fn only_root_arms() {
    let Some(place) = Place::at(NOW) else { return };
    let desk = PathBuf::from(env!("CARGO_BIN_EXE_desk"));
    let copy = place.root.path().join("desk");
    fs::copy(&desk, &copy).unwrap();
    fs::set_permissions(place.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(copy);
    std::os::unix::process::CommandExt::uid(&mut command, SERVICE.0);
    let output = command.args(["arm", "--yes-account", ACCOUNT]).env_clear().output().unwrap();
    assert_eq!(code(&output), 64, "{}", said(&output));
    assert!(said(&output).contains("only root arms") && said(&output).contains("sudo desk arm"), "{}", said(&output));
}
