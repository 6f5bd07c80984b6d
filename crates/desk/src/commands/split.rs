//! `desk split`: record a split that the broker does not tell, so that a position is what our executions make it again.
//!
//! Append-only: a wrong one is answered by its opposite. Refused while execution runs, whose book would not know of it,
//! and when the ledger has the same split already, whoever told it. When the broker tells it later, it counts once.

use anyhow::{Context, ensure};
use contract::ExitCode;
use market::{NyDate, Qty, Symbol, Timestamp};
use trading::{book::Book, record::Record, tape::Split};

use super::Place;

/// No side of a ratio is larger.
const RATE_MAX: u32 = 100_000;

/// What was split, and since when.
#[derive(clap::Args)]
pub struct Args {
    /// The symbol.
    symbol: Symbol,
    /// New shares for old ones, such as 2:1, or 1:10 for a reverse split.
    #[arg(value_name = "NEW:OLD", value_parser = ratio)]
    ratio: (u32, u32),
    /// Its ex-date: the first day in New York on which new shares trade.
    #[arg(long, value_name = "DATE")]
    effective: NyDate,
    /// Who records it.
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    place: Place,
}

/// Records.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = args.place.open()?;
    let now = desk.clock.try_now().map_err(anyhow::Error::msg).context(ExitCode::BrokerUnavailable)?;
    let Args { symbol, ratio: (new, old), effective, by, .. } = args;
    ensure!(*effective <= now.ny_date(), "{effective} is a day to come: record it when it is there");
    let mut own = desk.own_ledger()?;
    let split = Split {
        id: format!("by hand {symbol} {effective} {new}:{old}"),
        symbol: *symbol,
        effective: effective.at_hm(0, 0),
        new: *new,
        old: *old,
    };
    let mut book = Book::new(own.account.clone(), "by-hand".parse().context("a strategy's name")?);
    own.ledger.executions_since(Timestamp::from_unix_nanos(i64::MIN))?.iter().for_each(|fill| book.count(fill));
    ensure!(book.tapes().contains_key(symbol), "nothing of {symbol} was ever traded here");
    own.ledger.splits()?.iter().for_each(|split| book.split(split));
    if let Some(known) = book.tapes()[symbol].splits().find(|known| known.is_like(&split)) {
        let text = format!("{symbol} {new}:{old} is there already: {} since {}", known.id, known.effective.ny_date());
        return Err(anyhow::anyhow!(text).context(ExitCode::BadData));
    }
    let before = shares(&book, *symbol);
    book.split(&split);
    let after = shares(&book, *symbol);
    own.ledger.record(now, &[Record::Split(split)]).context(ExitCode::CannotWrite)?;
    let text = format!("{new}:{old} since {effective}, recorded by {by}: {before} shares become {after}");
    own.ledger.record_event(now, "split-by-hand", symbol.as_str(), &text).context(ExitCode::CannotWrite)?;
    println!("{symbol} {text}");
    println!("the next start of execution believes it; a wrong one is taken back by its opposite, {old}:{new}");
    Ok(ExitCode::Ok)
}

fn shares(book: &Book, symbol: Symbol) -> String {
    let units = book.held(symbol).map_or(0, |held| held.net);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}", Qty::from_units(units.saturating_abs()).unwrap_or_default())
}

/// Two whole numbers above zero that are not the same.
fn ratio(text: &str) -> Result<(u32, u32), String> {
    let rule = format!("two whole numbers from 1 to {RATE_MAX}, such as 2:1");
    let (new, old) = text.split_once(':').ok_or_else(|| rule.clone())?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=RATE_MAX).contains(side)).ok_or_else(|| rule.clone());
    let (new, old) = (side(new)?, side(old)?);
    if new == old { Err(rule) } else { Ok((new, old)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_two_numbers() {
        assert_eq!(["2:1", "1:10", "21:20"].map(ratio), [Ok((2, 1)), Ok((1, 10)), Ok((21, 20))]);
        for text in ["2", "2:", ":1", "2:0", "0:1", "-2:1", "1.5:1", "2:1:1", "3:3", "100001:1", ""] {
            assert!(ratio(text).is_err(), "{text:?}");
        }
    }
}
