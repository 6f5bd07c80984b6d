//! Units as systemd finds them on a host: what was rendered, and what podman's own generator makes of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use manifest::Catalogue;
use tempfile::TempDir;
use unitgen::{
    Tree,
    guardrails::{self, Guardrail, Units, Verdict},
    source,
    targets::{
        self, Target,
        run::{OF_CONTAINER, Run},
    },
};

/// Units as systemd finds them on a host: what was rendered, and what podman's generator makes of it.
pub struct Host {
    place: TempDir,
    units: Tree,
    pub notes: Vec<targets::Note>,
}

impl Host {
    pub fn of(target: Target, manifest: &str) -> Option<Self> {
        let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned());
        let checked = checked.unwrap_or_else(|problems| panic!("{problems:#?}"));
        Self::rendered(target, &checked.deployment, manifest, &checked.digest)
    }

    /// Passes by what programs make of their settings: the renderer is asked, not they.
    pub fn unchecked(target: Target, manifest: &str) -> Option<Self> {
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
    pub fn words(&self, unit: &str) -> Option<Vec<String>> {
        let dump = self.loaded(unit)?;
        let start = dump.iter().position(|line| line.trim() == "-> ExecStart:").unwrap();
        let line = dump[start + 1].trim().strip_prefix("Command Line: ").unwrap();
        let here = self.place.path().display().to_string();
        Some(unquoted(line).iter().map(|word| word.replace(&here, "")).collect())
    }

    /// What systemd holds in memory of a unit, as its debug log shows it.
    pub fn loaded(&self, unit: &str) -> Option<Vec<String>> {
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
    pub fn directives(&self, unit: &str) -> Vec<(String, String, String)> {
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
    pub fn programs(&self) -> Vec<String> {
        let runs = |content: &[u8]| String::from_utf8_lossy(content).contains("\nExecStart=/usr/bin/podman run ");
        self.units.iter().filter(|(_, content)| runs(content)).map(|(path, _)| path.to_owned()).collect()
    }

    /// The guardrails of its units; those of a sandbox by the container where there is one.
    pub fn held(&self, native: &BTreeSet<(String, Guardrail)>, denies_binds: bool) -> BTreeSet<(String, Guardrail)> {
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

pub fn generator() -> Option<PathBuf> {
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

pub fn write(place: &Path, tree: &Tree) {
    for (path, content) in tree.iter() {
        let path = place.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
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
