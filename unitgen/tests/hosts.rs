//! A host that lacks what the units need is refused before anything of it changes, with everything that it lacks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use manifest::Podman;
use serde_json::Value;
use unitgen::{
    host::{
        self, ClockFound, ContainersFound, ContainersWanted, CredentialFound, Host, ImageFound, Kind, OwnersFound,
        PlaceFound, PodmanFound, ProgramFound, Wanted,
    },
    source, systemd,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[test]
fn what_is_wanted_is_what_the_units_name() {
    let wanted = wanted(AVWAP);
    assert_eq!((wanted.systemd, wanted.user.as_str(), wanted.group.as_str()), (252, "trading", "trading"));
    let programs = ["desk", "execution", "gate", "scanner"].map(|name| format!("/usr/lib/portcullis/bin/{name}"));
    assert_eq!(wanted.programs, programs);
    let names: Vec<&str> = wanted.credentials.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        ["/etc/portcullis/credentials/avwap/APCA_API_KEY_ID", "/etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY"]
    );
    assert_eq!(wanted.places.iter().map(|place| place.path.as_str()).collect::<Vec<_>>(), ["/out", "/var/lib/avwap"]);
    assert!(wanted.places[0].bytes > 40_000, "two copies of eleven files");
}

#[test]
fn every_lack_is_told() {
    let wanted = wanted(AVWAP);
    assert_eq!(host::judge(&wanted, &sound(), false), []);
    // Everything at once, as no single manifest wants it.
    let containers = ContainersWanted {
        podman: Some(Podman { major: 5, minor: 4 }),
        images: vec!["i@sha256:0".to_owned()],
        generated: true,
    };
    let tools = vec!["/usr/bin/setpriv".to_owned()];
    let lingering = Wanted { lingers: true, tools, containers: Some(containers), ..wanted.clone() };
    fn of(host: &mut Host) -> &mut ContainersFound {
        host.containers.as_mut().unwrap()
    }
    let lacks: &[(fn(&mut Host), Kind)] = &[
        (|host| host.lingers = false, Kind::NoLinger),
        (|host| host.systemd = Some(251), Kind::SystemdTooOld),
        (|host| host.systemd = None, Kind::SystemdUnknown),
        (|host| host.unknown_zones = vec!["America/New_York".to_owned()], Kind::NoTimeZones),
        (|host| host.has_user = false, Kind::NoUser),
        (|host| host.has_group = false, Kind::NoGroup),
        (|host| host.owners.user = Some(0), Kind::AccountOfOthers),
        (|host| host.owners.user = Some(65_534), Kind::AccountOfOthers),
        (|host| host.owners.state = Some(0), Kind::PlaceOfOthers),
        (|host| host.programs[2] = ProgramFound::Missing, Kind::ProgramMissing),
        (|host| host.programs[3] = ProgramFound::NotExecutable, Kind::ProgramNotExecutable),
        (|host| host.credentials[0] = CredentialFound::Missing, Kind::CredentialMissing),
        (|host| host.credentials[0] = CredentialFound::Shared { at: "/etc/old".to_owned() }, Kind::CredentialMissing),
        (|host| host.credentials[1] = CredentialFound::Empty, Kind::CredentialEmpty),
        (|host| host.credentials[1] = CredentialFound::Open { by: "mode 0644".to_owned() }, Kind::CredentialOpen),
        (|host| host.credentials[1] = CredentialFound::Hidden, Kind::CredentialHidden),
        (|host| host.places[0] = PlaceFound::ReadOnly, Kind::ReadOnly),
        (|host| host.places[0] = PlaceFound::Writable { bytes: 4096, files: None }, Kind::Full),
        (|host| host.places[1] = PlaceFound::Writable { bytes: u64::MAX, files: Some(3) }, Kind::Full),
        (|host| host.places[1] = PlaceFound::Unknown("no".to_owned()), Kind::PlaceUnknown),
        (|host| host.clock = ClockFound::NotKept, Kind::ClockNotKept),
        (|host| host.clock = ClockFound::Unknown, Kind::ClockUnknown),
        (|host| host.tools[0] = ProgramFound::Missing, Kind::ToolMissing),
        (|host| of(host).podman = PodmanFound::Missing, Kind::PodmanMissing),
        (|host| of(host).podman = PodmanFound::Version(Podman { major: 5, minor: 3 }), Kind::PodmanTooOld),
        (|host| of(host).podman = PodmanFound::Unknown(Some("what".to_owned())), Kind::PodmanUnknown),
        (|host| of(host).has_generator = false, Kind::GeneratorMissing),
        (|host| of(host).images[0] = ImageFound::Missing, Kind::ImageMissing),
        (|host| of(host).images[0] = ImageFound::Unknown("no".to_owned()), Kind::ImageUnknown),
    ];
    let mut met = BTreeSet::new();
    for (change, kind) in lacks {
        let mut host = sound();
        change(&mut host);
        let troubles = host::judge(&lingering, &host, false);
        assert_eq!(troubles.iter().map(|trouble| trouble.kind).collect::<Vec<_>>(), [*kind], "{troubles:?}");
        assert!(troubles[0].to_text().contains("  help: "));
        met.insert(*kind);
    }
    // What may be fetched matters where something must be.
    let mut bare = sound();
    *of(&mut bare) =
        ContainersFound { images: vec![ImageFound::Missing], has_policy: false, ..of(&mut sound()).clone() };
    let troubles = host::judge(&lingering, &bare, false);
    let kinds: Vec<Kind> = troubles.iter().map(|trouble| trouble.kind).collect();
    assert_eq!(kinds, [Kind::ImageMissing, Kind::PolicyMissing]);
    assert!(troubles[0].to_text().contains("podman pull i@sha256:0"), "{}", troubles[0].to_text());
    met.extend(kinds);
    assert_eq!(met.into_iter().collect::<Vec<_>>(), Kind::ALL, "each kind is met");
    let mut everything = sound();
    lacks.iter().for_each(|(change, _)| change(&mut everything));
    assert!(host::judge(&wanted, &everything, false).len() >= 10, "all of them at once");
}

