//! sysusers.d and tmpfiles.d: whom the units run as, and what has to be there before them.

use super::{EVERY_MANIFEST, Rule};

const SYSUSERS: &str = "sysusers.d(5)";
const TMPFILES: &str = "tmpfiles.d(5)";

pub(super) const RULES: &[Rule] = &[
    Rule::of("own-user", "sysusers.d", &["u"], SYSUSERS)
        .purpose("A system user without shell and password, who owns the deployment's state and nothing else.")
        .measured(
            "The state of DynamicUser= lies in a directory of root's, and two units that share one clash: the user \
                is a static one.",
        )
        .from(&["identity.user"]),
    Rule::of("own-group", "sysusers.d", &["g"], SYSUSERS)
        .purpose("The group of that user, where it has a name of its own.")
        .from(&["identity.group"]),
    Rule::of("root-writes-alone", "tmpfiles.d", &["d"], TMPFILES)
        .starts("/etc/portcullis")
        .purpose("Who may write here may trade: manifests, keys and the armed days of an account are root's alone.")
        .policy(EVERY_MANIFEST),
    Rule::of("state-before-the-first-start", "tmpfiles.d", &["d"], TMPFILES)
        .purpose("The units make their state themselves, but the first bars have to lie there before the first start.")
        .from(&["paths.state"]),
];
