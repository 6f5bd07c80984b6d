//! The broker's rules about orders, known beforehand: every breach at once, before anything is sent.
//!
//! Pure. An opening that breaks one is refused here; for everything else a breach is only logged and the broker asked,
//! because protection outranks our own idea of the rules. Source: the schemas CreateOrderRequest, PatchOrderRequest and
//! TimeInForce of the trading interface and its pages about orders and user protection.

mod class;

use std::fmt;

use market::{Price, Qty, Symbol, Usd};
use trading::{
    order::{OrderKind, Side},
    report::{OrderReport, OrderStatus},
};

use super::{
    assets::Asset,
    ticket::{Amount, Change, Class, Kind, Lifetime, Ticket, Trail},
};

const CENT: i64 = 100;

/// What is known beside the ticket; what is not known is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// The asset of the symbol.
    pub asset: Option<&'a Asset>,
    /// Orders that work.
    pub working: &'a [OrderReport],
    /// Shares held of the symbol.
    pub held: Option<Qty>,
    /// The price of the symbol: what exits of a market order are measured from.
    pub price: Option<Price>,
}

/// A rule that an order breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// More decimals than an order price may have.
    SubPenny {
        /// Which price.
        what: &'static str,
        /// The price.
        price: Price,
    },
    /// No shares, or no dollars.
    NothingOrdered,
    /// Dollars or fractions with another type than market, another lifetime than day, or with exits.
    Fraction {
        /// What does not go with it.
        with: &'static str,
    },
    /// Outside the session only limit orders work, for the day or till cancelled, alone.
    ExtendedHours {
        /// What does not go with it.
        with: &'static str,
    },
    /// A type that does not go with the lifetime.
    Lifetime {
        /// The lifetime.
        lifetime: Lifetime,
        /// What does not go with it.
        with: &'static str,
    },
    /// A trail of nothing, or of all.
    Trail,
    /// A form of an order with exits that there is not.
    Class {
        /// What does not go together.
        why: &'static str,
    },
    /// Prices of exits on the wrong side, or too near.
    Geometry {
        /// Which.
        why: &'static str,
        /// The price.
        price: Price,
        /// What it is measured against.
        against: Price,
    },
    /// An order of the other side that it could trade with.
    Opposite {
        /// That order, by the broker's id.
        order: String,
    },
    /// The broker knows no such asset.
    UnknownAsset {
        /// The symbol.
        symbol: Symbol,
    },
    /// The asset cannot be traded so.
    Asset {
        /// The symbol.
        symbol: Symbol,
        /// Why.
        why: &'static str,
    },
    /// A change that the broker makes to no order.
    Change {
        /// Why.
        why: &'static str,
    },
}

/// Every rule the ticket breaks.
#[must_use]
pub fn violations(ticket: &Ticket, around: &Around<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    prices(ticket, &mut found);
    amount(ticket, &mut found);
    extended_hours(ticket, &mut found);
    lifetime(ticket, &mut found);
    trail(ticket.kind, &mut found);
    class::check(ticket, around.price, &mut found);
    asset(ticket, around, &mut found);
    let opposite = around.working.iter().filter(|order| conflicts(ticket, order));
    found.extend(opposite.map(|order| Violation::Opposite { order: order.id.to_string() }));
    found
}

/// Every rule the change breaks, whatever order it is of.
#[must_use]
pub fn change_violations(change: &Change) -> Vec<Violation> {
    let mut found = Vec::new();
    for (what, price) in [("limit", change.limit), ("stop", change.stop)] {
        found.extend(price.and_then(|price| sub_penny(what, price)));
    }
    if change.qty.is_some_and(|qty| !is_whole(qty)) {
        found.push(Violation::Change { why: "only whole shares can be changed" });
    }
    if change.qty.is_some_and(Qty::is_zero) {
        found.push(Violation::NothingOrdered);
    }
    if let Some(trail) = change.trail {
        self::trail(Kind::TrailingStop { trail }, &mut found);
        if change.limit.is_some() || change.stop.is_some() {
            found.push(Violation::Change { why: "an order with a trail has no limit and no stop of its own" });
        }
    }
    found
}

fn prices(ticket: &Ticket, found: &mut Vec<Violation>) {
    for (what, price) in [("limit", ticket.kind.limit()), ("stop", ticket.kind.stop())] {
        found.extend(price.and_then(|price| sub_penny(what, price)));
    }
}

fn sub_penny(what: &'static str, price: Price) -> Option<Violation> {
    (!price.is_on_tick()).then_some(Violation::SubPenny { what, price })
}

fn amount(ticket: &Ticket, found: &mut Vec<Violation>) {
    let nothing = match ticket.amount {
        Amount::Shares(qty) => qty.is_zero(),
        Amount::Dollars(dollars) => dollars <= Usd::ZERO,
    };
    if nothing {
        found.push(Violation::NothingOrdered);
    }
    if is_whole_shares(ticket) {
        return;
    }
    for (broken, with) in [
        (ticket.kind != Kind::Market, "a type other than market"),
        (ticket.lifetime != Lifetime::Day, "a lifetime other than day"),
        (ticket.class != Class::Simple, "exits"),
    ] {
        found.extend(broken.then_some(Violation::Fraction { with }));
    }
}

