//! The end of the day in one page: orders, fills, positions with their stops, profit and loss, checks, verdict.

use std::fmt::Write as _;

use broker_sim::Truth;
use market::{Price, Qty, Symbol, Timestamp, Usd};
use serde::Serialize;
use trading::{
    book::Intent,
    order::{ClientOrderId, Leg, OrderKind, Side},
    pnl,
    report::{Execution, OrderReport, OrderStatus, PositionReport},
    state::OrderState,
};

use crate::{
    books::is_protective,
    checks::{self, Check, Evidence, Seen},
    fault::Opens,
    timeline::Style,
    units::status::Exit,
};

/// How the day ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Orders were filled, and what is held is protected.
    Traded,
    /// The process ran all day and nothing asked to be bought.
    Quiet,
    /// The gate refused and nothing was opened.
    Refused,
    /// A fault struck, and what is held is protected.
    Protected,
    /// Something that must be true is not.
    Broken,
}

/// A position and what protects it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The symbol.
    pub symbol: Symbol,
    /// Shares.
    pub qty: Qty,
    /// Average cost; none for shares that cost nothing.
    pub cost: Option<Price>,
    /// The venue's latest price.
    pub price: Option<Price>,
    /// The stop at the venue.
    pub stop: Option<Price>,
    /// What it would bring if sold at the latest price.
    pub unrealized: Usd,
}

/// What the ledger says became of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Its client order id.
    pub client_order_id: ClientOrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Its part in the trade.
    pub leg: Leg,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Where it ended.
    pub state: OrderState,
    /// Why, in the ledger's words.
    pub note: String,
}

/// The summary.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Every intent of the ledger, oldest first.
    pub intents: Vec<Recorded>,
    /// Every order of the venue's books, oldest first.
    pub orders: Vec<OrderReport>,
    /// Every fill, oldest first.
    pub fills: Vec<Execution>,
    /// What is held.
    pub positions: Vec<Held>,
    /// Profit of what was sold.
    pub realized: Usd,
    /// Profit of what is held, at the latest prices.
    pub unrealized: Usd,
    /// Cash and positions.
    pub equity: Usd,
    /// What must be true.
    pub checks: Vec<Check>,
    /// How the day ended.
    pub verdict: Verdict,
    /// Whether it ended as a day with this fault should.
    pub as_expected: bool,
}

impl Summary {
    /// Draws the sum.
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let Evidence { truth, intents, seen, .. } = *evidence;
        let checks = checks::all(evidence);
        let positions: Vec<Held> = truth.positions.iter().map(|position| held(position, truth)).collect();
        let (opens, is_faulty) = (evidence.expect().opens, !evidence.faults.is_empty());
        let verdict = verdict(truth, &checks, seen, is_faulty);
        Self {
            intents: intents.iter().map(recorded).collect(),
            orders: truth.orders.clone(),
            fills: truth.fills.clone(),
            realized: pnl::realized(&truth.fills, &seen.splits, Timestamp::from_unix_nanos(i64::MIN))
                .into_values()
                .sum(),
            unrealized: positions.iter().map(|held| held.unrealized).sum(),
            positions,
            equity: truth.account.equity,
            checks,
            verdict,
            as_expected: is_expected(verdict, is_faulty, opens),
        }
    }

    /// The page for the terminal.
    pub fn page(&self, style: Style) -> String {
        let mut page = String::new();
        self.write(&mut page, style).expect("writing to a string does not fail");
        page
    }

    fn write(&self, page: &mut String, style: Style) -> std::fmt::Result {
        let filled = self.orders.iter().filter(|order| order.status == OrderStatus::Filled).count();
        let open = self.orders.iter().filter(|order| !order.status.is_final()).count();
        let over = self.orders.len() - filled - open;
        writeln!(page, "\norders     {} ({filled} filled, {open} working, {over} ended)", self.orders.len())?;
        let bought = self.fills.iter().filter(|fill| fill.side == Side::Buy).count();
        writeln!(page, "fills      {} ({bought} bought, {} sold)", self.fills.len(), self.fills.len() - bought)?;
        for (index, held) in self.positions.iter().enumerate() {
            let title = if index == 0 { "positions" } else { "" };
            let stop = held.stop.map_or_else(|| "NO STOP".to_owned(), |stop| format!("stop {stop}"));
            let text =
                |price: Option<Price>, none: &str| price.map_or_else(|| none.to_owned(), |price| price.to_string());
            let (cost, price) = (text(held.cost, "nothing"), text(held.price, "?"));
            let Held { symbol, qty, unrealized, .. } = held;
            writeln!(
                page,
                "{title:<10} {symbol:<6} {qty:>5} at {cost:>9}, now {price:>9}, {stop:<13} {unrealized:>9}"
            )?;
        }
        if self.positions.is_empty() {
            writeln!(page, "positions  none")?;
        }
        writeln!(
            page,
            "profit     {} realized, {} unrealized; equity {}",
            self.realized, self.unrealized, self.equity
        )?;
        for (index, check) in self.checks.iter().enumerate() {
            let title = if index == 0 { "checks" } else { "" };
            let mark = if check.ok { style.paint("\x1b[32m", "ok  ") } else { style.paint("\x1b[1;31m", "FAIL") };
            writeln!(page, "{title:<10} {mark} {}: {}", check.name, check.detail)?;
        }
        let colour = if self.as_expected { "\x1b[1;32m" } else { "\x1b[1;31m" };
        writeln!(page, "\n{}", style.paint(colour, &self.last_line()))
    }

    /// The verdict in one line.
    pub fn last_line(&self) -> String {
        let stops = self.positions.iter().filter(|held| held.stop.is_some()).count();
        let held = match self.positions.len() {
            0 => "nothing is held".to_owned(),
            count => format!("{count} positions, {stops} with a stop at the venue"),
        };
        match self.verdict {
            Verdict::Traded => format!("TRADED: {} fills, {held}", self.fills.len()),
            Verdict::Quiet => "QUIET: it ran all day and nothing asked to be bought".to_owned(),
            Verdict::Refused => "REFUSED: the gate kept the day closed, nothing was opened".to_owned(),
            Verdict::Protected => format!("PROTECTED: the fault struck, nothing lost, nothing twice; {held}"),
            Verdict::Broken => {
                let failed: Vec<&str> = self.checks.iter().filter(|check| !check.ok).map(|check| check.name).collect();
                format!("BROKEN: {}", failed.join("; "))
            }
        }
    }
}

