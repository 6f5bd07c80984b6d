//! From text to an [`Expression`], as liberal as systemd and no more.
//!
//! Refused although systemd takes it: fractions of a second, `@SECONDS`, and the abbreviations of the host's own zone (`EST`
//! at a host in New York), whose meaning the text alone does not tell.

use std::str::FromStr;

use chrono_tz::Tz;
use thiserror::Error;

use super::{
    Expression,
    component::{Component, ENTRIES_MAX, Entry},
    expression::every_second,
    next::YEAR_MAX,
};

const YEAR_MIN: i32 = 1970;
const TEXT_SHOWN_MAX: usize = 80;

/// Names of weekdays, the long ones first.
const WEEKDAYS: [(&str, u8); 14] = [
    ("monday", 0),
    ("mon", 0),
    ("tuesday", 1),
    ("tue", 1),
    ("wednesday", 2),
    ("wed", 2),
    ("thursday", 3),
    ("thu", 3),
    ("friday", 4),
    ("fri", 4),
    ("saturday", 5),
    ("sat", 5),
    ("sunday", 6),
    ("sun", 6),
];

/// Words for whole expressions.
const SHORTHANDS: [(&str, &str); 13] = [
    ("minutely", "*:*"),
    ("hourly", "*:0"),
    ("daily", "0:0"),
    ("weekly", "mon 0:0"),
    ("monthly", "*-1 0:0"),
    ("quarterly", "1,4,7,10-1 0:0"),
    ("semiannually", "1,7-1 0:0"),
    ("semi-annually", "1,7-1 0:0"),
    ("biannually", "1,7-1 0:0"),
    ("bi-annually", "1,7-1 0:0"),
    ("yearly", "1-1 0:0"),
    ("annually", "1-1 0:0"),
    ("anually", "1-1 0:0"),
];

/// Why a text is no expression that is understood here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExpressionError {
    /// systemd refuses it too, and ignores the line it stands in.
    #[error("{text:?} is no calendar expression: {reason}")]
    Malformed {
        /// The text, shortened.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// systemd takes it.
    #[error("{text:?} is not followed here: {reason}")]
    Unsupported {
        /// The text, shortened.
        text: String,
        /// What it contains.
        reason: &'static str,
    },
}

/// A reason, and whether systemd refuses it too.
type Refusal = (&'static str, bool);
type Parsed<T> = Result<T, Refusal>;

const EMPTY: Refusal = ("it is empty", true);
const NUMBER: Refusal = ("a number or `*` was expected", true);
const LARGE: Refusal = ("a number is out of range", true);
const STEP: Refusal = ("a repetition of zero", true);
const SEPARATOR: Refusal = ("parts are separated by `,`, `..`, `/`, `-`, `~`, `:` and a space", true);
const MANY: Refusal = ("a list is too long", true);
const WEEKDAY: Refusal = ("weekdays are Mon Tue Wed Thu Fri Sat Sun, in lists and ranges that run forwards", true);
const DATE: Refusal = ("a date is `year-month-day` or `month-day`, and `~` stands before days only", true);
const TIME: Refusal =
    ("a time is `hour:minute` or `hour:minute:second`, and a zone must be one of the tz database", true);
const SECONDS: Refusal = ("a range of seconds is longer than its step", true);
const RANGE: Refusal = ("a value is out of range, or its range or repetition matches nothing else", true);
const FRACTION: Refusal = ("fractions of a second", false);
const EPOCH: Refusal = ("seconds since 1970", false);

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse(text).map_err(|(reason, refused)| {
            let text = text.chars().take(TEXT_SHOWN_MAX).collect();
            if refused {
                ExpressionError::Malformed { text, reason }
            } else {
                ExpressionError::Unsupported { text, reason }
            }
        })
    }
}

fn parse(text: &str) -> Parsed<Expression> {
    let (text, zone) = split_zone(text);
    if text.is_empty() {
        return Err(EMPTY);
    }
    let text = SHORTHANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map_or(text, |(_, long)| long);
    let mut rest = Cursor { rest: text };
    let weekdays = rest.weekdays()?;
    let Date { components: [year, month, day], from_month_end } = rest.date()?;
    let [hour, minute, second] = rest.time()?;
    let components = [year.with_centuries(), month, day, hour, minute, second].map(Component::normalized);
    let expression = Expression {
        weekdays: if weekdays == 0b111_1111 { 0 } else { weekdays },
        from_month_end: from_month_end && !components[2].is_any(),
        components,
        zone,
    };
    if fits(&expression) { Ok(expression) } else { Err(RANGE) }
}

fn split_zone(text: &str) -> (&str, Option<Tz>) {
    let Some((before, word)) = text.rsplit_once(' ') else { return (text, None) };
    if word.eq_ignore_ascii_case("UTC") {
        return (before, Some(Tz::UTC));
    }
    word.parse().map_or((text, None), |zone| (before, Some(zone)))
}

fn fits(expression: &Expression) -> bool {
    let month_end = expression.from_month_end;
    let bounds = [(YEAR_MIN, YEAR_MAX), (1, 12), (1, 31), (0, 23), (0, 59), (0, 59)];
    let fits =
        |(at, (first, last)): (usize, (i32, i32))| expression.components[at].fits(first, last, month_end && at == 2);
    bounds.into_iter().enumerate().all(fits)
}

#[derive(Default)]
struct Date {
    components: [Component; 3],
    from_month_end: bool,
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.bytes().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// At the end, or at spaces, which are passed over.
    fn ends_word(&mut self) -> bool {
        let ends = matches!(self.peek(), None | Some(b' '));
        if ends {
            self.rest = self.rest.trim_start_matches(' ');
        }
        ends
    }

