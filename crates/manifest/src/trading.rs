//! What a service that may open positions trades: for which account, in which mode, whether ever for real money.

use toml::Spanned;

use crate::{
    account::Account,
    fields::Fields,
    mode::{Live, Mode},
    problem::{Code, Problems, Refusal},
    role,
    scope::Scope,
    secrets::Secret,
};

/// Account, mode, and whether real money may ever move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trading {
    account: Account,
    mode: Mode,
    live: Live,
}

impl Trading {
    /// Reads `account`, `mode` and `live`; `secrets` are the service's.
    pub(crate) fn read(
        fields: &mut Fields<'_>,
        secrets: impl FnOnce(&mut Fields<'_>, &mut Problems) -> Vec<Secret>,
        scope: Scope,
        problems: &mut Problems,
    ) -> (Option<Self>, Vec<Secret>) {
        role::require_account(fields, problems);
        let account = fields.parsed("account", problems, Account::parse);
        let mode = fields.parsed("mode", problems, Mode::parse);
        let live = fields.parsed("live", problems, Live::parse).map_or(Live::Never, Spanned::into_inner);
        let has_secrets = fields.has("secrets");
        fields.require("secrets", "[\"alpaca\"]", problems);
        let secrets = secrets(fields, problems);
        if has_secrets {
            check_credentials(&secrets, fields, problems);
        }
        let mode = mode.map_or(Mode::DryRun, Spanned::into_inner);
        if mode == Mode::Live {
            check_live(live, &secrets, fields, problems);
        }
        if scope == Scope::User {
            check_nobody_is_real(mode, live, fields, problems);
        }
        let Some(account) = account else { return (None, secrets) };
        check_account(&account, mode, problems);
        (Some(Self { account: account.into_inner(), mode, live }), secrets)
    }

    /// The broker account it acts for.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What becomes of its orders.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it may trade real money at all.
    #[must_use]
    pub fn live(&self) -> Live {
        self.live
    }
}

fn check_credentials(secrets: &[Secret], fields: &Fields<'_>, problems: &mut Problems) {
    for needed in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
        if !secrets.iter().any(|secret| secret.name() == needed) {
            let message = format!("{} talks to the broker and gets no {needed}", fields.place());
            problems.error(
                fields.span_of("secrets"),
                Refusal::new(Code::MissingGuardrail, message).hint(
                    "a preflight once passed 4 of 4 checks without credentials; name the group of [secrets.*] that has it",
                ),
            );
        }
    }
}

/// LIVE is never on by accident: the manifest says so twice, and its process gets the token that confirms it.
fn check_live(live: Live, secrets: &[Secret], fields: &Fields<'_>, problems: &mut Problems) {
    if live == Live::Never {
        let message = format!("{} is live and may never be", fields.place());
        let hint = "real money moves on armed days only: write `live = \"armed\"` too, or `mode = \"paper\"`";
        problems.error(fields.span_of("mode"), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
    }
    if !secrets.iter().any(|secret| secret.name() == "LIVE_CONFIRM_TOKEN") {
        let message = format!("{} is live and gets no LIVE_CONFIRM_TOKEN", fields.place());
        let hint = "write `[secrets.live]` with `keys = [\"LIVE_CONFIRM_TOKEN\"]` and name the group in `secrets`";
        problems.error(fields.span_of("secrets"), Refusal::new(Code::MissingGuardrail, message).hint(hint));
    }
}

/// Whoever runs a user's units can rewrite them, the manifest and the gates: that takes root where real money moves.
fn check_nobody_is_real(mode: Mode, live: Live, fields: &Fields<'_>, problems: &mut Problems) {
    let refuse = |key: &str, problems: &mut Problems| {
        let message = format!("{} of a user's manager may not trade real money", fields.place());
        let hint = "whoever runs these units can rewrite them and the manifest: write `scope = \"system\"`, where root alone can";
        problems.error(fields.span_of(key), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
    };
    if mode == Mode::Live {
        refuse("mode", problems);
    }
    if live == Live::Armed {
        refuse("live", problems);
    }
}

fn check_account(account: &Spanned<Account>, mode: Mode, problems: &mut Problems) {
    let (message, hint) = match (mode, account.get_ref().is_paper()) {
        (Mode::DryRun, _) | (Mode::Paper, true) | (Mode::Live, false) => return,
        (Mode::Paper, false) => ("is no paper account", "with mode = \"paper\" the account starts with PA"),
        (Mode::Live, true) => ("is a paper account", "with mode = \"live\" the account does not start with PA"),
    };
    let message = format!("{} {message}", account.get_ref());
    problems.error(account.span(), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
}
