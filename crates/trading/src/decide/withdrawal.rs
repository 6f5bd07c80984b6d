//! Withdrawal: working entries that may no longer open anything, or whose position must get its stop first.

use market::Symbol;

use super::{Decision, Desk};
use crate::{
    control::{Authority, Kill},
    order::Side,
    phase,
};

/// Cancels them. At kill level cancel and above every working buy goes, whoever sent it.
pub(super) fn entries(desk: &Desk<'_>, decision: &mut Decision) {
    let everything = why_nothing_may_open(desk);
    let stop_all = desk.view.kill >= Some(Kill::Cancel);
    for order in desk.view.working.iter().filter(|order| order.side == Side::Buy) {
        if !stop_all && !desk.is_entry(order) {
            continue;
        }
        if let Some(why) = &everything {
            desk.cancel(decision, order, why);
        } else if has_shares(desk, order.symbol) {
            // The broker refuses a stop opposite a working buy as a wash trade, so the remainder goes first.
            desk.cancel(decision, order, "partly filled: the stop goes in before the rest");
        }
    }
}

fn has_shares(desk: &Desk<'_>, symbol: Symbol) -> bool {
    !desk.held(symbol).is_zero()
}

fn why_nothing_may_open(desk: &Desk<'_>) -> Option<String> {
    let view = desk.view;
    if view.kill >= Some(Kill::Cancel) {
        return Some("kill switch".to_owned());
    }
    if let Authority::ManageOnly(reason) = &view.authority {
        return Some(format!("no authority to open: {reason}"));
    }
    if view.stream_silent.is_some_and(|silent| silent >= desk.limits.stream_loss) {
        return Some("the stream is lost".to_owned());
    }
    let in_window = view.session.is_some_and(|s| phase::in_entry_window(&s, view.now, desk.limits.entry_delay));
    (!in_window).then(|| "outside the entry window".to_owned())
}
