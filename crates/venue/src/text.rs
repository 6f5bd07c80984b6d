//! Numbers and instants as the data endpoints write them, straight into the text of an answer.
//!
//! A page holds 10,000 bars of seven numbers: these writers allocate nothing. Prices come in 1/10,000 dollar and go out
//! without trailing zeros; instants are RFC 3339 in UTC with as many digits as they need (none, three, six or nine).

use std::fmt::Write;

use market::Timestamp;

const UNITS_A_DOLLAR: u64 = 10_000;
const NANOS_A_SECOND: i64 = 1_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// Writes 1/10,000 dollars as a JSON number of dollars.
pub fn push_dollars(out: &mut String, units: i64) {
    if units < 0 {
        out.push('-');
    }
    let units = units.unsigned_abs();
    push_whole(out, units / UNITS_A_DOLLAR);
    let rest = units % UNITS_A_DOLLAR;
    if rest == 0 {
        return;
    }
    let digits = [b'.', digit(rest / 1_000), digit(rest / 100), digit(rest / 10), digit(rest)];
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    push_ascii(out, &digits[..digits.len() - zeros]);
}

/// Writes a whole number.
pub fn push_whole(out: &mut String, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    push_ascii(out, &digits[at..]);
}

/// Writes an instant as RFC 3339 in UTC, without quotes.
pub fn push_instant(out: &mut String, at: Timestamp) {
    let (seconds, nanos) =
        (at.unix_nanos().div_euclid(NANOS_A_SECOND), at.unix_nanos().rem_euclid(NANOS_A_SECOND) as u64);
    let (year, month, day) = civil(seconds.div_euclid(SECONDS_A_DAY));
    let of_day = seconds.rem_euclid(SECONDS_A_DAY) as u64;
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let fields =
        [(4, year), (7, month), (10, day), (13, of_day / 3600), (16, of_day / 60 % 60), (19, of_day % 60), (29, nanos)];
    for (end, number) in fields {
        put(&mut text[..end], number);
    }
    let length = match (nanos, nanos % 1_000_000, nanos % 1_000) {
        (0, _, _) => 19,
        (_, 0, _) => 23,
        (_, _, 0) => 26,
        (_, _, _) => 29,
    };
    text[length] = b'Z';
    push_ascii(out, &text[..=length]);
}

/// Writes a text as a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    write!(out, "{}", serde_json::Value::from(text)).expect("writing to a string succeeds");
}

/// Writes a number so that it ends where the span does, over the zeros that stand there.
fn put(span: &mut [u8], mut number: u64) {
    for place in span.iter_mut().rev() {
        if number == 0 {
            return;
        }
        *place = digit(number);
        number /= 10;
    }
}

fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

fn push_ascii(out: &mut String, bytes: &[u8]) {
    out.push_str(str::from_utf8(bytes).expect("digits and marks are UTF-8"));
}

/// Year, month and day of a number of days since 1970, by counting eras of 400 years from a first of March. Instants lie
/// between 1677 and 2262, so the year has four digits.
pub(crate) fn civil(days: i64) -> (u64, u64, u64) {
    const DAYS_TO_1970: i64 = 719_468;
    const DAYS_AN_ERA: i64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, of_era) = (days.div_euclid(DAYS_AN_ERA), days.rem_euclid(DAYS_AN_ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year.unsigned_abs(), month.unsigned_abs(), day.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl Fn(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

    #[test]
    fn dollars_have_no_trailing_zeros() {
        for (units, expect) in
            [(0, "0"), (1, "0.0001"), (10_000, "1"), (1_234_500, "123.45"), (100_500, "10.05"), (-2_500, "-0.25")]
        {
            assert_eq!(written(|out| push_dollars(out, units)), expect);
        }
    }

    proptest! {
        #[test]
        fn dollars_read_back(units in -1_000_000_000_000_i64..1_000_000_000_000) {
            let value: f64 = written(|out| push_dollars(out, units)).parse().unwrap();
            prop_assert_eq!((value * 1e4).round() as i64, units);
        }

        #[test]
        fn instants_are_written_as_everywhere_else(nanos in any::<i64>(), precision in 0_u32..10) {
            let step = 10_i64.pow(precision);
            let at = Timestamp::from_unix_nanos(nanos / step * step);
            prop_assert_eq!(written(|out| push_instant(out, at)), at.to_string());
        }
    }
}
