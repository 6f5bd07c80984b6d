//! Bars out of the tape: of minutes, and of days. A bar is told once its time is over.
//!
//! The daily bar of a session is the market's own while nobody did anything by hand to its symbol, else what the prints
//! add up to. A bar is in the terms of its end; adjusted ones are in the terms of now.

use market::{DailyBar, NyDate, Price, Symbol, TimeDelta, Timestamp};

use super::{
    Tape, Trade,
    terms::{self, Adjustment},
};
use crate::path;

/// A bar of any span. Prices in 1/10,000 dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The instant it begins.
    pub start: Timestamp,
    /// First price.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
    /// Shares.
    pub volume: u64,
    /// Trades.
    pub trades: u64,
    /// The average price, weighted by volume.
    pub average: i64,
}

impl Bar {
    /// The bar of two that follow each other.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        let weighted = |bar: &Self| i128::from(bar.average) * i128::from(bar.volume);
        let volume = self.volume + next.volume;
        let average = (weighted(&self) + weighted(&next)) / i128::from(volume.max(1));
        Self {
            start: self.start,
            open: self.open,
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
            volume,
            trades: self.trades + next.trades,
            average: if volume == 0 { next.close } else { i64::try_from(average).unwrap_or(next.close) },
        }
    }

    fn of_trade(start: Timestamp, trade: &Trade) -> Self {
        let price = trade.print.price.units();
        let (volume, trades) = (trade.print.volume, u64::from(trade.print.volume > 0));
        Self { start, open: price, high: price, low: price, close: price, volume, trades, average: price }
    }
}

/// Which minute bars are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minutes {
    /// The length of each; they begin at midnight.
    pub(crate) span: TimeDelta,
    /// The first start.
    pub(crate) from: Timestamp,
    /// No start is after it.
    pub(crate) to: Timestamp,
}

impl Tape {
    /// Bars of minutes in the time of a session that have ended by now. Without a trade there is no bar.
    pub(crate) fn minute_bars(&mut self, day: usize, symbol: Symbol, asked: &Minutes, now: Timestamp) -> Vec<Bar> {
        let until = super::just_after((asked.to + asked.span).min(now));
        let trades = self.trades(day, symbol, asked.from, until);
        let mut midnight = self.midnight(self.session(day).date);
        let mut bars: Vec<Bar> = Vec::new();
        for trade in trades {
            let at = trade.print.at;
            if at < midnight || at >= midnight + TimeDelta::hours(24) {
                midnight = at.ny_date().at_hm(0, 0);
            }
            let start = floor(at, midnight, asked.span);
            if start < asked.from || start > asked.to || start + asked.span > now {
                continue;
            }
            let last_instant = super::just_before(start + asked.span);
            let bar = Bar::of_trade(start, &self.in_terms_of(symbol, trade, last_instant));
            match bars.last_mut() {
                Some(last) if last.start == start => *last = last.and(bar),
                Some(_) | None => bars.push(bar),
            }
        }
        bars.retain(|bar| bar.volume > 0);
        bars
    }

    /// The bar of a session, as it was at the close.
    pub(crate) fn session_bar(&mut self, day: usize, symbol: Symbol) -> Option<Bar> {
        let (session, bars) = &self.market.days[day];
        let (date, open) = (session.date, session.open);
        let known = bars.get(&symbol).copied();
        let midnight = self.midnight(date);
        let end = midnight + TimeDelta::hours(24);
        if self.by_hand.touched(symbol, midnight, end) {
            return self.bar_until(day, symbol, end);
        }
        let bar = daily(&known?, midnight)?;
        let divided = self.divided_by_hand(symbol, open);
        Some(divided.map_or(bar, |step| step.of_bar(bar)))
    }

    /// What a session's day has come to before an instant, in the terms of that instant.
    pub(crate) fn bar_until(&mut self, day: usize, symbol: Symbol, until: Timestamp) -> Option<Bar> {
        let midnight = self.midnight(self.session(day).date);
        let until = until.min(midnight + TimeDelta::hours(24));
        let trades = self.trades(day, symbol, midnight, until);
        let last_instant = super::just_before(until);
        let bars = trades.iter().map(|trade| Bar::of_trade(midnight, &self.in_terms_of(symbol, *trade, last_instant)));
        bars.reduce(Bar::and).filter(|bar| bar.volume > 0)
    }

