//! Bars of the past: GET /v2/stocks/bars and /v2/stocks/{symbol}/bars.
//!
//! A bar of minutes or hours is told when it ends, a daily bar at the close; weeks and months hold the days that have
//! closed. Minutes and hours begin at midnight in New York, weeks on Monday, months on their first.

use market::{NyDate, Symbol, TimeDelta, Timestamp};

use super::{
    Engine, Response,
    history::{Part, Row, Window},
    query::{Asked, Query},
    refusal::Refusal,
};
use crate::{
    feed::Listing,
    tape::{Adjustment, Bar, Minutes},
    text,
};

const KNOWN: &[&str] =
    &["symbols", "timeframe", "start", "end", "limit", "adjustment", "asof", "feed", "currency", "page_token", "sort"];
/// No week or month reaches further past its beginning.
const DAYS_A_BAR_MAX: i32 = 366;

/// The spans bars come in.
#[derive(Clone, Copy)]
enum Timeframe {
    Intraday(TimeDelta),
    Day,
    Week,
    /// So many, a divisor of twelve.
    Months(u32),
}

impl Timeframe {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().ok()?;
        match (unit, number) {
            ("Min" | "T", 1..=59) => Some(Self::Intraday(TimeDelta::minutes(i64::from(number)))),
            ("Hour" | "H", 1..=23) => Some(Self::Intraday(TimeDelta::hours(i64::from(number)))),
            ("Day" | "D", 1) => Some(Self::Day),
            ("Week" | "W", 1) => Some(Self::Week),
            ("Month" | "M", 1 | 2 | 3 | 4 | 6 | 12) => Some(Self::Months(number)),
            _ => None,
        }
    }

    /// The first day of the bar a day belongs to.
    fn first_day(self, day: NyDate) -> NyDate {
        match self {
            Self::Intraday(_) | Self::Day => day,
            Self::Week => day.plus_days(-(day.weekday().num_days_from_monday() as i32)),
            Self::Months(months) => NyDate::new(day.year(), (day.month() - 1) / months * months + 1, 1).unwrap_or(day),
        }
    }
}

impl Row for Bar {
    fn at(&self) -> Timestamp {
        self.start
    }

    fn push(&self, out: &mut String, _: Listing) {
        push_bar(out, self);
    }
}

/// Writes a bar as the data interface has it.
pub(super) fn push_bar(out: &mut String, bar: &Bar) {
    out.push_str("{\"t\":\"");
    text::push_instant(out, bar.start);
    for (name, units) in [
        ("\",\"o\":", bar.open),
        (",\"h\":", bar.high),
        (",\"l\":", bar.low),
        (",\"c\":", bar.close),
        (",\"vw\":", bar.average),
    ] {
        out.push_str(name);
        text::push_dollars(out, units);
    }
    for (name, number) in [(",\"v\":", bar.volume), (",\"n\":", bar.trades)] {
        out.push_str(name);
        text::push_whole(out, number);
    }
    out.push('}');
}

impl Engine {
    pub(super) fn bars(&mut self, query: &Query, symbol: Option<&str>) -> Result<Response, Refusal> {
        let asked = Asked::data(query, KNOWN)?;
        let window = Window::of(&asked, symbol, self.now, self.config.recent_sip)?;
        let timeframe = asked.read("timeframe", Timeframe::parse)?;
        let timeframe = timeframe.ok_or_else(|| asked.refuse("timeframe is required"))?;
        let adjustment = asked.read("adjustment", Adjustment::parse)?.unwrap_or_default();
        Ok(match timeframe {
            Timeframe::Intraday(span) => {
                let days = self.tape.days();
                self.page("bars", &window, days, |engine, part| engine.intraday_bars(part, span, adjustment))
            }
            Timeframe::Day | Timeframe::Week | Timeframe::Months(_) => {
                self.page("bars", &window, 1, |engine, part| engine.bars_of_days(part, timeframe, adjustment))
            }
        })
    }

    fn intraday_bars(&mut self, part: Part, span: TimeDelta, adjustment: Adjustment) -> Vec<Bar> {
        let (first, end) = self.tape.span(part.day);
        if part.to < first || end <= part.from {
            return Vec::new();
        }
        let asked = Minutes { span, from: part.from, to: part.to };
        let mut bars = self.tape.minute_bars(part.day, part.symbol, &asked, self.now);
        self.tape.adjust(part.symbol, &mut bars, span, adjustment, self.now);
        bars
    }

    fn bars_of_days(&mut self, part: Part, timeframe: Timeframe, adjustment: Adjustment) -> Vec<Bar> {
        let (first, last) = (part.from.ny_date(), part.to.ny_date());
        let last = match timeframe {
            Timeframe::Intraday(_) | Timeframe::Day => last,
            Timeframe::Week | Timeframe::Months(_) => last.plus_days(DAYS_A_BAR_MAX),
        };
        let mut bars = self.closed_days(part.symbol, first, last, adjustment);
        match timeframe {
            Timeframe::Intraday(_) | Timeframe::Day => {}
            Timeframe::Week | Timeframe::Months(_) => bars = joined(&bars, timeframe),
        }
        bars.retain(|bar| part.from <= bar.start && bar.start <= part.to);
        bars
    }

    fn closed_days(&mut self, symbol: Symbol, first: NyDate, last: NyDate, adjustment: Adjustment) -> Vec<Bar> {
        let mut bars = self.tape.daily_bars(symbol, first, last, self.now);
        self.tape.adjust(symbol, &mut bars, TimeDelta::hours(24), adjustment, self.now);
        bars
    }
}

fn joined(days: &[Bar], timeframe: Timeframe) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    let mut current = None;
    for day in days {
        let first = timeframe.first_day(day.start.ny_date());
        match bars.last_mut() {
            Some(last) if current == Some(first) => *last = last.and(*day),
            Some(_) | None => bars.push(Bar { start: first.at_hm(0, 0), ..*day }),
        }
        current = Some(first);
    }
    bars
}
