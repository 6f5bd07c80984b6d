//! Targets that run containers, judged on what comes of them: the words that podman is given, by podman's own generator and
//! by systemd's own parser; and the guardrails of every target against those of target `systemd`.
//!
//! Needs podman's generator (`tests/quadlet/generator`), `systemd-analyze` and nix, each where it says so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use manifest::Catalogue;
use tempfile::TempDir;
use unitgen::{
    Tree,
    guardrails::{self, Guardrail, Units, Verdict},
    source, systemd,
    targets::{
        self, Target,
        run::{OF_CONTAINER, Run},
    },
};

const AVWAP: &str = include_str!("../manifests/avwap.toml");
const TRADERUNNER: &str = include_str!("../manifests/traderunner.toml");

/// What people type, and what would be an option of podman's if it were one.
///
/// The first two are refused by target `quadlet`.
const HOSTILE: [&str; 22] = [
    "",
    ";",
    "two words",
    "  inner   blanks  ",
    "100%",
    "%n %i %%",
    "$HOME",
    "${PATH} $$",
    "back\\slash",
    "end\\",
    "\\x41\\n",
    "say \"hi\"",
    "it's",
    "a;b",
    "#x",
    "--privileged",
    "-v/:/host",
    "--",
    "@+!:-/bin/true",
    "ä € ß",
    "[Service]",
    "=",
];

/// Every argument of the manifest reaches the program as it was typed, behind the image, and podman gets no option of it.
#[test]
fn hostile_arguments_reach_the_program_and_never_podman() {
    for (target, hostile) in [(Target::PodmanUnits, &HOSTILE[..]), (Target::Quadlet, &HOSTILE[2..])] {
        let quoted: Vec<String> = hostile.iter().map(|arg| format!("'{arg}'").replace("'it's'", "\"it's\"")).collect();
        // Of a program to come: what a job may say to a released one is a closed list.
        let fetch = "[jobs.fetch]\nprogram = \"marketdata\"\nschedule = \"Mon..Fri 17:00\"\nargs = [\"fetch\"]\n";
        let plain = format!("{}\n{fetch}", in_containers("5.4", 257));
        let manifest = plain.replacen("[\"fetch\"]", &format!("[\"fetch\", {}]", quoted.join(", ")), 1);
        let (Some(hostile_host), Some(plain)) = (Host::of(target, &manifest), Host::of(target, &plain)) else { return };
        let (Some(words), Some(plain)) = (hostile_host.words("fetch.service"), plain.words("fetch.service")) else {
            return;
        };
        let (run, plain) = (Run::read(&words).unwrap(), Run::read(&plain).unwrap());
        assert_eq!(run.args[0], "fetch");
        assert_eq!(run.args[1..], *hostile, "{target:?}");
        assert_eq!((sorted(&run.options), run.image), (sorted(&plain.options), plain.image), "{target:?}");
    }
}

