//! An instant in JSON, read without a copy: `2022-01-03T09:00:00Z` is what nearly all of them look like.

use std::fmt;

use market::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

const NANOS: i64 = 1_000_000_000;

/// A [`Timestamp`], read quickly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                // Whatever is not of the usual form goes the usual way, which also says what is wrong with it.
                let usual = || text.parse().map_err(E::custom);
                usual_form(text.as_bytes()).map_or_else(usual, Ok).map(Instant)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ` from 1970 to 2199, with days that every month has.
pub(super) fn usual_form(text: &[u8]) -> Option<Timestamp> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text else {
        return None;
    };
    let pair = |tens: &u8, ones: &u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then_some(i64::from(tens) * 10 + i64::from(ones))
    };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let (hour, minute, second) = (pair(h1, h2)?, pair(n1, n2)?, pair(s1, s2)?);
    let known = (1970..2200).contains(&year) && (1..=12).contains(&month) && (1..=28).contains(&day);
    if !known || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_unix_nanos(seconds * NANOS))
}

/// Days since 1970-01-01; the year is reckoned from March, so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Timestamp> {
        serde_json::from_str::<Instant>(&format!("\"{text}\"")).ok().map(|instant| instant.0)
    }

    #[test]
    fn the_two_ways_agree_on_every_form() {
        for text in [
            "2022-01-03T09:00:00Z",
            "2024-02-29T23:59:59Z",
            "2024-02-28T23:59:59Z",
            "2000-03-01T00:00:00Z",
            "2100-03-01T00:00:00Z",
            "2022-08-17T10:07:40.286587431Z",
            "2021-01-31T12:00:00-05:00",
            "1969-12-31T23:59:59Z",
            "2022-13-03T09:00:00Z",
            "2022-02-30T09:00:00Z",
            "2022-01-03T24:00:00Z",
            "2022-01-03 09:00:00",
            "2022-01-0:T09:00:00Z",
            "",
            "x",
        ] {
            assert_eq!(read(text), text.parse().ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_is_the_same_instant(seconds in 0_i64..7_000_000_000) {
            let instant = Timestamp::from_unix_seconds(seconds);
            prop_assert_eq!(read(&instant.to_string()), Some(instant));
        }
    }
}