#[test]
fn what_somebody_answers_for_is_no_lack() {
    let wanted = wanted(AVWAP);
    let mut host = sound();
    host.systemd = Some(257);
    host.clock = ClockFound::OfTheHost;
    assert_eq!(host::judge(&wanted, &host, false), []);
    for clock in [ClockFound::NotKept, ClockFound::Unknown] {
        host.clock = clock;
        assert_eq!(host::judge(&wanted, &host, true), []);
    }
    let live = AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1);
    let wanted = self::wanted(&live);
    let token = wanted.credentials.iter().position(|file| file.name == "LIVE_CONFIRM_TOKEN").unwrap();
    host.credentials = vec![CredentialFound::Fine; wanted.credentials.len()];
    host.credentials[token] = CredentialFound::Missing;
    assert_eq!(host::judge(&wanted, &host, true), [], "a permission that is not there keeps nobody from managing");
}

#[test]
fn a_root_that_has_everything_is_rendered_into_and_one_that_lacks_something_is_not_touched() {
    let root = Root::sound();
    let checked = root.unitgen(&["check", "m.toml", "--host", "--root", "."]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(String::from_utf8_lossy(&checked.stdout).contains("this host has what they need"), "{checked:?}");
    let rendered = root.render();
    assert_eq!(rendered.status.code(), Some(0), "{rendered:?}");
    assert!(root.path("etc/systemd/system/avwap.target").exists());

    let lacks: &[(fn(&Root), &str)] = &[
        (
            |root| root.rename("usr/lib/systemd/libsystemd-shared-252.so", "usr/lib/systemd/libsystemd-shared-247.so"),
            "systemd-too-old",
        ),
        (|root| root.remove("usr/lib/systemd/libsystemd-shared-252.so"), "systemd-unknown"),
        (|root| root.remove("usr/share/zoneinfo/America/New_York"), "no-time-zones"),
        (|root| root.write("usr/share/zoneinfo/America/New_York", "", 0o644), "no-time-zones"),
        (|root| root.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0o644), "no-user"),
        (|root| root.write("etc/group", "tradings:x:7:\n", 0o644), "no-group"),
        (|root| root.remove("usr/lib/portcullis/bin/gate"), "program-missing"),
        (|root| root.write("usr/lib/portcullis/bin/desk", "x", 0o644), "program-not-executable"),
        (|root| root.remove("etc/portcullis/credentials/avwap/APCA_API_KEY_ID"), "credential-missing"),
        (|root| root.write("etc/portcullis/credentials/avwap/APCA_API_KEY_ID", "", 0o600), "credential-empty"),
        (|root| root.write("etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY", "x", 0o640), "credential-open"),
        (|root| root.remove("run/systemd/timesync/synchronized"), "clock-unknown"),
    ];
    for (change, code) in lacks {
        let root = Root::sound();
        change(&root);
        for output in [root.unitgen(&["check", "m.toml", "--host", "--root", "."]), root.render()] {
            assert_eq!(output.status.code(), Some(1), "{code}: {output:?}");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(told.contains(&format!("host[{code}]: ")) && told.contains("lacks 1 thing"), "{code}: {told}");
        }
        assert_eq!(fs::read_dir(root.path("etc/systemd/system")).unwrap().count(), 0, "{code}: something was written");
    }
}

