//! When the broker ends an order that is good till cancelled, and when a stop is renewed because of it.
//!
//! Alpaca ends such an order 90 days after the day it was submitted. A stop is renewed when that day is near: put in its
//! own place at the same or a better price, which makes it an order of today. The margin is longer than the exchange was
//! ever closed, so that a stop does not end before the end of a session in which nobody looked.

use market::{NyDate, Timestamp};

/// An order that is good till cancelled ends so many days after it was submitted.
pub const GTC_DAYS: i32 = 90;

/// The day on which the broker ends an order that is good till cancelled and was submitted on this day.
#[must_use]
pub fn ends_on(submitted: NyDate) -> NyDate {
    submitted.plus_days(GTC_DAYS)
}

/// Whether that day is at most so many days away, or past. By New York's days: the broker counts them, not hours.
#[must_use]
pub fn is_near(submitted: Timestamp, now: Timestamp, within_days: u32) -> bool {
    ends_on(submitted.ny_date()).days_since(now.ny_date()) <= i64::from(within_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_days_of_new_york() {
        // Half past nine in the evening in New York: still the 10th.
        let submitted: Timestamp = "2026-11-11T02:30:00Z".parse().unwrap();
        assert_eq!(ends_on(submitted.ny_date()).to_string(), "2027-02-08");
        let table = [
            ("2026-11-11T02:31:00Z", 7, false),
            ("2027-02-01T04:59:59Z", 7, false),
            ("2027-02-01T05:00:00Z", 7, true),
            ("2027-02-08T14:30:00Z", 7, true),
            ("2027-03-01T14:30:00Z", 7, true),
            ("2027-02-08T04:59:59Z", 0, false),
            ("2027-02-08T05:00:00Z", 0, true),
        ];
        for (now, within, expect) in table {
            assert_eq!(is_near(submitted, now.parse().unwrap(), within), expect, "{now}, {within} days");
        }
    }
}
