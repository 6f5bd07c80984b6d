//! A manifest's `env` against the programs' own table of variables ([`contract::env`]).

use contract::{
    env::{self, InManifest, VARIABLES},
    foreign::{self, InEnv},
};
use manifest::{Code, Problem, Setting, Severity, Variable, nearest};

/// Variables that follow from a key of the manifest: written twice they could disagree, as two databases once did.
const FROM_KEYS: [(&str, &str); 8] = [
    ("EXECUTION_MODE", "write `mode`: \"dry-run\", \"paper\" or \"live\""),
    ("DRY_RUN", "write `mode = \"dry-run\"`"),
    ("LIVE_TRADING", "write `mode = \"live\"` and `live = \"armed\"`"),
    ("APCA_API_BASE_URL", "the address follows from `mode`"),
    ("APCA_API_DATA_URL", "the address is always the broker's"),
    ("AVWAP_STATE_DIR", "write `state` in [paths], so that every unit has the same"),
    ("EXECUTION_V2_DB", "write `state` in [paths], so that every unit has the same database"),
    ("KILL_SWITCH", "pull the kill switch with `desk`: a unit that always holds it never trades"),
];

/// Every problem of every `env` table.
pub(crate) fn check(settings: &[Setting]) -> Vec<Problem> {
    settings.iter().filter_map(|setting| check_variable(&setting.program, &setting.variable)).collect()
}

fn check_variable(program: &str, variable: &Variable) -> Option<Problem> {
    let name = variable.name.get_ref().as_str();
    let at_name = |severity, message: String, hint: Option<String>| {
        Some(Problem { severity, code: Code::Environment, span: variable.name.span(), message, hint })
    };
    if let Some((_, instead)) = FROM_KEYS.iter().find(|(key, _)| *key == name) {
        return at_name(Severity::Error, format!("{name} cannot be set in `env`"), Some((*instead).to_owned()));
    }
    if let Some(other) = foreign::foreign(name) {
        return match other.in_env() {
            InEnv::Refused(instead) => {
                at_name(Severity::Error, format!("{name} cannot be set in `env`"), Some(instead.to_owned()))
            }
            InEnv::Ignored => {
                at_name(Severity::Warning, format!("{name} changes nothing"), Some(other.instead.to_owned()))
            }
        };
    }
    let Some(known) = env::variable(name) else {
        let meant = nearest(name, VARIABLES.iter().map(|known| known.name));
        let hint = meant.map(|meant| format!("did you mean {meant}?"));
        return at_name(Severity::Error, format!("no program of this release reads {name}"), hint);
    };
    if let InManifest::Refused(why) = known.manifest {
        return at_name(Severity::Error, format!("a unit cannot express {name}"), Some(why.to_owned()));
    }
    if let Err(error) = known.check(variable.value.get_ref()) {
        return Some(Problem {
            severity: Severity::Error,
            code: Code::Environment,
            span: variable.value.span(),
            message: error.to_string(),
            hint: known.default.map(|default| format!("without this line it is {default}")),
        });
    }
    let reads = |reader: &str| reader == program || reader == "all";
    if !known.read_by.split(", ").any(reads) {
        let hint = format!("it is read by {}", known.read_by);
        return at_name(Severity::Warning, format!("{program} does not read {name}"), Some(hint));
    }
    None
}