    fn weekday(&mut self) -> Option<u8> {
        let starts = |name: &str| self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let (name, day) = WEEKDAYS.iter().find(|(name, _)| starts(name))?;
        self.rest = &self.rest[name.len()..];
        Some(*day)
    }

    /// A bit a day; 0 when none is named.
    fn weekdays(&mut self) -> Parsed<u8> {
        let Some(mut day) = self.weekday() else { return Ok(0) };
        let (mut days, mut first) = (0, None);
        loop {
            let from = first.unwrap_or(day);
            if from > day {
                return Err(WEEKDAY);
            }
            days |= (from..=day).fold(0, |days, day| days | 1 << day);
            if self.ends_word() {
                return Ok(days);
            }
            if self.eat(",") {
                first = None;
                // A comma may end the list.
                if self.ends_word() {
                    return Ok(days);
                }
            } else if first.is_none() && (self.eat("..") || self.eat("-")) {
                first = Some(day);
            } else {
                return Err(WEEKDAY);
            }
            day = self.weekday().ok_or(WEEKDAY)?;
        }
    }

    /// Every date when there is none, and the text goes on with a time.
    fn date(&mut self) -> Parsed<Date> {
        if self.rest.is_empty() {
            return Ok(Date::default());
        }
        if self.peek() == Some(b'@') {
            return Err(EPOCH);
        }
        let whole = self.rest;
        let first = self.component(false)?;
        if matches!(self.peek(), None | Some(b':')) {
            self.rest = whole;
            return Ok(Date::default());
        }
        let mut from_month_end = self.date_separator()?;
        let second = self.component(false)?;
        if self.ends_word() {
            return Ok(Date { components: [Component::default(), first, second], from_month_end });
        }
        if from_month_end {
            return Err(DATE);
        }
        from_month_end = self.date_separator()?;
        let third = self.component(false)?;
        if self.ends_word() { Ok(Date { components: [first, second, third], from_month_end }) } else { Err(DATE) }
    }

    /// Whether it is the one that counts from the end of the month.
    fn date_separator(&mut self) -> Parsed<bool> {
        if self.eat("~") {
            Ok(true)
        } else if self.eat("-") {
            Ok(false)
        } else {
            Err(DATE)
        }
    }

    /// Midnight when there is none.
    fn time(&mut self) -> Parsed<[Component; 3]> {
        if self.rest.is_empty() {
            return Ok([Component::of(0), Component::of(0), Component::of(0)]);
        }
        let hour = self.component(false)?;
        if !self.eat(":") {
            return Err(TIME);
        }
        let minute = self.component(false)?;
        if self.rest.is_empty() {
            return Ok([hour, minute, Component::of(0)]);
        }
        if !self.eat(":") {
            return Err(TIME);
        }
        let second = self.component(true)?;
        if self.rest.is_empty() { Ok([hour, minute, second]) } else { Err(TIME) }
    }

    fn component(&mut self, seconds: bool) -> Parsed<Component> {
        if self.eat("*") {
            return Ok(if seconds { every_second() } else { Component::default() });
        }
        let mut entries = Vec::new();
        loop {
            entries.push(self.entry(seconds)?);
            if entries.len() > ENTRIES_MAX {
                return Err(MANY);
            }
            if !self.eat(",") {
                return Ok(Component::new(entries));
            }
        }
    }

    fn entry(&mut self, seconds: bool) -> Parsed<Entry> {
        let start = self.number(seconds)?;
        let mut entry = Entry::of(start);
        if self.eat("..") {
            entry = Entry { stop: Some(self.number(seconds)?), step: Some(1), ..entry };
        }
        if self.eat("/") {
            entry.step = Some(self.number(seconds)?);
            if entry.step == Some(0) {
                return Err(STEP);
            }
        } else if seconds && entry.stop.is_some_and(|stop| stop <= start) {
            return Err(SECONDS);
        }
        if matches!(self.peek(), None | Some(b' ' | b',' | b'-' | b'~' | b':')) { Ok(entry) } else { Err(SEPARATOR) }
    }

    fn number(&mut self, seconds: bool) -> Parsed<i32> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(NUMBER);
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        if seconds && rest.starts_with('.') && !rest.starts_with("..") {
            return Err(FRACTION);
        }
        // Whatever is larger than a year is out of range anywhere, and small enough to be added to.
        number.parse().ok().filter(|number| *number <= 9_999).ok_or(LARGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_why() {
        for (text, expect) in [
            ("", "\"\" is no calendar expression: it is empty"),
            ("fortnightly", "\"fortnightly\" is no calendar expression: a number or `*` was expected"),
            ("Fri..Mon", WEEKDAY.0),
            ("2026-1-1-1", DATE.0),
            ("10:00 Mars/Base", TIME.0),
            ("*:*:5..5", SECONDS.0),
            ("24:00", RANGE.0),
            ("1/0:00", STEP.0),
            ("1.5:00", SEPARATOR.0),
            ("99999:00", LARGE.0),
            ("*:*:0.5", "\"*:*:0.5\" is not followed here: fractions of a second"),
        ] {
            let refused = text.parse::<Expression>().expect_err(text).to_string();
            assert!(refused.ends_with(expect), "{text}: {refused}");
        }
        let long = format!("{}1:00", "1,".repeat(ENTRIES_MAX));
        assert!(long.parse::<Expression>().expect_err("a long list").to_string().ends_with(MANY.0));
    }

    #[test]
    fn a_normalized_form_is_its_own() {
        for text in ["Mon..Fri *-*-* 08:30:00 America/New_York", "*-05~07/1 00:00:00 UTC", "2026..2028-*-01 *:00/30:*"]
        {
            let expression: Expression = text.parse().expect(text);
            assert_eq!(expression.to_string(), text);
        }
    }
}