/// Why target `quadlet` refuses two arguments: what the generator makes of them, quoted as they should be.
#[test]
fn what_podmans_generator_makes_of_the_arguments_that_are_refused() {
    let Some(generator) = generator() else { return };
    for (argument, expect) in [("\"\"", "/program first"), ("\";\"", "/program first ; /bin/sh")] {
        let place = tempfile::tempdir().unwrap();
        let text = format!("[Container]\nImage=x.example/x\nExec=/program first {argument} /bin/sh\n");
        fs::write(place.path().join("x.container"), text).unwrap();
        let output = Command::new(&generator).arg("-dryrun").env("QUADLET_UNIT_DIRS", place.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let start = said.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        assert!(
            start.ends_with(&format!("x.example/x {expect}")),
            "it does better now, then accept {argument}: {start}"
        );
    }
}

/// Settings go to the unit, where nothing is podman's: the words are the same whatever a value holds.
#[test]
fn hostile_settings_are_no_words_of_podmans() {
    let value = "--privileged %n ${PATH} 'q' ;#\\\\";
    let hostile = in_containers("5.4", 257).replacen(
        "EXECUTION_POLL_SECONDS = \"60\"",
        &format!("ALLOWLIST_SYMBOLS = \"{value}\""),
        1,
    );
    let plain = in_containers("5.4", 257).replacen("EXECUTION_POLL_SECONDS", "ALLOWLIST_SYMBOLS", 1);
    for target in [Target::PodmanUnits, Target::Quadlet] {
        let (Some(hostile), Some(plain)) = (Host::unchecked(target, &hostile), Host::unchecked(target, &plain)) else {
            return;
        };
        let (Some(with), Some(without)) = (hostile.words("execution.service"), plain.words("execution.service")) else {
            return;
        };
        let (with, without) = (Run::read(&with).unwrap(), Run::read(&without).unwrap());
        assert_eq!(sorted(&with.options), sorted(&without.options), "{target:?}");
        assert_eq!((with.image, with.args), (without.image, without.args), "{target:?}");
        let dump = hostile.loaded("execution.service").unwrap();
        let said = dump.iter().find_map(|line| line.trim().strip_prefix("Environment: ALLOWLIST_SYMBOLS=")).unwrap();
        assert_eq!(said, value.replace("\\\\", "\\"), "{target:?}");
    }
}

/// Our units for a podman without a generator give it the words that the generator of another gives it, and the units are the
/// same otherwise, but for what the generator adds.
#[test]
fn both_targets_of_podman_give_it_the_same_words() {
    for manifest in [in_containers("5.4", 257), contained(TRADERUNNER, "5.4", 257)] {
        same_words(&manifest);
    }
}

fn same_words(manifest: &str) {
    let (Some(ours), Some(its)) = (Host::of(Target::PodmanUnits, manifest), Host::of(Target::Quadlet, manifest)) else {
        return;
    };
    assert!(ours.programs().len() >= 3 && ours.programs() == its.programs());
    for unit in ours.programs() {
        let unit = unit.as_str();
        let (Some(our), Some(its_words)) = (ours.words(unit), its.words(unit)) else { return };
        let (our_run, its_run) = (Run::read(&our).unwrap(), Run::read(&its_words).unwrap());
        assert_eq!((&our_run.image, &our_run.args), (&its_run.image, &its_run.args), "{unit}");
        assert_eq!(sorted(&our_run.options), sorted(&its_run.options), "{unit}");
        assert_eq!(our_run.options.len(), its_run.options.len(), "{unit}");
        let rest = |host: &Host| {
            let lines = host.directives(unit).into_iter();
            // Where it came from, and what stood in sections that systemd passes over.
            let of_generator = ["X-Container", "X-Quadlet"];
            let kept = lines.filter(|(section, key, _)| {
                !of_generator.contains(&section.as_str()) && key != "SourcePath" && key != "ExecStart"
            });
            kept.filter(|(_, key, value)| key != "RequiresMountsFor" || !value.starts_with("/etc/"))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(rest(&ours), rest(&its), "{unit}");
    }
}

/// Each guardrail of target `systemd` is found in every target, or in the closed list of what the render says it cannot hold.
#[test]
fn every_target_holds_the_guardrails_or_says_that_it_cannot() {
    for (target, manifest, lost) in [
        (Target::PodmanUnits, in_containers("4.3", 252), &[Guardrail::CallsFiltered, Guardrail::NetworkBounded][..]),
        (Target::PodmanUnits, in_containers("5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, in_containers("5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, in_containers("4.6", 257), &[Guardrail::CallsFiltered][..]),
        (Target::PodmanUnits, contained(TRADERUNNER, "5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, contained(TRADERUNNER, "5.4", 257), &[Guardrail::CallsFiltered][..]),
    ] {
        let native = held_natively(&manifest);
        assert!(native.len() > 50, "{native:?}");
        let Some(host) = Host::of(target, &manifest) else { return };
        let held = host.held(&native, manifest.contains("systemd = 257"));
        let missing: Vec<_> = native.iter().filter(|entry| !held.contains(entry) && !lost.contains(&entry.1)).collect();
        assert!(missing.is_empty(), "{target:?} does not hold {missing:?}");
        let said: BTreeSet<Guardrail> = host
            .notes
            .iter()
            .filter_map(|note| if let targets::Note::Loses { guardrail, .. } = note { Some(*guardrail) } else { None })
            .collect();
        assert_eq!(said, lost.iter().copied().collect(), "{target:?}: what the render says");
        let really: BTreeSet<Guardrail> =
            native.iter().filter(|entry| !held.contains(entry)).map(|(_, guardrail)| *guardrail).collect();
        assert_eq!(really, said, "{target:?}: it says so of what it holds");
    }
}

/// The judge can say no: each edit of the words loses what it should.
#[test]
fn a_container_that_was_opened_holds_less() {
    let Some(host) = Host::of(Target::PodmanUnits, &in_containers("5.4", 257)) else { return };
    let Some(words) = host.words("execution.service") else { return };
    let line = words.join("\u{0}");
    let lost = |edited: &str| -> BTreeSet<Guardrail> {
        let words: Vec<String> = edited.split('\u{0}').map(str::to_owned).collect();
        let verdicts = Run::read(&words).unwrap().judge(true, true);
        verdicts
            .into_iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Lost(_)))
            .map(|(guardrail, _)| guardrail)
            .collect()
    };
    let always = BTreeSet::from([Guardrail::CallsFiltered]);
    assert_eq!(lost(&line), always);
    for (with, without, guardrail) in [
        ("--cap-drop=all", "--cap-add=SYS_ADMIN", Guardrail::Unprivileged),
        ("--user=trading:trading", "--user=root", Guardrail::Unprivileged),
        ("--security-opt=no-new-privileges", "--privileged", Guardrail::KernelShielded),
        ("--read-only\u{0}", "", Guardrail::ReadOnlySystem),
        ("--read-only-tmpfs=false", "--read-only-tmpfs=true", Guardrail::ReadOnlySystem),
        ("--rm", "--rm\u{0}--pid=host", Guardrail::ProcessesApart),
        ("--rm", "--rm\u{0}-v\u{0}/:/host", Guardrail::OwnPrograms),
        ("--image-volume=ignore\u{0}", "", Guardrail::OwnPrograms),
        ("@sha256:", ":latest-", Guardrail::OwnPrograms),
        ("--network=host", "--network=host\u{0}-p\u{0}80:80", Guardrail::NetworkBounded),
        ("--network=host", "--network=bridge", Guardrail::NetworkBounded),
        ("--umask=0077", "--umask=0022", Guardrail::PrivateFiles),
        ("/portcullis:rw", "/portcullis:ro", Guardrail::AccountLock),
    ] {
        assert!(line.contains(with), "{with}");
        let lost = lost(&line.replacen(with, without, 1));
        assert!(lost.contains(&guardrail) && lost.len() > always.len(), "{with} -> {without:?}: {lost:?}");
    }
}

/// The module of NixOS has the units of target `systemd`, byte for byte, with the programs where its importer says.
#[test]
fn nixos_gets_the_units_of_systemd_byte_for_byte() {
    if !proofs::has_nix() {
        return;
    }
    for text in [
        AVWAP.to_owned(),
        AVWAP.replacen("args = [\"scan\"]", "args = [\"scan\", \"--bars\", \"${x} ''\\\\ $${y}\", \"--universe=''${z}\"]", 1),
    ] {
        let accepted = manifest::read(text.as_bytes()).unwrap();
        let place = tempfile::tempdir().unwrap();
        let module = targets::render(Target::Nixos, &accepted.deployment, text.as_bytes(), "sha256:00ff").unwrap().tree;
        write(place.path(), &module);
        for programs in ["/usr/lib/portcullis/bin", "/nix/store/0abc-portcullis/bin"] {
            let release = manifest::Release::at(programs).unwrap();
            let expect =
                systemd::render(&accepted.deployment.clone().with_release(release), text.as_bytes(), "sha256:00ff");
            let units = evaluated(place.path(), programs);
            let names: Vec<&str> = expect
                .iter()
                .map(|(path, _)| path)
                .filter(|path| !path.contains('/') && !path.ends_with(".toml"))
                .collect();
            assert_eq!(units.keys().map(String::as_str).collect::<Vec<_>>(), names);
            for name in names {
                assert_eq!(units[name]["text"].as_str().unwrap().as_bytes(), expect.get(name).unwrap(), "{name}");
            }
            assert_eq!(units["avwap.target"]["wantedBy"], serde_json::json!(["multi-user.target"]));
        }
    }
}

/// The generator keeps its options in a map: their order is another at each run, and means nothing.
fn sorted(options: &[(String, String)]) -> Vec<(String, String)> {
    let mut options = options.to_vec();
    options.sort();
    options
}

fn evaluated(place: &Path, programs: &str) -> BTreeMap<String, serde_json::Value> {
    let expression =
        format!("((import {}/avwap.nix) {{ programs = \"{programs}\"; }} {{ }}).systemd.units", place.display());
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--expr", &expression])
        .env("NIX_STATE_DIR", place.join("var"))
        .env("NIX_STORE_DIR", place.join("store"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Units as systemd finds them on a host: what was rendered, and what podman's generator makes of it.
struct Host {
    place: TempDir,
    units: Tree,
    notes: Vec<targets::Note>,
}

impl Host {
    fn of(target: Target, manifest: &str) -> Option<Self> {
        let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned());
        let checked = checked.unwrap_or_else(|problems| panic!("{problems:#?}"));
        Self::rendered(target, &checked.deployment, manifest, &checked.digest)
    }

    /// Passes by what programs make of their settings: the renderer is asked, not they.
    fn unchecked(target: Target, manifest: &str) -> Option<Self> {
        let accepted = manifest::read(manifest.as_bytes()).unwrap_or_else(|rejected| panic!("{rejected:#?}"));
        Self::rendered(target, &accepted.deployment, manifest, "sha256:00")
    }

    fn rendered(target: Target, deployment: &manifest::Deployment, manifest: &str, digest: &str) -> Option<Self> {
        let rendered = targets::render(target, deployment, manifest.as_bytes(), digest).unwrap();
        let place = tempfile::Builder::new().prefix("targets-").tempdir().unwrap();
        let units = match target {
            Target::Quadlet => generated(place.path(), &rendered.tree)?,
            Target::Systemd | Target::Nixos | Target::PodmanUnits => rendered.tree,
        };
        // What systemd would refuse to look at because it is not on this machine.
        let mut here = Tree::default();
        for (path, content) in units.iter() {
            let text = String::from_utf8_lossy(content)
                .replace("/usr/bin/podman ", &format!("{}/podman ", place.path().display()));
            let bin = place.path().join("bin").display().to_string();
            here.add(
                format!("units/{path}"),
                text.replace("/usr/lib/portcullis/bin/gate", &format!("{bin}/gate"))
                    .replace("/usr/lib/portcullis/bin/desk", &format!("{bin}/desk")),
            );
        }
        write(place.path(), &here);
        fs::create_dir(place.path().join("bin")).unwrap();
        for program in ["podman", "bin/gate", "bin/desk"] {
            fs::copy("/bin/true", place.path().join(program)).unwrap();
        }
        Some(Self { place, units, notes: rendered.notes })
    }

    /// The words of `ExecStart=` as systemd hands them over.
    fn words(&self, unit: &str) -> Option<Vec<String>> {
        let dump = self.loaded(unit)?;
        let start = dump.iter().position(|line| line.trim() == "-> ExecStart:").unwrap();
        let line = dump[start + 1].trim().strip_prefix("Command Line: ").unwrap();
        let here = self.place.path().display().to_string();
        Some(unquoted(line).iter().map(|word| word.replace(&here, "")).collect())
    }

    /// What systemd holds in memory of a unit, as its debug log shows it.
    fn loaded(&self, unit: &str) -> Option<Vec<String>> {
        let path = self.place.path().join("units").join(unit);
        let output = Command::new("systemd-analyze")
            .args(["verify", "--recursive-errors=one", "--man=no"])
            .arg(path)
            .env("SYSTEMD_LOG_LEVEL", "debug")
            .env("SYSTEMD_COLORS", "0")
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI has systemd-analyze");
                println!("skipped: needs systemd-analyze");
                return None;
            }
            Err(error) => panic!("systemd-analyze: {error}"),
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "systemd complains of {unit}: {}", complaints(&said));
        let begin = format!("-> Unit {unit}:");
        let lines = said.lines().skip_while(|line| line.trim() != begin).skip(1);
        let lines: Vec<String> =
            lines.take_while(|line| line.starts_with('\t') && !line.contains("-> Unit ")).map(str::to_owned).collect();
        assert!(lines.len() > 30, "no dump of {unit}");
        Some(lines)
    }

    /// Section, key and value of every line of a unit's own file.
    fn directives(&self, unit: &str) -> Vec<(String, String, String)> {
        let text = String::from_utf8_lossy(self.units.get(unit).unwrap()).into_owned();
        let mut section = String::new();
        let mut directives = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                name.clone_into(&mut section);
            } else if let Some((key, value)) = line.split_once('=') {
                directives.push((section.clone(), key.to_owned(), value.to_owned()));
            }
        }
        directives
    }

    /// The units that run a container.
    fn programs(&self) -> Vec<String> {
        let runs = |content: &[u8]| String::from_utf8_lossy(content).contains("\nExecStart=/usr/bin/podman run ");
        self.units.iter().filter(|(_, content)| runs(content)).map(|(path, _)| path.to_owned()).collect()
    }

    /// The guardrails of its units; those of a sandbox by the container where there is one.
    fn held(&self, native: &BTreeSet<(String, Guardrail)>, denies_binds: bool) -> BTreeSet<(String, Guardrail)> {
        let mut held = guardrails::held(&Units::of_tree(&self.units));
        for unit in self.programs() {
            let unit = unit.as_str();
            let words = self.words(unit).unwrap();
            let run = Run::read(&words).unwrap();
            held.retain(|(name, guardrail)| name != unit || !OF_CONTAINER.contains(guardrail));
            let denied = self.directives(unit).iter().any(|(_, key, value)| key == "SocketBindDeny" && value == "any");
            let keeps_locks = native.contains(&(unit.to_owned(), Guardrail::AccountLock));
            let verdicts = run.judge(keeps_locks, denied && denies_binds);
            let holds = verdicts.into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Held(_)));
            held.extend(holds.map(|(guardrail, _)| (unit.to_owned(), guardrail)));
            // What the unit holds for its program, the program must hear of.
            let told = |name: &str| run.values("--env").any(|said| said == name);
            let ready = run.values("--sdnotify").eq(["container"]);
            let hears = |guardrail: Guardrail| {
                let needs: [(Guardrail, bool); 4] = [
                    (Guardrail::ManifestDigest, told("PORTCULLIS_MANIFEST_DIGEST") && told("PORTCULLIS_MANIFEST")),
                    (Guardrail::Readiness, ready),
                    (Guardrail::Watchdog, ready && told("WATCHDOG_USEC")),
                    (
                        Guardrail::CredentialsAsFiles,
                        run.values("--volume").any(|volume| volume.contains(":/run/credentials:ro")),
                    ),
                ];
                needs.iter().all(|(needed, holds)| *needed != guardrail || *holds)
            };
            held.retain(|(name, guardrail)| name != unit || hears(*guardrail));
        }
        held
    }
}

