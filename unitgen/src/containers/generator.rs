//! What the generator makes of a file. Of options that we do not render those are known that open a container; any other key
//! becomes an option of its own name, so that nothing is passed over.

use crate::{
    guardrails::{Assignment, assignments},
    unit::words,
};

/// Keys of `[Container]`, each with the option that it becomes.
const OPTIONS: [(&str, &str); 26] = [
    ("AddCapability", "--cap-add"),
    ("AddDevice", "--device"),
    ("DropCapability", "--cap-drop"),
    ("Entrypoint", "--entrypoint"),
    ("EnvironmentFile", "--env-file"),
    ("EnvironmentHost", "--env-host"),
    ("ImageVolume", "--image-volume"),
    ("Label", "--label"),
    ("LogDriver", "--log-driver"),
    ("Mask", "--security-opt=mask"),
    ("Mount", "--mount"),
    ("Network", "--network"),
    ("PidsLimit", "--pids-limit"),
    ("PublishPort", "--publish"),
    ("Pull", "--pull"),
    ("ReadOnlyTmpfs", "--read-only-tmpfs"),
    ("SeccompProfile", "--security-opt=seccomp"),
    ("Secret", "--secret"),
    ("StopSignal", "--stop-signal"),
    ("StopTimeout", "--stop-timeout"),
    ("Sysctl", "--sysctl"),
    ("Tmpfs", "--tmpfs"),
    ("Ulimit", "--ulimit"),
    ("Unmask", "--security-opt=unmask"),
    ("UserNS", "--userns"),
    ("Volume", "--volume"),
];
/// Switches, each with the option that yes becomes.
const SWITCHES: [(&str, &str); 3] = [
    ("NoNewPrivileges", "--security-opt=no-new-privileges"),
    ("ReadOnly", "--read-only"),
    ("SecurityLabelDisable", "--security-opt=label=disable"),
];
/// Keys that are judged elsewhere: they are no options of their own.
const APART: [&str; 7] = ["ContainerName", "Exec", "Group", "Image", "Notify", "PodmanArgs", "User"];
/// What the generator adds to every service, in its order.
const ADDED: &str = "\
Environment=PODMAN_SYSTEMD_UNIT=%n
KillMode=mixed
ExecStop=/usr/bin/podman rm -v -f -i --cidfile=%t/%N.cid
ExecStopPost=-/usr/bin/podman rm -v -f -i --cidfile=%t/%N.cid
Delegate=yes
";

/// The service that comes of a file; `path` is where the file lies on its host.
#[must_use]
pub fn generated(path: &str, content: &[u8]) -> String {
    generated_with(path, &[content])
}

/// The same with drop-ins of the file behind it.
#[must_use]
pub fn generated_with(path: &str, contents: &[&[u8]]) -> String {
    let said: Vec<Assignment> = contents.iter().flat_map(|content| assignments(path, content)).collect();
    let is_oneshot = said.iter().any(|said| is(said, "Service", "Type") && said.value == "oneshot");
    let waits = !said.iter().any(|said| is(said, "Quadlet", "DefaultDependencies") && said.value == "false");
    let mut text = format!("# Automatically generated of {path}\n\n[Unit]\n");
    if waits {
        text += "Wants=network-online.target\nAfter=network-online.target\n";
    }
    text += &section(&said, "Unit");
    text += &format!("SourcePath={path}\nRequiresMountsFor=%t/containers\n");
    for name in ["Quadlet", "Container"] {
        text += &format!("\n[X-{name}]\n{}", section(&said, name));
    }
    text += &format!("\n[Service]\n{}{ADDED}", section(&said, "Service"));
    if !said.iter().any(|said| is(said, "Service", "Type")) {
        text += "Type=notify\nNotifyAccess=all\n";
    }
    text += &format!("SyslogIdentifier=%N\nExecStart={}\n", command(&said, is_oneshot));
    if said.iter().any(|said| said.section == "Install") {
        text += &format!("\n[Install]\n{}", section(&said, "Install"));
    }
    text
}

fn is(said: &Assignment, section: &str, key: &str) -> bool {
    said.section == section && said.key == key
}

fn section(said: &[Assignment], name: &str) -> String {
    said.iter().filter(|said| said.section == name).map(|said| said.shown() + "\n").collect()
}

/// `podman run` with all its words.
fn command(said: &[Assignment], is_oneshot: bool) -> String {
    let last = |key: &str| said.iter().rfind(|said| is(said, "Container", key)).map_or("", |said| said.value.as_str());
    let name = if last("ContainerName").is_empty() { "systemd-%N" } else { last("ContainerName") };
    let mut run = vec!["/usr/bin/podman run".to_owned(), format!("--name={name}")];
    run.push("--cidfile=%t/%N.cid --replace --rm --cgroups=split".to_owned());
    if !is_oneshot {
        let by = if last("Notify") == "true" { "container" } else { "conmon" };
        run.push(format!("--sdnotify={by} -d"));
    }
    run.extend(said.iter().filter(|said| said.section == "Container").filter_map(option));
    match (last("User"), last("Group")) {
        ("", "") => {}
        (user, "") => run.push(quoted(&format!("--user={user}"))),
        (user, group) => run.push(quoted(&format!("--user={user}:{group}"))),
    }
    let args = listed(said, "PodmanArgs");
    run.extend(args.iter().flat_map(|line| words(line)).map(|word| quoted(&word)));
    run.push(last("Image").to_owned());
    run.extend(words(last("Exec")).iter().map(|word| quoted(word)));
    run.join(" ")
}

/// What stands behind the last empty assignment of a list.
fn listed(said: &[Assignment], key: &str) -> Vec<String> {
    let mut list = Vec::new();
    for said in said.iter().filter(|said| is(said, "Container", key)) {
        if said.value.is_empty() {
            list.clear();
        } else {
            list.push(said.value.clone());
        }
    }
    list
}

fn option(said: &Assignment) -> Option<String> {
    let Assignment { key, value, .. } = said;
    if APART.contains(&key.as_str()) || value.is_empty() {
        return None;
    }
    if let Some((_, option)) = SWITCHES.iter().find(|(name, _)| name == key) {
        return ["true", "yes", "1", "on"].contains(&value.as_str()).then(|| (*option).to_owned());
    }
    if key == "Environment" {
        // A name without a value is dropped.
        return value.contains('=').then(|| quoted(&format!("--env={value}")));
    }
    let known = OPTIONS.iter().find(|(name, _)| name == key).map(|(_, option)| (*option).to_owned());
    let option = known.unwrap_or_else(|| format!("--{}", key.to_ascii_lowercase()));
    Some(quoted(&format!("{option}={value}")))
}

/// A word as systemd reads it back; specifiers and dollars are what they were.
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && word != ";" && !word.contains([' ', '\t', '"', '\'', '\\']);
    if is_plain {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}
