//! Orders with exits: which forms there are, and on which side of what their prices lie.

use market::Price;
use trading::order::Side;

use super::{
    super::ticket::{Class, Exit, Kind, Lifetime, StopLoss, Ticket},
    CENT, Violation, sub_penny,
};

/// Checks the class of a ticket; `market` is the price that exits of a market order are measured from.
pub(super) fn check(ticket: &Ticket, market: Option<Price>, found: &mut Vec<Violation>) {
    let (take_profit, stop_loss) = match ticket.class {
        Class::Simple => return,
        Class::Bracket { take_profit, stop_loss } => (Some(take_profit), Some(stop_loss)),
        Class::Oco { stop_loss } => (None, Some(stop_loss)),
        Class::Oto(Exit::TakeProfit(limit)) => (Some(limit), None),
        Class::Oto(Exit::StopLoss(stop_loss)) => (None, Some(stop_loss)),
    };
    form(ticket, found);
    for (what, price) in [
        ("take-profit limit", take_profit),
        ("stop-loss stop", stop_loss.map(|exit| exit.stop)),
        ("stop-loss limit", stop_loss.and_then(|exit| exit.limit)),
    ] {
        found.extend(price.and_then(|price| sub_penny(what, price)));
    }
    geometry(ticket, market, take_profit, stop_loss, found);
}

fn form(ticket: &Ticket, found: &mut Vec<Violation>) {
    let is_oco = matches!(ticket.class, Class::Oco { .. });
    for (broken, why) in [
        (is_oco && !matches!(ticket.kind, Kind::Limit { .. }), "an oco order is the limit that takes the profit"),
        (!is_oco && matches!(ticket.kind, Kind::TrailingStop { .. }), "a trailing stop has no exits"),
        (
            !matches!(ticket.lifetime, Lifetime::Day | Lifetime::Gtc),
            "an order with exits works for the day or till cancelled",
        ),
    ] {
        found.extend(broken.then_some(Violation::Class { why }));
    }
}

/// Of a long entry the profit lies above and the stop below what it costs, of a short one the other way; the stop is at
/// least a cent away, and its own limit is not on the near side of it. An oco order is an exit: it sells what is long.
fn geometry(
    ticket: &Ticket,
    market: Option<Price>,
    take_profit: Option<Price>,
    stop_loss: Option<StopLoss>,
    found: &mut Vec<Violation>,
) {
    let is_oco = matches!(ticket.class, Class::Oco { .. });
    let is_long = match ticket.side {
        Side::Buy => !is_oco,
        Side::Sell => is_oco,
    };
    // The same inequalities serve both sides when prices are mirrored.
    let height = |price: Price| if is_long { price.units() } else { -price.units() };
    let mut need = |above: Price, below: Price, least: i64, why: &'static str, told: (Price, Price)| {
        if height(above) - height(below) < least {
            found.push(Violation::Geometry { why, price: told.0, against: told.1 });
        }
    };
    let base = ticket.kind.limit().or(ticket.kind.stop()).or(market);
    if let (Some(profit), Some(base)) = (take_profit, base) {
        need(profit, base, CENT, "the take-profit limit is not beyond the price of the entry", (profit, base));
    }
    if let Some(StopLoss { stop, limit }) = stop_loss {
        if let Some(base) = base {
            need(base, stop, CENT, "the stop is not at least a cent on the other side of the base price", (stop, base));
        }
        if let Some(profit) = take_profit.filter(|_| base.is_none()) {
            need(profit, stop, CENT, "the take-profit limit is not beyond the stop", (profit, stop));
        }
        if let Some(limit) = limit {
            need(stop, limit, 0, "the limit of the stop is on its near side and would not fill", (limit, stop));
        }
    }
}