/// The name says nothing of whose it is: the numbers do, and the groups.
#[test]
fn accounts_and_state_of_others_are_told() {
    let passwd = |id: u32| format!("root:x:0:0::/root:/bin/sh\ntrading:x:{id}:990::/:/usr/sbin/nologin\n");
    let lays: [(Box<dyn Fn(&Root)>, &str); 5] = [
        (Box::new(move |root| root.write("etc/passwd", &passwd(0), 0o644)), "account-of-others]: trading: it is root"),
        (
            Box::new(move |root| root.write("etc/passwd", &passwd(33), 0o644)),
            "trading: its user id 33 is one of the system's own",
        ),
        (
            Box::new(|root| root.write("etc/group", "trading:x:42:\n", 0o644)),
            "trading: its group id 42 is one of the system's own",
        ),
        (
            Box::new(|root| root.write("etc/group", "trading:x:990:\ndocker:x:991:me,trading\n", 0o644)),
            "trading: it is in the group docker",
        ),
        (
            Box::new(|root| {
                fs::create_dir(root.path("var/lib/avwap")).unwrap();
                std::os::unix::fs::chown(root.path("var/lib/avwap"), Some(991), Some(991)).unwrap();
            }),
            "place-of-others]: /var/lib/avwap: it is there already, and user id 991 owns it, not trading (990)",
        ),
    ];
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        assert!(std::env::var_os("CI").is_none(), "CI is root");
        println!("skipped: needs root, for a directory of somebody else's");
    }
    for (lay, says) in lays.iter().filter(|(_, says)| is_root || !says.contains("place-of")) {
        let root = Root::sound();
        lay(&root);
        let told = root.unitgen(&["check", "m.toml", "--host", "--root", "."]);
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.status.code() == Some(1) && said.contains(says), "{says}: {said}");
    }
}

/// A key that lies where every deployment of a host once looked is read by none: whose account is it of?
#[test]
fn a_key_that_all_deployments_shared_is_told_with_its_new_place() {
    let root = Root::sound();
    let (old, new) = ("etc/portcullis/credentials/APCA_API_KEY_ID", "etc/portcullis/credentials/avwap/APCA_API_KEY_ID");
    root.rename(new, old);
    let told = root.unitgen(&["check", "m.toml", "--host", "--root", "."]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("host[credential-missing]: /{new}: there is no such file; /{old} is not read")),
        "{said}"
    );
    assert!(
        said.contains("this account's") && said.contains("`mkdir -p -m 0700 /etc/portcullis/credentials/avwap && mv"),
        "{said}"
    );
    root.write(new, "x", 0o600);
    assert_eq!(
        root.unitgen(&["check", "m.toml", "--host", "--root", "."]).status.code(),
        Some(0),
        "what is left there is nobody's"
    );
}

/// A guardrail that was lost comes back into units that are installed, whatever else is missing by now.
#[test]
fn what_is_lacking_elsewhere_does_not_stop_a_repair() {
    let root = Root::sound();
    assert_eq!(root.render().status.code(), Some(0));
    let gate = "etc/systemd/system/execution.service";
    let sound = fs::read_to_string(root.path(gate)).unwrap();
    root.write(gate, &sound.replacen("ExecCondition", "#ExecCondition", 1), 0o644);
    root.remove("run/systemd/timesync/synchronized");
    root.remove("etc/portcullis/credentials/avwap/APCA_API_KEY_ID");
    root.remove("usr/lib/portcullis/bin/scanner");
    let elsewhere = ["render", "m.toml", "--target", "systemd", "--root", ".", "--out", "etc/systemd/system"];
    let refused = root.unitgen(&[&elsewhere[..], &["--programs", "/opt/bin"]].concat());
    assert_eq!(refused.status.code(), Some(1), "programs that no unit here runs are no repair: {refused:?}");
    assert_ne!(fs::read_to_string(root.path(gate)).unwrap(), sound);
    let repaired = root.render();
    let told = String::from_utf8_lossy(&repaired.stderr).into_owned();
    assert_eq!(repaired.status.code(), Some(0), "{told}");
    assert!(told.contains("lacks 3 things") && told.contains("rendered all the same"), "{told}");
    assert_eq!(fs::read_to_string(root.path(gate)).unwrap(), sound);
    root.write("m.toml", &AVWAP.replacen("= \"60\"", "= \"61\"", 1), 0o644);
    assert_eq!(root.render().status.code(), Some(1), "another manifest is no repair");
}

