//! The table in print: a row a control, with what it checks, its limit and a cell a purpose.

use market::TimeDelta;

use super::{Control, PURPOSES};
use crate::limits::Limits;

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The control.
    pub control: Control,
    /// Its name.
    pub name: String,
    /// The code of the refusal.
    pub reason: &'static str,
    /// What it checks, in words.
    pub checks: &'static str,
    /// The limit it checks against; empty when it has none.
    pub limit: String,
    /// Whether it binds, in the order of [`PURPOSES`].
    pub binds: [bool; 4],
}

/// The whole table, in the order the controls are checked.
#[must_use]
pub fn table(limits: &Limits) -> Vec<Row> {
    let row = |control: Control| Row {
        control,
        name: format!("{control:?}"),
        reason: control.reason().code(),
        checks: checks(control),
        limit: limit(control, limits),
        binds: PURPOSES.map(|purpose| control.binds(purpose)),
    };
    Control::ALL.into_iter().map(row).collect()
}

fn checks(control: Control) -> &'static str {
    match control {
        Control::Sanity => {
            "not zero, no absurd size, price on a tick, whole shares unless at the market; what opens is a limit order, \
             what closes sells no more than is held and free"
        }
        Control::UniqueId => "the client order id was never used",
        Control::Gate => "the gates give authority to open",
        Control::TimeForward => "time has not gone back behind the latest instant ever seen",
        Control::ClockSkew => "the broker's clock was read and agrees with ours",
        Control::MarketOpen => "broker and calendar agree that the session is under way",
        Control::EntryWindow => {
            "from 15 minutes after the open, or the delay if longer, to 30 minutes before the close"
        }
        Control::Account => "the account could be read and the broker lets it trade",
        Control::SymbolKnown => "no unknown outcome, no disagreement with the broker about the symbol",
        Control::OncePerDay => "the symbol was neither entered nor tried today",
        Control::Flat => "no position and no opening order of the symbol",
        Control::SelfTrade => "no sell order of the symbol, working or of unknown outcome, for the buy to trade with",
        Control::Allowlist => "the symbol is on the list, if there is one",
        Control::LongOnly => "only a buy opens",
        Control::FreshQuote => "there is a quote, neither crossed, old nor from the future",
        Control::FreshBars => "the newest ten-minute candle is there once it has been complete for so long",
        Control::EntryCollar => "the limit lies near the ask",
        Control::VolumeShare => "the size is a small part of the known mean volume of 20 sessions",
        Control::OrdersPerDay => "opening orders made today",
        Control::Positions => "positions and opening orders, by symbol",
        Control::GrossNotional => "all positions and opening orders, reckoned as filled, with this one",
        Control::SymbolNotional => "the symbol's, with this one",
        Control::BuyingPower => "what the buying power does not reflect yet, with this one",
        Control::Throttle => "opening sends of the last second and minute, those of this step included",
        Control::DailyLoss => "equity against that of the last close; at the limit only reducing is left",
        Control::RejectStreak => "openings the broker refused in a row",
        Control::Stream => "the stream, if one is used, has spoken lately",
        Control::DropCopy => "executions were read from the broker's list lately, beside the stream",
        Control::BooksAgree => "no position anywhere differs from what our executions make it",
        Control::KillSwitch => "no level of the kill switch is latched; asked again right before the send",
    }
}

fn limit(control: Control, limits: &Limits) -> String {
    match control {
        Control::ClockSkew => seconds(limits.clock_skew),
        Control::EntryWindow => format!("delay {}", seconds(limits.entry_delay)),
        Control::Allowlist if limits.allowlist.is_empty() => "all".to_owned(),
        Control::Allowlist => format!("{} symbols", limits.allowlist.len()),
        Control::FreshQuote => seconds(limits.quote_age),
        Control::FreshBars => seconds(limits.bar_age),
        Control::EntryCollar => format!("{} either way", limits.entry_collar),
        Control::VolumeShare => limits.volume_share.to_string(),
        Control::OrdersPerDay => limits.orders_per_day.to_string(),
        Control::Positions => limits.positions.to_string(),
        Control::GrossNotional => format!("${}", limits.gross_notional),
        Control::SymbolNotional => format!("${}", limits.symbol_notional),
        Control::BuyingPower => format!("{} of it", limits.buying_power),
        Control::Throttle => format!("{} a second, {} a minute", limits.sends_per_second, limits.sends_per_minute),
        Control::DailyLoss => limits.daily_loss.to_string(),
        Control::RejectStreak => limits.reject_streak.to_string(),
        Control::Stream => {
            format!("{}; after {} entries are withdrawn", seconds(limits.stream_silence), seconds(limits.stream_loss))
        }
        Control::DropCopy => seconds(limits.executions_age),
        Control::Sanity
        | Control::UniqueId
        | Control::Gate
        | Control::TimeForward
        | Control::MarketOpen
        | Control::Account
        | Control::SymbolKnown
        | Control::OncePerDay
        | Control::Flat
        | Control::SelfTrade
        | Control::LongOnly
        | Control::BooksAgree
        | Control::KillSwitch => String::new(),
    }
}

fn seconds(span: TimeDelta) -> String {
    format!("{} s", span.num_seconds())
}
