//! The layer of one scenario: its script and the guest's library; rendered units, manifest, credentials, user; the drop-in
//! that points the deployment at the venue.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{
    lists, packages,
    programs::Programs,
    scenario::{Deploy, On, Scenario},
    vm,
};

/// The key that the venue lets in, as credentials.
const CREDENTIALS: [(&str, &str); 2] = [("APCA_API_KEY_ID", "SIMKEY"), ("APCA_API_SECRET_KEY", "SIMSECRET")];
const VENUE: &str = "http://127.0.0.1:8080";
const NEVER: &str = "[Timer]\nOnCalendar=\nOnCalendar=2099-01-01\n";
/// A sandbox without a network cannot ask the venue for the time.
const OFFLINE_ASKS_THE_VENUE: &str =
    "PrivateNetwork=no\nIPAddressAllow=localhost\nRestrictAddressFamilies=AF_INET AF_INET6\n";

/// Lays everything that the scenario asks for into an empty directory.
///
/// # Errors
/// When something cannot be written, or unitgen refuses the manifest.
pub fn lay(layer: &Path, scenario: &Scenario, programs: &Programs) -> anyhow::Result<()> {
    let guest = proofs::workspace_root().join("tests/boot/guest");
    write(&layer.join("scenario/main"), &fs::read(guest.join("main"))?)?;
    for entry in fs::read_dir(&guest)? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?;
        if path.extension().is_some_and(|end| end == "sh") {
            write(&layer.join("scenario").join(name), &fs::read(&path)?)?;
        }
    }
    write(&layer.join("scenario/run"), scenario.script.as_bytes())?;
    write(&layer.join("etc/systemd/system/scenario.service"), &fs::read(guest.join("scenario.service"))?)?;
    let wants = layer.join("etc/systemd/system/default.target.wants");
    fs::create_dir_all(&wants)?;
    std::os::unix::fs::symlink("../scenario.service", wants.join("scenario.service"))?;
    for session in &scenario.lists {
        let list = lists::attested(session, &scenario.venue, programs)?;
        for entry in fs::read_dir(list)? {
            let path = entry?.path();
            let name = path.file_name().context("a file has a name")?;
            let to = layer.join("scenario/lists").join(session).join(name);
            write(&to, &fs::read(&path)?)?;
        }
    }
    if let Some(session) = &scenario.inputs {
        lists::write_inputs(session, None, &scenario.venue, programs, &layer.join("scenario/inputs"))?;
    }
    if scenario.on == On::Vm {
        vm::lay(layer, scenario, programs)?;
    }
    for release in &scenario.packages {
        let package = packages::package(release, programs)?;
        let name = package.file_name().context("a package has a name")?;
        write(&layer.join("scenario/packages").join(name), &fs::read(&package)?)?;
    }
    match scenario.deploy {
        Deploy::Whole => deploy(layer, scenario, programs),
        // For whoever deploys in the guest.
        Deploy::Programs => write(&layer.join("scenario/avwap.toml"), edited_manifest(&scenario.manifest)?.as_bytes()),
        Deploy::Nothing => Ok(()),
    }
}

fn deploy(layer: &Path, scenario: &Scenario, programs: &Programs) -> anyhow::Result<()> {
    let etc = layer.join("etc/portcullis");
    let manifest = etc.join("avwap.toml");
    write(&manifest, edited_manifest(&scenario.manifest)?.as_bytes())?;
    for (name, value) in CREDENTIALS {
        write(&etc.join("credentials/avwap").join(name), value.as_bytes())?;
    }
    let units = layer.join("etc/systemd/system");
    // unitgen replaces a tree of its own; the guest's unit is not one of them.
    let rendered = layer.join("rendered");
    let output = Command::new(programs.find("unitgen")?)
        .args(["render".as_ref(), manifest.as_os_str(), "--target".as_ref(), "systemd".as_ref(), "--out".as_ref()])
        .arg(&rendered)
        .output()
        .context("unitgen")?;
    ensure!(output.status.success(), "unitgen: {}", String::from_utf8_lossy(&output.stderr));
    copy_tree(&rendered, &units)?;
    fs::remove_dir_all(&rendered)?;
    let sysusers = "g trading -\nu trading - \"Portcullis\" /var/lib/avwap\n";
    write(&layer.join("usr/lib/sysusers.d/portcullis-avwap.conf"), sysusers.as_bytes())?;
    point_at_the_venue(&units, scenario.on)
}

/// A drop-in for every service of the deployment; in a container, whose clock is the host's, timers wait for ever.
fn point_at_the_venue(units: &Path, on: On) -> anyhow::Result<()> {
    let clock = match on {
        On::Nspawn => "Environment=PORTCULLIS_CLOCK=venue\n",
        On::Vm => "",
    };
    for entry in fs::read_dir(units)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(".timer") && on == On::Nspawn {
            write(&units.join(format!("{name}.d/90-venue.conf")), NEVER.as_bytes())?;
        }
        if !name.ends_with(".service") || ["scenario.service", "venue.service"].contains(&name.as_str()) {
            continue;
        }
        let is_offline = fs::read_to_string(&path)?.contains("PrivateNetwork=yes");
        let network = if is_offline && !clock.is_empty() { OFFLINE_ASKS_THE_VENUE } else { "" };
        let text = format!(
            "[Service]\nEnvironment=APCA_API_BASE_URL={VENUE}\nEnvironment=APCA_API_DATA_URL={VENUE}\n{clock}{network}"
        );
        write(&units.join(format!("{name}.d/90-venue.conf")), text.as_bytes())?;
    }
    Ok(())
}

/// The shipped manifest after a scenario's edits.
fn edited_manifest(edits: &[String]) -> anyhow::Result<String> {
    let path = proofs::workspace_root().join("manifests/avwap.toml");
    let mut text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    for edit in edits {
        let mut sed = Command::new("sed");
        sed.args(["-E", "-e", edit]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = sed.spawn().context("sed")?;
        let mut input = child.stdin.take().context("sed reads")?;
        // A manifest is smaller than a pipe.
        std::io::Write::write_all(&mut input, text.as_bytes())?;
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "sed {edit:?}: {}", String::from_utf8_lossy(&output.stderr));
        let after = String::from_utf8(output.stdout)?;
        ensure!(after != text, "the edit {edit:?} changes nothing of {}", path.display());
        text = after;
    }
    Ok(text)
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            fs::create_dir_all(to)?;
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else {
            write(&target, &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}