fn held_natively(manifest: &str) -> BTreeSet<(String, Guardrail)> {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    guardrails::held(&Units::of_tree(&tree))
}

/// What podman's generator makes of files below `containers/systemd`, and the units beside them; `None` without it.
fn generated(place: &Path, tree: &Tree) -> Option<Tree> {
    let generator = generator()?;
    write(place, tree);
    let out = place.join("generated");
    fs::create_dir(&out).unwrap();
    let output = Command::new(generator)
        .args(["-no-kmsg-log"])
        .arg(&out)
        .env("QUADLET_UNIT_DIRS", place.join("containers/systemd"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "the generator refuses it: {said}");
    let mut units = Tree::default();
    for entry in fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            units.add(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
        }
    }
    for (path, content) in tree.iter() {
        if let Some(name) = path.strip_prefix("systemd/system/") {
            units.add(name, content);
        }
    }
    Some(units)
}

fn generator() -> Option<PathBuf> {
    let fetched = Command::new(proofs::workspace_root().join("tests/quadlet/generator")).output();
    match fetched {
        Ok(output) if output.status.success() => Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Ok(_) | Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI has Debian's archive");
            println!("skipped: needs podman's generator (tests/quadlet/generator, apt)");
            None
        }
    }
}

fn write(place: &Path, tree: &Tree) {
    for (path, content) in tree.iter() {
        let path = place.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The shipped manifest for a host that runs containers.
fn in_containers(podman: &str, systemd: u16) -> String {
    contained(AVWAP, podman, systemd)
}

/// A manifest for a host that runs containers.
fn contained(manifest: &str, podman: &str, systemd: u16) -> String {
    let image = format!("registry.example/portcullis@sha256:{}", "0123456789abcdef".repeat(4));
    let table = if manifest.contains("\n[release]\n") { "\n[release]\n" } else { "\n[release]\n\n[identity]\n" };
    let before = if manifest.contains("\n[release]\n") { "\n[release]\n" } else { "\n[identity]\n" };
    let table = table.replacen("[release]\n", &format!("[release]\nimage = \"{image}\"\n"), 1);
    let text = manifest.replacen("systemd = 252", &format!("podman = \"{podman}\"\nsystemd = {systemd}"), 1);
    assert!(text.contains(before), "the manifest says who runs it");
    text.replacen(before, &table, 1)
}

/// The words of a command line as systemd prints it for a shell, `$$` still to be halved at execution.
fn unquoted(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while chars.peek().is_some() {
        let (mut word, mut inside) = (String::new(), false);
        while let Some(c) = chars.next() {
            match c {
                '"' => inside = !inside,
                '\\' => word.extend(chars.next()),
                ' ' if !inside => break,
                c => word.push(c),
            }
        }
        words.push(word.replace("$$", "$"));
    }
    words
}

fn complaints(said: &str) -> String {
    said.lines().filter(|line| line.contains(".service:") || line.contains(".container")).collect::<Vec<_>>().join("\n")
}
