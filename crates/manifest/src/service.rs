//! `[services.NAME]`: a long-running process. This release renders one role, `orders`.

use toml::Spanned;

use crate::{
    account::Account,
    env::{self, Env},
    fields::{Fields, Later, accept},
    mode::{Live, Mode},
    name::Name,
    problem::{Code, Problems, Refusal},
    program::Task,
    role,
    secrets::{self, Secret},
    wiring::Wiring,
};

pub(crate) const LATER: Later = &[
    ("listen", "services that listen are not rendered by this release; remove it"),
    ("health", "health addresses are not rendered by this release; systemd's watchdog asks the process itself"),
    ("args", "an order-placing service runs `execution run`; settings go into [services.NAME.env]"),
];

/// A service that places orders, with all its guardrails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    name: Spanned<Name>,
    account: Spanned<Account>,
    mode: Mode,
    live: Live,
    secrets: Vec<Secret>,
    env: Env,
}

impl Service {
    /// `None` when something was reported that leaves no service to speak of.
    pub(crate) fn read(
        name: Option<Spanned<Name>>,
        mut fields: Fields<'_>,
        wiring: &mut Wiring,
        problems: &mut Problems,
    ) -> Option<Self> {
        fields.required("program", "\"execution\"", problems, check_program);
        fields.required("role", "\"orders\"", problems, role::check);
        role::require_account(&fields, problems);
        let account = fields.parsed("account", problems, Account::parse);
        let mode = fields.parsed("mode", problems, Mode::parse);
        let live = fields.parsed("live", problems, Live::parse).map_or(Live::Never, Spanned::into_inner);
        fields.parsed("restart", problems, role::check_restart);
        role::read_gates(&mut fields, problems);
        let has_secrets = fields.has("secrets");
        fields.require("secrets", "[\"alpaca\"]", problems);
        let secrets = secrets::resolve(&mut fields, wiring, problems);
        if has_secrets {
            check_credentials(&secrets, &fields, problems);
        }
        if mode.as_ref().is_some_and(|mode| *mode.get_ref() == Mode::Live) {
            check_live(live, &secrets, &fields, problems);
        }
        let env = env::read(fields.table("env", &[], problems), problems);
        wiring.add_settings(Task::Trade.program(), &env);
        // Asked for only to be refused with its reason, instead of as an unknown key.
        if fields.has("success_codes") {
            role::refuse_success_codes(&fields, problems);
            let _ = fields.texts("success_codes", &mut Problems::default());
        }
        fields.finish(problems);
        let mode = mode.map_or(Mode::DryRun, Spanned::into_inner);
        let account = account?;
        check_account(&account, mode, problems);
        Some(Self { name: name?, account, mode, live, secrets, env })
    }

    /// Its name, which is its unit's.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.name.get_ref()
    }

    /// What it runs.
    #[must_use]
    pub fn task(&self) -> Task {
        Task::Trade
    }

    /// The broker account it acts for.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.account.get_ref()
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

    /// The credentials it gets, in the order of their names.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Its plain settings.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    pub(crate) fn name_span(&self) -> std::ops::Range<usize> {
        self.name.span()
    }
}

/// Reads the name that the author gave to a service or job.
pub(crate) fn read_name(name: &Spanned<&str>, problems: &mut Problems) -> Option<Spanned<Name>> {
    accept(name, problems, Name::parse)
}

fn check_program(text: &str) -> Result<(), Refusal> {
    match text {
        "execution" => Ok(()),
        "analytics" | "marketdata" | "intents" => {
            Err(Refusal::new(Code::NotInThisRelease, format!("this release does not contain `{text}`"))
                .hint("remove the service: nothing is rendered that cannot run"))
        }
        _ => Err(Refusal::new(Code::UnknownName, format!("the release contains no service `{text}`"))
            .hint("it contains `execution`")),
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

fn check_account(account: &Spanned<Account>, mode: Mode, problems: &mut Problems) {
    let (message, hint) = match (mode, account.get_ref().is_paper()) {
        (Mode::DryRun, _) | (Mode::Paper, true) | (Mode::Live, false) => return,
        (Mode::Paper, false) => ("is no paper account", "with mode = \"paper\" the account starts with PA"),
        (Mode::Live, true) => ("is a paper account", "with mode = \"live\" the account does not start with PA"),
    };
    let message = format!("{} {message}", account.get_ref());
    problems.error(account.span(), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
}
