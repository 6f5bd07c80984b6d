//! What a code means that another command printed, and what to do: problems of `check`, findings of `verify`, troubles of
//! `check --host`, findings of `drift`, and guardrails, by which `diff`, `drift` and `plan` say what is lost.

use manifest::Code as Problem;

use crate::{drift::Code as Drift, guardrails::Guardrail, host::Kind as Trouble, verify::Code as Finding};

/// A code, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The code.
    pub code: &'static str,
    /// The command that prints it.
    pub told_by: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: String,
}

/// Every code of every command; one that two commands print is there twice.
pub fn all() -> impl Iterator<Item = Explained> {
    let explained =
        |code, told_by, meaning, remedy: &str| Explained { code, told_by, meaning, remedy: remedy.to_owned() };
    let problems = Problem::ALL.into_iter().map(move |code| {
        let (meaning, remedy) = of_problem(code);
        explained(code.as_str(), "check", meaning, remedy)
    });
    let troubles = Trouble::ALL.into_iter();
    let troubles = troubles.map(move |kind| explained(kind.as_str(), "check --host", of_trouble(kind), kind.remedy()));
    let findings = Finding::ALL.into_iter();
    let findings = findings.map(move |code| explained(code.as_str(), "verify", code.meaning(), code.remedy()));
    let drift = Drift::ALL.into_iter();
    let drift = drift.map(move |code| explained(code.as_str(), "drift", code.meaning(), code.remedy()));
    problems.chain(troubles).chain(findings).chain(drift).chain(Guardrail::ALL.into_iter().map(of_guardrail))
}

/// A guardrail, by what is so without it.
fn of_guardrail(guardrail: Guardrail) -> Explained {
    let entry = guardrail.entry();
    let directives: Vec<String> =
        entry.directives.iter().map(|(section, key)| format!("{key}= in [{section}]")).collect();
    let incident = entry.incident.map(|incident| format!("; {incident}")).unwrap_or_default();
    let remedy = format!("look at {}{incident}", directives.join(", "));
    Explained { code: guardrail.id(), told_by: "diff, drift and plan, as a guardrail", meaning: entry.without, remedy }
}

/// What is told of one code.
#[must_use]
pub fn of(code: &str) -> Vec<Explained> {
    all().filter(|explained| explained.code == code).collect()
}

/// As people read it.
#[must_use]
pub fn to_text(explained: &[Explained]) -> String {
    let text = |Explained { code, told_by, meaning, remedy }: &Explained| {
        format!("{code}, told by unitgen {told_by}\n  means: {meaning}\n  help: {remedy}\n")
    };
    explained.iter().map(text).collect()
}