fn is_whole_shares(ticket: &Ticket) -> bool {
    match ticket.amount {
        Amount::Shares(qty) => is_whole(qty),
        Amount::Dollars(_) => false,
    }
}

fn is_whole(qty: Qty) -> bool {
    qty.units() % Qty::shares(1).units() == 0
}

fn extended_hours(ticket: &Ticket, found: &mut Vec<Violation>) {
    if !ticket.extended_hours {
        return;
    }
    for (broken, with) in [
        (!matches!(ticket.kind, Kind::Limit { .. }), "a type other than limit"),
        (!matches!(ticket.lifetime, Lifetime::Day | Lifetime::Gtc), "a lifetime other than day and gtc"),
        (ticket.class != Class::Simple, "exits"),
    ] {
        found.extend(broken.then_some(Violation::ExtendedHours { with }));
    }
}

/// Auctions and immediate orders are market or limit orders; a stop waits, which neither does.
fn lifetime(ticket: &Ticket, found: &mut Vec<Violation>) {
    let lifetime = ticket.lifetime;
    if matches!(lifetime, Lifetime::Day | Lifetime::Gtc) {
        return;
    }
    if !matches!(ticket.kind, Kind::Market | Kind::Limit { .. }) {
        found.push(Violation::Lifetime { lifetime, with: "a type other than market and limit" });
    }
    if ticket.class != Class::Simple {
        found.push(Violation::Lifetime { lifetime, with: "exits" });
    }
}

fn trail(kind: Kind, found: &mut Vec<Violation>) {
    match kind {
        Kind::TrailingStop { trail: Trail::Percent(part) } if part.get() == 0 || part.get() >= 10_000 => {
            found.push(Violation::Trail);
        }
        Kind::TrailingStop { trail: Trail::Price(price) } => {
            found.extend((price.units() < CENT).then_some(Violation::Trail));
            found.extend(sub_penny("trail", price));
        }
        Kind::TrailingStop { .. } | Kind::Market | Kind::Limit { .. } | Kind::Stop { .. } | Kind::StopLimit { .. } => {}
    }
}

fn asset(ticket: &Ticket, around: &Around<'_>, found: &mut Vec<Violation>) {
    let Some(asset) = around.asset else { return };
    let more_than_held = match (ticket.side, ticket.amount, around.held) {
        (Side::Sell, Amount::Shares(qty), Some(held)) => qty > held,
        (Side::Sell, Amount::Dollars(_), Some(held)) => held.is_zero(),
        (Side::Buy, _, _) | (Side::Sell, _, None) => false,
    };
    for (broken, why) in [
        (!asset.is_active, "not listed any more"),
        (!asset.is_tradable, "not traded by the broker"),
        (!is_whole_shares(ticket) && !asset.is_fractionable, "not traded in fractions"),
        (more_than_held && !asset.is_shortable, "not to be sold short"),
        (more_than_held && !is_whole_shares(ticket), "not to be sold short in fractions"),
    ] {
        found.extend(broken.then_some(Violation::Asset { symbol: ticket.symbol, why }));
    }
}

/// Whether the two could trade with each other, which the broker refuses as a wash trade: everything that can become a
/// market order conflicts, two limits only when they cross. What waits for its parent does not count.
fn conflicts(ticket: &Ticket, order: &OrderReport) -> bool {
    if order.symbol != ticket.symbol || order.side == ticket.side {
        return false;
    }
    if order.status.is_final() || order.status == OrderStatus::Held {
        return false;
    }
    match (ticket.kind.limit(), order.kind) {
        (Some(ours), Some(OrderKind::Limit { limit: theirs })) => match ticket.side {
            Side::Buy => ours >= theirs,
            Side::Sell => ours <= theirs,
        },
        (Some(_) | None, _) => true,
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubPenny { what, price } => {
                write!(f, "{what} {price}: an order price has two decimals from one dollar up, else four")
            }
            Self::NothingOrdered => f.write_str("an order of nothing"),
            Self::Fraction { with } => write!(f, "dollars or fractions of a share do not go with {with}"),
            Self::ExtendedHours { with } => write!(f, "extended hours do not go with {with}"),
            Self::Lifetime { lifetime, with } => write!(f, "{lifetime:?} does not go with {with}"),
            Self::Trail => {
                f.write_str("a trail is at least a cent, or more than nothing and less than all of the price")
            }
            Self::Class { why } | Self::Change { why } => f.write_str(why),
            Self::Geometry { why, price, against } => write!(f, "{why}: {price} against {against}"),
            Self::Opposite { order } => write!(f, "order {order} of the other side could trade with it"),
            Self::UnknownAsset { symbol } => write!(f, "the broker knows no {symbol}"),
            Self::Asset { symbol, why } => write!(f, "{symbol} is {why}"),
        }
    }
}

/// All of them in one line.
pub(super) fn in_words(found: &[Violation]) -> String {
    found.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