    /// Daily bars of the sessions that have closed by now, of the days from one to another.
    pub(crate) fn daily_bars(&mut self, symbol: Symbol, first: NyDate, last: NyDate, now: Timestamp) -> Vec<Bar> {
        let mut bars = Vec::new();
        let past = self.market.history.get(&symbol).map(Vec::as_slice).unwrap_or_default();
        let past = &past[past.partition_point(|bar| bar.date < first)..];
        let past: Vec<DailyBar> = past[..past.partition_point(|bar| bar.date <= last)].to_vec();
        for bar in past {
            let midnight = self.midnight(bar.date);
            bars.extend(daily(&bar, midnight));
        }
        for day in 0..self.days() {
            let session = self.session(day);
            if session.close <= now && first <= session.date && session.date <= last {
                bars.extend(self.session_bar(day, symbol));
            }
        }
        bars
    }

    /// Bars in the terms of now. `span` is the length of each.
    pub(crate) fn adjust(
        &self,
        symbol: Symbol,
        bars: &mut [Bar],
        span: TimeDelta,
        adjustment: Adjustment,
        now: Timestamp,
    ) {
        let steps = self.steps(symbol, now, adjustment);
        if steps.is_empty() {
            return;
        }
        for bar in bars {
            if let Some(step) = terms::since(&steps, bar.start + span) {
                *bar = step.of_bar(*bar);
            }
        }
    }

    /// The close of the last session before an instant's day, in the terms of that instant.
    pub fn close_before(&mut self, symbol: Symbol, now: Timestamp) -> Option<Price> {
        let date = now.ny_date();
        let traded = (0..self.days()).rev().filter(|day| self.session(*day).date < date);
        let traded: Option<usize> = { traded }.find(|day| self.market.days[*day].1.contains_key(&symbol));
        let bar = match traded {
            Some(day) => self.session_bar(day, symbol)?,
            None => {
                let history = self.market.history.get(&symbol)?;
                let bar = *history[..history.partition_point(|bar| bar.date < date)].last()?;
                let midnight = self.midnight(bar.date);
                daily(&bar, midnight)?
            }
        };
        let mut bars = [bar];
        self.adjust(symbol, &mut bars, TimeDelta::hours(24), Adjustment { splits: true, dividends: false }, now);
        Price::from_units(bars[0].close).ok()
    }

    /// The close of the market's last bar before a day, in dollars of then.
    pub(super) fn raw_close_before(&self, symbol: Symbol, date: NyDate) -> Option<f64> {
        let days = self.market.days.iter().rev().filter(|(session, _)| session.date < date);
        let traded = { days }.find_map(|(_, bars)| bars.get(&symbol));
        let before = || self.market.history.get(&symbol)?.iter().rev().find(|bar| bar.date < date);
        Some(traded.or_else(before)?.close)
    }
}

/// The market's bar; the average is the typical price, because its trades are not known.
fn daily(bar: &DailyBar, midnight: Timestamp) -> Option<Bar> {
    let units = |value: f64| Price::from_f64_rounded(value.max(0.0001)).ok().map(Price::units);
    let (open, high, low, close) = (units(bar.open)?, units(bar.high)?, units(bar.low)?, units(bar.close)?);
    let volume = bar.volume.round() as u64;
    let trades = path::TICKS_A_MINUTE as u64 * MINUTES_A_SESSION;
    Some(Bar { start: midnight, open, high, low, close, volume, trades, average: (high + low + close) / 3 })
}

const MINUTES_A_SESSION: u64 = 390;

fn floor(at: Timestamp, midnight: Timestamp, span: TimeDelta) -> Timestamp {
    let span = span.num_nanoseconds().unwrap_or(i64::MAX).max(1);
    let since = at.unix_nanos() - midnight.unix_nanos();
    Timestamp::from_unix_nanos(midnight.unix_nanos() + since.div_euclid(span) * span)
}
