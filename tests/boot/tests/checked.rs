//! The units of deployments that no scenario runs yet, since their programs are to come: systemd's own checker of both releases
//! finds nothing wrong with them, as the system's units and as a login's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::Path};

use anyhow::ensure;
use boot::{Host, Scenario, boot_once};
use manifest::Catalogue;
use unitgen::{Tree, source, systemd};

const MANIFESTS: [(&str, &str); 3] = [
    ("traderunner", include_str!("../../../manifests/traderunner.toml")),
    ("aurora-paper", include_str!("../../../manifests/aurora-paper.toml")),
    ("aurora-session", include_str!("../../../manifests/aurora-session.toml")),
];

/// What is checked of the system's manager, and of a login's; `wrong` has a line that must be seen.
const SCRIPT: &str = "#: about systemd's own checker finds nothing wrong with units whose programs are to come
#: deploy nothing
#: timeout 120
mkdir -p /usr/lib/portcullis/bin /run/user/0
for program in gate desk unitgen marketdata intents analytics session; do
    ln -sf /bin/true /usr/lib/portcullis/bin/$program
done
checked() { SYSTEMD_COLORS=0 XDG_RUNTIME_DIR=/run/user/0 systemd-analyze verify --man=no --recursive-errors=one \"$@\" 2>&1; }
checked /scenario/traderunner/*.{service,timer,target} > \"$OUT/traderunner\" || echo \"ended $?\" >> \"$OUT/traderunner\"
for set in aurora-paper aurora-session; do
    checked --user /scenario/$set/*.{service,timer,target} > \"$OUT/$set\" || echo \"ended $?\" >> \"$OUT/$set\"
done
mkdir /scenario/wrong
sed 's/^RestartSec=.*/RestartSec=soon/' /scenario/traderunner/automatictrader-worker.service > /scenario/wrong/automatictrader-worker.service
checked /scenario/wrong/automatictrader-worker.service > \"$OUT/wrong\" || true
";

#[test]
fn debian_12() {
    check(Host::Debian12);
}

#[test]
fn debian_13() {
    check(Host::Debian13);
}

fn check(host: Host) {
    let scenario = Scenario::parse("checked", SCRIPT).unwrap();
    boot_once(&scenario, host, lay, judge).unwrap_or_else(|error| panic!("{error:#}"));
}

fn rendered(name: &str, manifest: &str) -> Tree {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned());
    let checked = checked.unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}

fn lay(layer: &Path) -> anyhow::Result<()> {
    for (name, manifest) in MANIFESTS {
        for (path, content) in rendered(name, manifest).iter() {
            let to = layer.join("scenario").join(name).join(path);
            fs::create_dir_all(to.parent().unwrap_or(layer))?;
            fs::write(to, content)?;
        }
    }
    Ok(())
}

fn judge(out: &Path) -> anyhow::Result<()> {
    for (name, _) in MANIFESTS {
        let said = fs::read_to_string(out.join(name))?;
        // A checker that runs beside the manager cannot watch the login's sockets, and says so of itself.
        let strange: Vec<&str> =
            said.lines().filter(|line| line.contains("/scenario/") || line.contains("ended ")).collect();
        ensure!(strange.is_empty(), "{name}: {}", said.trim());
    }
    let wrong = fs::read_to_string(out.join("wrong"))?;
    ensure!(
        wrong.contains("ignoring: soon") || wrong.contains("RestartSec"),
        "a line that is wrong was passed over: {wrong}"
    );
    Ok(())
}
