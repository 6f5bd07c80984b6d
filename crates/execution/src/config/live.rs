//! Real money is bound three times: address and account by the client, both and the mode by the installed manifest.

use manifest::{Live, Mode};
use trading::order::AccountId;

use super::reading::Reading;
use crate::manifest::Installed;

impl Reading<'_> {
    /// LIVE only as the installed manifest says: `mode = "live"`, `live = "armed"`, and this account.
    pub fn bound_to_live(&mut self, installed: Option<&Installed>, account: Option<&AccountId>) {
        let refused = match (installed, account) {
            (None, _) => Some("there is no installed manifest (PORTCULLIS_MANIFEST)".to_owned()),
            (Some(installed), Some(account)) => disagreement(installed, account),
            (Some(_), None) => None,
        };
        self.reservations.extend(refused.map(|why| format!("EXECUTION_MODE=LIVE: {why}")));
    }
}

fn disagreement(installed: &Installed, account: &AccountId) -> Option<String> {
    if let Some(why) = installed.disagreement() {
        return Some(why);
    }
    let path = installed.path.display();
    let Ok(bytes) = std::fs::read(&installed.path) else { return Some(format!("{path} cannot be read")) };
    let Ok(accepted) = manifest::read(&bytes) else {
        return Some(format!("{path} has errors (unitgen check says which)"));
    };
    let Some(trading) = accepted.deployment.trader().and_then(|service| service.trading()) else {
        return Some(format!("{path} has no service that places orders"));
    };
    if trading.live() == Live::Never {
        return Some(format!("{path} says live = \"never\""));
    }
    match trading.mode() {
        Mode::Live => {}
        Mode::DryRun | Mode::Paper => return Some(format!("{path} says another mode than live")),
    }
    let bound = trading.account();
    (bound.as_str() != account.as_str()).then(|| format!("{path} says account {bound}, PORTCULLIS_ACCOUNT {account}"))
}
