//! GET /v2/account/portfolio/history: what the account was worth over time. Numbers are JSON numbers of dollars.
//!
//! A point is labelled with the beginning of its stretch of time and worth what the account was at its end. Daily points
//! are of the closes; the others of market hours, of extended hours, or of every hour.

use market::{NyDate, Session, TimeDelta, Timestamp, Usd};
use serde_json::{Value, json};

use super::{
    Engine, Response,
    query::{Asked, Query},
    refusal::Refusal,
    statement::Statement,
};

/// Points of one answer; a month of minutes of every hour.
const POINTS_MAX: usize = 45_000;
/// The longest time that may be asked for in less than days.
const INTRADAY_DAYS_MAX: i64 = 31;

/// How long each point is for.
#[derive(Clone, Copy)]
enum Timeframe {
    Intraday(&'static str, TimeDelta),
    Day,
}

/// Hours that points are told of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hours {
    Market,
    Extended,
    Every,
}

/// One point: its label, the instant it is worth of, and the session it belongs to.
struct Point {
    label: Timestamp,
    at: Timestamp,
    date: NyDate,
}

/// What is asked for.
struct Span {
    from: Timestamp,
    to: Timestamp,
    timeframe: Timeframe,
    hours: Hours,
    resets: bool,
}

impl Engine {
    pub(super) fn portfolio_history(&mut self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let span = self.span_of(&asked)?;
        let points = self.points(&span).ok_or_else(|| asked.refuse(format!("more than {POINTS_MAX} points")))?;
        let first = points.first().map_or(span.from, |point| point.at);
        let (mut statement, mut base, mut base_day) = (Statement::begin(self), Usd::ZERO, None);
        let (base_value, base_asof) = self.close_before_day(&mut statement, first.ny_date());
        let (mut labels, mut equity, mut profit, mut percent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for point in points {
            if base_day != Some(point.date) {
                let reset = span.resets || base_day.is_none();
                base = if reset { self.close_before_day(&mut statement, point.date).0 } else { base };
                base_day = Some(point.date);
            }
            statement.play(self, point.at);
            let worth = self.worth(&statement.held, point.at).0 + statement.cash;
            let gain = worth - base;
            labels.push(point.label.unix_seconds());
            equity.push(cents(worth));
            profit.push(cents(gain));
            percent.push(if base == Usd::ZERO { Value::Null } else { json!(rounded(gain.to_f64() / base.to_f64())) });
        }
        Ok(Response::ok(json!({
            "timestamp": labels,
            "equity": equity,
            "profit_loss": profit,
            "profit_loss_pct": percent,
            "base_value": cents(base_value),
            "base_value_asof": base_asof,
            "timeframe": span.timeframe.word(),
            "cashflow": {},
        })))
    }

    /// Plays on to the last close before a day; what the account was worth then, and the day of it.
    fn close_before_day(&mut self, statement: &mut Statement, day: NyDate) -> (Usd, NyDate) {
        let session = self.calendar.previous_session(day).ok();
        let (date, close) = session.map_or((day, day.at_hm(0, 0)), |session| (session.date, session.close));
        statement.play(self, close);
        (self.worth(&statement.held, close).0 + statement.cash, date)
    }

    fn span_of(&self, asked: &Asked<'_>) -> Result<Span, Refusal> {
        let (start, end) = (asked.instant("start")?, asked.last_instant("end")?);
        let end = end.or(asked.last_instant("date_end")?);
        let period = asked.read("period", Period::parse)?;
        if start.is_some() && end.is_some() && period.is_some() {
            return Err(asked.refuse("period cannot be combined with both start and end"));
        }
        let length = period.unwrap_or(Period { count: 1, unit: 'M' });
        let (from, to) = match (start, end) {
            (Some(start), Some(end)) => (start, end),
            (Some(start), None) if period.is_some() => (start, length.after(start)),
            (Some(start), None) => (start, self.now),
            (None, end) => self.back(length, end.unwrap_or(self.now).min(self.now)),
        };
        let to = to.min(self.now);
        if end.is_some_and(|end| end < from) {
            return Err(asked.refuse("end should not be before start"));
        }
        let days = to.since(from).num_days();
        let timeframe = match asked.read("timeframe", Timeframe::parse)? {
            Some(Timeframe::Intraday(..)) if days > INTRADAY_DAYS_MAX => {
                return Err(asked.refuse("only timeframe 1D is accepted for more than 30 days"));
            }
            Some(timeframe) => timeframe,
            None if days < 7 => Timeframe::MINUTE,
            None if days < 28 => Timeframe::QUARTER,
            None => Timeframe::Day,
        };
        let extended = asked.flag("extended_hours")?;
        let hours = asked.read("intraday_reporting", |text| match text {
            "market_hours" => Some(Hours::Market),
            "extended_hours" => Some(Hours::Extended),
            "continuous" => Some(Hours::Every),
            _ => None,
        })?;
        let hours = hours.unwrap_or(if extended { Hours::Extended } else { Hours::Market });
        let resets = asked.one_of("pnl_reset", &["per_day", "no_reset"])? != Some("no_reset");
        let resets = resets && matches!(timeframe, Timeframe::Intraday(..));
        Ok(Span { from, to, timeframe, hours, resets })
    }

    /// So long before an instant; days are sessions, the one of that day among them.
    fn back(&self, length: Period, to: Timestamp) -> (Timestamp, Timestamp) {
        let today = to.ny_date();
        if length.unit != 'D' {
            return (length.before(today).at_hm(0, 0), to);
        }
        let mut day = today;
        let begun = self.calendar.session_on(today).ok().flatten().is_some_and(|session| session.open <= to);
        for _ in 0..if begun { length.count - 1 } else { length.count } {
            day = self.calendar.previous_session(day).map_or(day, |session| session.date);
        }
        (day.at_hm(0, 0), to)
    }

    fn points(&self, span: &Span) -> Option<Vec<Point>> {
        let mut points = Vec::new();
        let (first, last) = (span.from.ny_date(), span.to.ny_date());
        let known = (self.calendar.first_known(), self.calendar.last_known());
        let sessions = self.calendar.sessions(first.max(known.0), last.min(known.1)).unwrap_or_default();
        for session in sessions {
            match span.timeframe {
                Timeframe::Day => {
                    let close = session.close;
                    let point = Point { label: close, at: close, date: session.date };
                    points.extend((close <= span.to).then_some(point));
                }
                Timeframe::Intraday(_, step) => self.intraday_points(&session, step, span, &mut points),
            }
            if points.len() > POINTS_MAX {
                return None;
            }
        }
        Some(points)
    }

    /// The points of a session. Every hour: of the time up to the next session's midnight.
    fn intraday_points(&self, session: &Session, step: TimeDelta, span: &Span, points: &mut Vec<Point>) {
        let date = session.date;
        let next = self.calendar.next_session(date).map_or(date.plus_days(1), |next| next.date);
        let (mut label, end) = match span.hours {
            Hours::Market => (session.open, session.close),
            Hours::Extended if session.is_half_day() => (date.at_hm(4, 0), date.at_hm(17, 0)),
            Hours::Extended => (date.at_hm(4, 0), date.at_hm(20, 0)),
            Hours::Every => (date.at_hm(0, 0), next.at_hm(0, 0) - TimeDelta::nanoseconds(1)),
        };
        while label <= end && label <= span.to {
            if span.from <= label + step {
                points.push(Point { label, at: (label + step).min(self.now), date });
            }
            label = label + step;
        }
    }
}

impl Timeframe {
    const MINUTE: Self = Self::Intraday("1Min", TimeDelta::minutes(1));
    const QUARTER: Self = Self::Intraday("15Min", TimeDelta::minutes(15));

