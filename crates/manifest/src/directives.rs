//! Words of systemd that are no keys of a manifest, with the harm that each did where it was written by hand.

/// Why a key cannot be written that is called as a directive of systemd; case and `_` do not matter.
pub(crate) fn why_not(key: &str) -> Option<&'static str> {
    let plain: String = key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
    DIRECTIVES.iter().find(|(directive, _)| *directive == plain).map(|(_, why)| *why)
}

const DIRECTIVES: [(&str, &str); 19] = [
    ("requires", REQUIRES),
    ("bindsto", REQUIRES),
    ("requisite", REQUIRES),
    ("wants", REQUIRES),
    (
        "wantedby",
        "one target is enabled and starts what runs by itself; WantedBy=default.target once traded at every login",
    ),
    ("environmentfile", SECRETS),
    ("passenvironment", SECRETS),
    ("execstart", PROGRAMS),
    ("execstartpre", PROGRAMS),
    ("execcondition", "gates follow from the role: write `gates`, and none of them can be written off by a `-` prefix"),
    ("workingdirectory", "files lie below `state` of [paths]"),
    ("user", "everything runs as the `user` of [identity]"),
    (
        "persistent",
        "a missed run is made up for by `late_start`, which judges how late it is; Persistent= alone runs it whenever the host comes up",
    ),
    ("remainafterexit", "with RemainAfterExit= a timer runs its job once and never again"),
    ("startlimitintervalsec", START_LIMIT),
    ("startlimitburst", START_LIMIT),
    ("restartsec", "the restart policy follows from the role"),
    ("successexitstatus", "a refusal's code that counts as success lets a refusing gate pass"),
    (
        "runtimemaxsec",
        "a service that may hold positions is never ended by a clock: a session of ten minutes once ended before the market opened",
    ),
];

const REQUIRES: &str = "`after` orders starts, and nothing ties one start to another: Requires= in a timer once ran its job at \
    every boot, and an end-of-day job that required trading started it";
const SECRETS: &str = "settings go into `env`, and secrets into files that [secrets.*] names: what stands in an environment is \
    inherited by every child and shown by `systemctl show`";
const PROGRAMS: &str = "name a `program` of the release; its command line follows, and no shell reads it";
const START_LIMIT: &str =
    "the start limit follows from the role; in [Service], where documents had it, systemd ignores it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_however_they_are_written() {
        for key in ["Requires", "requires", "wanted_by", "WantedBy", "start-limit-burst", "EnvironmentFile"] {
            assert!(why_not(key).is_some(), "{key}");
        }
        for key in ["schedule", "after", "", "requiresx"] {
            assert!(why_not(key).is_none(), "{key}");
        }
    }
}