fn recorded(intent: &Intent) -> Recorded {
    Recorded {
        client_order_id: intent.request.client_order_id.clone(),
        symbol: intent.request.symbol,
        leg: intent.key.leg,
        recorded_at: intent.recorded_at,
        state: intent.state,
        note: intent.note.clone(),
    }
}

fn held(position: &PositionReport, truth: &Truth) -> Held {
    let protects =
        |order: &&OrderReport| order.symbol == position.symbol && is_protective(order) && !order.status.is_final();
    let price = position.current_price;
    let worth = |price: Price| price.notional(position.qty);
    let gain = price.map(|price| worth(price) - position.avg_entry_price.map_or(Usd::ZERO, worth));
    Held {
        symbol: position.symbol,
        qty: position.qty,
        cost: position.avg_entry_price,
        price,
        stop: truth.orders.iter().find(protects).and_then(|order| order.kind).and_then(stop_price),
        unrealized: gain.unwrap_or(Usd::ZERO),
    }
}

fn stop_price(kind: OrderKind) -> Option<Price> {
    match kind {
        OrderKind::Stop { stop } => Some(stop),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    }
}

fn verdict(truth: &Truth, checks: &[Check], seen: &Seen, is_faulty: bool) -> Verdict {
    let refused = seen.gates.last().is_some_and(|exit| *exit != Exit::Exited(0));
    if checks.iter().any(|check| !check.ok) {
        Verdict::Broken
    } else if seen.ready == 0 && truth.orders.is_empty() && refused {
        Verdict::Refused
    } else if is_faulty {
        Verdict::Protected
    } else if truth.fills.is_empty() {
        Verdict::Quiet
    } else {
        Verdict::Traded
    }
}

fn is_expected(verdict: Verdict, is_faulty: bool, opens: Opens) -> bool {
    match (is_faulty, opens) {
        (false, _) => matches!(verdict, Verdict::Traded | Verdict::Quiet),
        (true, Opens::Refused) => verdict == Verdict::Refused,
        (true, Opens::AsEver | Opens::NotWhile | Opens::NotAfter) => verdict == Verdict::Protected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn each_fault_has_an_end_that_is_right_and_broken_never_is() {
        for (fault, right) in [
            (None, vec![Verdict::Traded, Verdict::Quiet]),
            (Some("scan-fails"), vec![Verdict::Refused]),
            (Some("stale-watchlist"), vec![Verdict::Refused]),
            (Some("kill-switch"), vec![Verdict::Protected]),
            (Some("crash@3"), vec![Verdict::Protected]),
        ] {
            let opens = fault.map_or(Opens::AsEver, |name| name.parse::<Fault>().unwrap().expect().opens);
            for verdict in [Verdict::Traded, Verdict::Quiet, Verdict::Refused, Verdict::Protected, Verdict::Broken] {
                let found = is_expected(verdict, fault.is_some(), opens);
                assert_eq!(found, right.contains(&verdict), "{fault:?} {verdict:?}");
            }
        }
    }
}
