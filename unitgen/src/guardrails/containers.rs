//! A unit that runs podman: its sandbox is the container's, and what the unit says to its program the container must pass on.
//! Source: podman-run(1).

use super::{Guardrail, Unit, Verdict, Verdicts, commands};
use crate::targets::run::{OF_CONTAINER, Run};

/// Puts the container's verdicts in the place of the unit's, where there is one.
pub(super) fn judge(unit: &Unit, verdicts: &mut Verdicts) {
    let Some(start) = commands::of(unit, "ExecStart").into_iter().find(|command| is_podman(&command.argv)) else {
        return;
    };
    for guardrail in OF_CONTAINER {
        verdicts.remove(&guardrail);
    }
    let run = match Run::read(&start.argv) {
        Ok(run) => run,
        Err(why) => {
            verdicts.extend(OF_CONTAINER.map(|guardrail| (guardrail, Verdict::Lost(why.clone()))));
            return;
        }
    };
    let said = |variable: &str| {
        let words = unit.words("Service", "Environment");
        words.iter().any(|word| word.split_once('=').is_some_and(|(name, _)| name == variable))
    };
    // Of a host that ignores the line, the render said so.
    let denied = unit.words("Service", "SocketBindDeny").iter().any(|word| word == "any");
    verdicts.extend(run.judge(said("RUNTIME_DIRECTORY"), denied));
    for (guardrail, lacks) in unheard(&run) {
        if let (Some(Verdict::Held(_)), Some(why)) = (verdicts.get(&guardrail), lacks) {
            verdicts.insert(guardrail, Verdict::Lost(why));
        }
    }
}

fn is_podman(argv: &[String]) -> bool {
    matches!(argv, [podman, run, ..] if podman.ends_with("/podman") && run == "run")
}

/// What a unit holds for its program, and the program does not hear of; why.
fn unheard(run: &Run) -> [(Guardrail, Option<String>); 4] {
    let untold = |names: &[&str]| {
        let missing = names.iter().find(|name| !run.values("--env").any(|said| said == **name));
        missing.map(|name| format!("the container is not told {name}"))
    };
    let deaf = || (!run.values("--sdnotify").eq(["container"])).then(|| "conmon says that it is ready".to_owned());
    let keyless = !run.values("--volume").any(|volume| volume.contains(":/run/credentials:ro"));
    [
        (Guardrail::ManifestDigest, untold(&["PORTCULLIS_MANIFEST_DIGEST", "PORTCULLIS_MANIFEST"])),
        (Guardrail::Readiness, deaf()),
        (Guardrail::Watchdog, deaf().or_else(|| untold(&["WATCHDOG_USEC"]))),
        (
            Guardrail::CredentialsAsFiles,
            keyless.then(|| "the container does not mount the unit's credentials".to_owned()),
        ),
    ]
}