fn of_problem(code: Problem) -> (&'static str, &'static str) {
    match code {
        Problem::Syntax => (
            "the file is no TOML, no UTF-8, or too large; what could be read of it is judged all the same",
            "mend the line that is pointed at, and check again: more may show",
        ),
        Problem::Schema => (
            "the manifest is written in another version of the language, so nothing else of it can be judged",
            "write `schema = 1`, or use the release that the manifest was written for",
        ),
        Problem::UnknownKey => (
            "the language has no such key here; a mistyped key that was ignored would be a guardrail that is not \
                there",
            "see what is meant in portcullis-manifest(5), or take the line out",
        ),
        Problem::MissingKey => {
            ("a key has to be written, because no default of it would be safe", "write the line that is shown")
        }
        Problem::WrongType => (
            "a value is of another type than the key: a number where a text belongs, and the like",
            "write it as the message says",
        ),
        Problem::BadValue => (
            "a value is of the right type and still none that this key can have",
            "write one of those that the message tells of",
        ),
        Problem::NotInThisRelease => (
            "the language knows it, and this release cannot run it; nothing is rendered that cannot run",
            "take the line out, or use a release that has it",
        ),
        Problem::MissingGuardrail => (
            "a service that places orders lacks something that keeps it from trading when it must not",
            "write the line that is shown; the incident beside it is what happened without it",
        ),
        Problem::DisarmsGuardrail => (
            "a setting would take a guardrail away that is there",
            "take the line out: no manifest can say this, whatever the reason",
        ),
        Problem::UnknownName => (
            "a name leads to nothing that the manifest or the release has",
            "mend the name, or write what it \
                names",
        ),
        Problem::Duplicate => (
            "two things are the same that must differ: one would take the other's place, or both would act",
            "rename or remove one",
        ),
        Problem::Cycle => (
            "jobs or services wait for or start each other in a circle that never ends",
            "break the circle at one of its members",
        ),
        Problem::DstHour => (
            "the time lies in the hours that a change of daylight saving skips or repeats: once a year the job \
                would not run, once twice",
            "choose a time apart from those hours (in New York before 01:00 or from 03:00 on), or write UTC behind it",
        ),
        Problem::OutsideSession => (
            "the job would run on a day or at an hour at which its work is of no use",
            "choose an hour as shown; it is a warning, and the units are rendered",
        ),
        Problem::Exposed => (
            "others than this host can reach what a service serves, and it asks nobody for a password",
            "listen at 127.0.0.1 and come through a tunnel; it is a warning, and the units are rendered",
        ),
        Problem::SecretInManifest => (
            "what looks like a secret stands where every user of the host can read it",
            "put it into a file below /etc/portcullis/credentials and name it in [secrets.*]; make a new key, this \
                one was written down",
        ),
        Problem::NeverRuns => (
            "something is declared that nothing would ever start, or waits for what nobody makes",
            "give it a schedule, or name it in on_success of a job",
        ),
        Problem::Unused => ("something is declared that nothing uses; it is a warning", "use it or take it out"),
        Problem::Environment => (
            "an environment variable that a unit may not set, whose value its program would refuse, or that no \
                program reads: a limit that nothing enforces",
            "docs/environment.md has every variable with its values",
        ),
    }
}

fn of_trouble(kind: Trouble) -> &'static str {
    match kind {
        Trouble::SystemdTooOld => "the host's systemd would ignore lines of the units, guardrails among them",
        Trouble::SystemdUnknown => "nothing here says that systemd runs this host",
        Trouble::NoTimeZones => "the host knows no time zones, so every timer with one would be ignored",
        Trouble::NoUser | Trouble::NoGroup => {
            "the units run as somebody who is not there, so no start would \
            succeed"
        }
        Trouble::NoLinger => "the manager that runs the units ends with the last login, and does not start at boot",
        Trouble::AccountOfOthers => {
            "whoever trades could do what others of the host are trusted with, or they what it may"
        }
        Trouble::PlaceOfOthers => "the user would be given a directory that is somebody else's, with everything in it",
        Trouble::ProgramMissing | Trouble::ProgramNotExecutable => {
            "a unit runs this; a gate that cannot be run is skipped in silence, with its service"
        }
        Trouble::CredentialMissing | Trouble::CredentialEmpty => {
            "the broker would not know the process, and its start fails or its orders do"
        }
        Trouble::CredentialOpen => "others than its owner can read the secret, and may have",
        Trouble::CredentialHidden => "only root can see whether the secret is there",
        Trouble::ReadOnly | Trouble::Full | Trouble::PlaceUnknown => "units or state cannot be written there",
        Trouble::ClockNotKept | Trouble::ClockUnknown => {
            "gates, sessions and timers decide by a clock that nobody keeps right"
        }
        Trouble::ToolMissing => {
            "units of containers run it before and behind: as the deployment's user, or to lay its keys"
        }
        Trouble::PodmanMissing => "units run podman, and without it no start would succeed",
        Trouble::PodmanTooOld => "the host's podman would ignore what units tell it, a sandbox among it, or refuse it",
        Trouble::PodmanUnknown => "nothing here says what this podman obeys",
        Trouble::GeneratorMissing => "files for podman's generator would become no units, and nothing would run",
        Trouble::ImageMissing => {
            "units run this image and fetch none, so that no start waits for a registry: without it every start fails"
        }
        Trouble::ImageUnknown => "nobody can say whether the image is there that units run",
        Trouble::PolicyMissing => "podman fetches no image without being told which it may",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained() {
        for explained in all() {
            assert_eq!(
                of(explained.code).iter().filter(|other| other.told_by == explained.told_by).count(),
                1,
                "{explained:?}"
            );
            assert!(explained.meaning.len() > 20 && explained.remedy.len() > 10, "{explained:?}");
        }
        assert!(of("never-heard").is_empty());
    }
}
