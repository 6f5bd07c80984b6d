//! The day as a page: what the document says, and a chart of every symbol that was traded.
//!
//! The prices are the venue's own path, made again from its seed; levels come from the watchlist the day traded.

use std::collections::BTreeMap;

use broker_sim::path::{self, Path};
use contract::Watchlist;
use market::{Price, Session, Symbol, Timestamp};
use report::{Chart, DayPage, Figure, Line, Mark, MarkKind, Tone};
use trading::{
    order::{OrderKind, Side},
    report::Execution,
};

use crate::{
    books::is_protective,
    data::Market,
    rehearsal::Document,
    timeline::{Happening, Word},
};

/// A price every so many minutes.
const MINUTES: usize = 2;

/// Lays the page out.
pub fn of(document: &Document, market: &Market, watchlist: Option<&Watchlist>) -> DayPage {
    let summary = &document.summary;
    DayPage {
        title: format!("{} on {}", document.manifest, document.session),
        verdict: summary.last_line(),
        tone: if summary.as_expected { Tone::Good } else { Tone::Bad },
        inputs: inputs(document),
        figures: figures(document),
        charts: charts(document, market, watchlist),
        timeline: document.timeline.iter().map(line).collect(),
    }
}

fn figure(name: &str, value: impl ToString, tone: Tone) -> Figure {
    Figure { name: name.to_owned(), value: value.to_string(), tone }
}

fn inputs(document: &Document) -> Vec<Figure> {
    let fault = if document.faults.is_empty() { "none".to_owned() } else { document.faults.join(", ") };
    [
        ("manifest", document.manifest.clone()),
        ("data", document.origin.clone()),
        ("seed", document.seed.to_string()),
        ("fault", fault),
    ]
    .map(|(name, value)| figure(name, value, Tone::Plain))
    .into()
}

fn figures(document: &Document) -> Vec<Figure> {
    let summary = &document.summary;
    let protected = summary.positions.iter().filter(|held| held.stop.is_some()).count();
    let failed = summary.checks.iter().filter(|check| !check.ok).count();
    let tone = |good: bool| if good { Tone::Good } else { Tone::Bad };
    let held = summary.positions.len();
    let checks = format!("{} of {} passed", summary.checks.len() - failed, summary.checks.len());
    vec![
        figure("orders", summary.orders.len(), Tone::Plain),
        figure("fills", summary.fills.len(), Tone::Plain),
        figure("positions under a stop", format!("{protected} of {held}"), tone(protected == held)),
        figure("realized", summary.realized, Tone::Plain),
        figure("unrealized", summary.unrealized, Tone::Plain),
        figure("checks", checks, tone(failed == 0)),
    ]
    .into_iter()
    .chain(summary.checks.iter().filter(|check| !check.ok).map(|check| figure(check.name, &check.detail, Tone::Bad)))
    .collect()
}

fn charts(document: &Document, market: &Market, watchlist: Option<&Watchlist>) -> Vec<Chart> {
    let mut fills: BTreeMap<Symbol, Vec<&Execution>> = BTreeMap::new();
    for fill in &document.summary.fills {
        fills.entry(fill.symbol).or_default().push(fill);
    }
    let chart = |(symbol, fills): (Symbol, Vec<&Execution>)| {
        let candidates = watchlist.iter().flat_map(|list| &list.candidates);
        let level = candidates.filter(|candidate| candidate.symbol == symbol).map(|c| c.entry_level).next();
        let marks = fills.into_iter().map(mark).collect();
        let prices = prices(document.seed, symbol, market);
        Chart { title: symbol.to_string(), prices, level, stop: latest_stop(document, symbol), marks }
    };
    fills.into_iter().map(chart).collect()
}

fn prices(seed: u64, symbol: Symbol, market: &Market) -> Vec<(Timestamp, Price)> {
    let session: Session = market.session;
    let ticks = path::ticks_in(&session);
    let path = market.day.bars.get(&symbol).and_then(|bar| Path::new(seed, symbol, bar, ticks).ok());
    let candles = path.map(|path| path.candles(&session, MINUTES, ticks)).unwrap_or_default();
    candles.iter().map(|candle| (candle.start, candle.open)).collect()
}

fn latest_stop(document: &Document, symbol: Symbol) -> Option<Price> {
    let mut stops = document.summary.orders.iter().filter(|order| order.symbol == symbol && is_protective(order));
    stops.next_back().and_then(|order| order.kind).and_then(|kind| match kind {
        OrderKind::Stop { stop } => Some(stop),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    })
}

fn mark(fill: &Execution) -> Mark {
    let (kind, verb) = match fill.side {
        Side::Buy => (MarkKind::Buy, "bought"),
        Side::Sell => (MarkKind::Sell, "sold"),
    };
    Mark { at: fill.at, price: fill.price, kind, label: format!("{verb} {} at {}", fill.qty, fill.price) }
}

fn line(happening: &Happening) -> Line {
    let (date, time) = (happening.at.ny_date(), happening.at.ny_time().format("%H:%M:%S"));
    Line {
        time: format!("{date} {time}"),
        unit: happening.unit.clone(),
        event: happening.event.text().to_owned(),
        detail: happening.detail.clone(),
        tone: tone(happening.event),
    }
}

fn tone(word: Word) -> Tone {
    match word {
        Word::Ready | Word::Fill | Word::Stop => Tone::Good,
        Word::Fails | Word::Fault | Word::Alert => Tone::Bad,
        Word::Skipped | Word::Restarts | Word::Stops => Tone::Warn,
        Word::Fires
        | Word::Starts
        | Word::Gate
        | Word::Ends
        | Word::Waits
        | Word::AlreadyUp
        | Word::Order
        | Word::OrderEnds
        | Word::Note => Tone::Plain,
    }
}