    fn parse(text: &str) -> Option<Self> {
        match text {
            "1Min" => Some(Self::MINUTE),
            "5Min" => Some(Self::Intraday("5Min", TimeDelta::minutes(5))),
            "15Min" => Some(Self::QUARTER),
            "1H" => Some(Self::Intraday("1H", TimeDelta::hours(1))),
            "1D" => Some(Self::Day),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Intraday(word, _) => word,
            Self::Day => "1D",
        }
    }
}

/// A number of days, weeks, months or years.
#[derive(Clone, Copy)]
struct Period {
    count: i32,
    unit: char,
}

impl Period {
    fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().last().filter(|unit| matches!(unit, 'D' | 'W' | 'M' | 'A'))?;
        let count = text[..text.len() - 1].parse().ok().filter(|count| (1..=1_000).contains(count))?;
        Some(Self { count, unit })
    }

    fn days(self) -> i32 {
        match self.unit {
            'W' => self.count * 7,
            'M' => self.count * 30,
            'A' => self.count * 365,
            _ => self.count,
        }
    }

    fn after(self, start: Timestamp) -> Timestamp {
        start + TimeDelta::days(i64::from(self.days()))
    }

    /// The same day so many months earlier, or the last one that month has.
    fn before(self, day: NyDate) -> NyDate {
        let months = match self.unit {
            'M' => self.count,
            'A' => self.count * 12,
            _ => return day.plus_days(-self.days()),
        };
        let month = day.year() * 12 + day.month() as i32 - 1 - months;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
        (1..=day.day()).rev().find_map(|of_month| NyDate::new(year, month, of_month)).unwrap_or(day)
    }
}

fn cents(amount: Usd) -> f64 {
    (amount.to_f64() * 100.0).round() / 100.0
}

fn rounded(ratio: f64) -> f64 {
    (ratio * 10_000.0).round() / 10_000.0
}