#[test]
fn programs_can_be_said_to_lie_elsewhere() {
    let root = Root::sound();
    root.rename("usr/lib/portcullis/bin", "store");
    let check = ["check", "m.toml", "--host", "--root", "."];
    assert_eq!(root.unitgen(&check).status.code(), Some(1));
    let checked = root.unitgen(&[&check[..], &["--programs", "/store"]].concat());
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

/// The state may be a volume of its own; where units lie already, read-only or not, nobody needs room.
#[test]
fn the_places_that_are_looked_at_are_those_that_are_written_to() {
    let root = Root::sound();
    let check = ["check", "m.toml", "--host", "--root", "."];
    // No file system has less room than this one.
    std::os::unix::fs::symlink("/proc", root.path("var/lib/avwap")).unwrap();
    let checked = root.unitgen(&check);
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.code() == Some(1) && told.contains(": /var/lib/avwap: "), "{told}");
    root.remove("var/lib/avwap");
    fs::rename(root.path("etc/systemd/system"), root.path("units")).unwrap();
    std::os::unix::fs::symlink("/proc", root.path("etc/systemd/system")).unwrap();
    let checked = root.unitgen(&check);
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.code() == Some(1) && told.contains("etc/systemd/system: "), "{told}");
}

#[test]
fn everything_that_a_bare_root_lacks_is_told_at_once() {
    let root = Root(tempfile::tempdir().unwrap());
    root.write("m.toml", AVWAP, 0o644);
    fs::create_dir_all(root.path("etc/systemd/system")).unwrap();
    let output = root.unitgen(&["check", "m.toml", "--host", "--root", ".", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: BTreeSet<&str> =
        report["host"].as_array().unwrap().iter().map(|trouble| trouble["code"].as_str().unwrap()).collect();
    let expect = [
        "clock-unknown",
        "credential-missing",
        "no-group",
        "no-time-zones",
        "no-user",
        "program-missing",
        "systemd-unknown",
    ];
    assert_eq!((codes.into_iter().collect::<Vec<_>>(), &report["ok"]), (expect.to_vec(), &false.into()));
}

#[test]
fn a_clock_that_nothing_keeps_is_somebodys_decision_and_other_directories_are_nobodys_host() {
    let root = Root::sound();
    root.remove("run/systemd/timesync/synchronized");
    let output = root.unitgen(&["check", "m.toml", "--host", "--root", ".", "--without-ntp"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    root.write("run/systemd/container", "systemd-nspawn\n", 0o644);
    assert_eq!(root.render().status.code(), Some(0), "a container has the clock of its host");
    root.remove("usr/lib/portcullis/bin/gate");
    let elsewhere = root.unitgen(&["render", "m.toml", "--target", "systemd", "--root", ".", "--out", "units"]);
    assert_eq!(elsewhere.status.code(), Some(0), "{elsewhere:?}");
    let checked = root.unitgen(&[
        "render",
        "m.toml",
        "--target",
        "systemd",
        "--root",
        ".",
        "--out",
        "etc/systemd/system",
        "--check",
    ]);
    assert_eq!(checked.status.code(), Some(0), "a look changes nothing: {checked:?}");
}

/// Timers in another zone want that zone, and not New York's, which the programs bring along.
#[test]
fn a_zone_that_the_host_lacks_is_told() {
    let root = Root::sound();
    let chicago = AVWAP.replacen("America/New_York", "America/Chicago", 1).replace("Mon..Fri 08:", "Mon..Fri 07:");
    root.write("m.toml", &chicago, 0o644);
    let told = root.unitgen(&["check", "m.toml", "--host", "--root", "."]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(said.contains("host[no-time-zones]: America/Chicago"), "{said}");
    root.write("usr/share/zoneinfo/America/Chicago", "TZif2", 0o644);
    assert_eq!(root.unitgen(&["check", "m.toml", "--host", "--root", "."]).status.code(), Some(0));
}

/// A login's manager: its home, its files, and lingering.
#[test]
fn a_login_must_linger_and_own_its_keys() {
    let root = Root::sound();
    let mine = AVWAP
        .replacen("scope = \"system\"", "scope = \"user\"", 1)
        .replacen("group = \"trading\"\n", "", 1)
        .replacen("user = \"trading\"", "user = \"trader\"", 1)
        .replacen("\"/var/lib/avwap\"", "\"avwap\"", 1);
    root.write("m.toml", &mine, 0o644);
    let lacks = |root: &Root| -> Vec<String> {
        let told = root.unitgen(&["check", "m.toml", "--host", "--root", "."]);
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        said.lines().filter(|line| line.starts_with("host[")).map(str::to_owned).collect()
    };
    let missing = lacks(&root);
    assert!(missing[0].starts_with("host[no-user]: trader:"), "{missing:#?}");
    root.write("etc/passwd", "root:x:0:0::/root:/bin/sh\ntrader:x:1000:1000::/home/trader:/bin/sh\n", 0o644);
    for key in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
        root.write(&format!("home/trader/.config/portcullis/credentials/avwap/{key}"), "x", 0o600);
    }
    let missing = lacks(&root);
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert!(missing[0].starts_with("host[no-linger]: trader:") && missing[0].contains("loginctl enable-linger trader"));
    root.write("var/lib/systemd/linger/trader", "", 0o644);
    assert_eq!(lacks(&root), Vec::<String>::new());
    root.write("home/trader/.config/portcullis/credentials/avwap/APCA_API_KEY_ID", "x", 0o644);
    assert!(
        lacks(&root)[0].starts_with("host[credential-open]: ~/.config/portcullis/credentials/avwap/APCA_API_KEY_ID")
    );
}

fn wanted(manifest: &str) -> Wanted {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    Wanted::of(&tree, checked.deployment.host().systemd(), Some("/out".as_ref()))
}

fn sound() -> Host {
    let room = PlaceFound::Writable { bytes: 1 << 40, files: Some(1 << 20) };
    Host {
        systemd: Some(252),
        unknown_zones: Vec::new(),
        has_user: true,
        has_group: true,
        lingers: true,
        programs: vec![ProgramFound::Fine; 4],
        credentials: vec![CredentialFound::Fine; 2],
        places: vec![room; 2],
        clock: ClockFound::Kept,
        owners: OwnersFound { user: Some(990), group: Some(990), trusted: Vec::new(), state: Some(990) },
        tools: vec![ProgramFound::Fine],
        containers: Some(ContainersFound {
            podman: PodmanFound::Version(Podman { major: 5, minor: 4 }),
            has_generator: true,
            images: vec![ImageFound::Fine],
            has_policy: true,
        }),
    }
}

/// The root of a host, as far as anybody looks at it.
struct Root(tempfile::TempDir);

impl Root {
    fn sound() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        root.write("m.toml", AVWAP, 0o644);
        root.write("usr/lib/systemd/libsystemd-shared-252.so", "", 0o644);
        root.write("usr/share/zoneinfo/America/New_York", "TZif2", 0o644);
        root.write("etc/passwd", "root:x:0:0::/root:/bin/sh\ntrading:x:990:990::/:/usr/sbin/nologin\n", 0o644);
        root.write("etc/group", "root:x:0:\ntrading:x:990:\n", 0o644);
        for program in ["desk", "execution", "gate", "scanner"] {
            root.write(&format!("usr/lib/portcullis/bin/{program}"), "x", 0o755);
        }
        for key in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
            root.write(&format!("etc/portcullis/credentials/avwap/{key}"), "x", 0o600);
        }
        root.write("run/systemd/timesync/synchronized", "", 0o644);
        fs::create_dir_all(root.path("etc/systemd/system")).unwrap();
        fs::create_dir_all(root.path("var/lib")).unwrap();
        root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    fn render(&self) -> Output {
        self.unitgen(&["render", "m.toml", "--target", "systemd", "--root", ".", "--out", "etc/systemd/system"])
    }

    fn unitgen(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_unitgen")).args(args).current_dir(self.0.path()).output().unwrap()
    }
}
