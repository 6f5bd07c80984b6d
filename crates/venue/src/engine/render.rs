//! JSON the way Alpaca writes it: money and quantities as strings, every member of an order present.
//!
//! Orders are written straight to text: no tree of values between, numbers and instants through a buffer on the stack.

use market::{Price, Qty, Symbol, Timestamp, Usd};
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Value, json};

use super::book::{Book, Fill};
use crate::{
    order::{Order, Role, Size, Trail, Uuid},
    words::{Intent, OrderClass, OrderType, Side, Status, TimeInForce},
};

/// Averages come with more decimals than prices have; the real venue's do too.
const AVERAGE_DECIMALS: u32 = 6;
const NANOS: i64 = 1_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// An instant as RFC 3339 in UTC, with as many groups of three decimals as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant(pub(super) Timestamp);

/// Units of a power of ten below one, written as a decimal string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    units: i128,
    digits: usize,
    least: usize,
}

/// An order as the wire has it. Its exits are `null` unless they are given.
pub(super) struct OrderView<'a> {
    order: &'a Order,
    legs: Option<(&'a Book, &'a [usize])>,
}

/// Many orders.
pub(super) struct OrderList<'a>(pub(super) Vec<OrderView<'a>>);

impl<'a> OrderView<'a> {
    /// The order alone: `legs` is null.
    pub(super) fn new(order: &'a Order) -> Self {
        Self { order, legs: None }
    }

    /// The order at a place of the book with its exits inside, when it has any.
    pub(super) fn nested(book: &'a Book, at: usize) -> Self {
        let order = book.order(at);
        Self { order, legs: (!order.legs.is_empty()).then_some((book, order.legs.as_slice())) }
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        let mut text = Vec::with_capacity(1_200);
        serde_json::to_writer(&mut text, self).expect("a vector takes every byte");
        String::from_utf8(text).expect("JSON is UTF-8")
    }
}

/// The members in the order of Alpaca's examples.
#[derive(Serialize)]
struct Members<'a> {
    id: Uuid,
    client_order_id: &'a str,
    created_at: Instant,
    updated_at: Instant,
    submitted_at: Instant,
    filled_at: Option<Instant>,
    expired_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    canceled_at: Option<Instant>,
    failed_at: Option<Instant>,
    replaced_at: Option<Instant>,
    replaced_by: Option<Uuid>,
    replaces: Option<Uuid>,
    asset_id: AssetId<'a>,
    symbol: &'a str,
    asset_class: &'static str,
    notional: Option<Decimal>,
    qty: Option<Decimal>,
    filled_qty: Decimal,
    filled_avg_price: Option<Decimal>,
    order_class: &'static str,
    order_type: OrderType,
    #[serde(rename = "type")]
    kind: OrderType,
    side: Side,
    position_intent: Intent,
    time_in_force: TimeInForce,
    limit_price: Option<Decimal>,
    stop_price: Option<Decimal>,
    status: Status,
    extended_hours: bool,
    legs: Option<Legs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_role: Option<&'static str>,
    trail_percent: Option<Decimal>,
    trail_price: Option<Decimal>,
    hwm: Option<Decimal>,
    subtag: Option<()>,
    source: Option<()>,
}

struct Legs<'a>(&'a Book, &'a [usize]);

struct AssetId<'a>(&'a str);

impl Serialize for OrderView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let order = self.order;
        let ended = |wanted: Status| order.ended_at.filter(|_| order.status == wanted).map(Instant);
        let (trail_price, trail_percent) = match order.trail {
            Some(Trail::Price(amount)) => (Some(Decimal::usd(amount)), None),
            Some(Trail::Percent(hundredths)) => (None, Some(Decimal::new(i128::from(hundredths), 2, 0))),
            None => (None, None),
        };
        let (qty, notional) = match order.size {
            Size::Shares(qty) => (Some(Decimal::qty(qty)), None),
            Size::Notional(amount) => (None, Some(Decimal::usd(amount))),
        };
        Members {
            id: order.id,
            client_order_id: &order.client_order_id,
            created_at: Instant(order.submitted_at),
            updated_at: Instant(order.updated_at),
            submitted_at: Instant(order.submitted_at),
            filled_at: ended(Status::Filled),
            expired_at: ended(Status::Expired),
            expires_at: order.expires_at.map(Instant),
            canceled_at: ended(Status::Canceled),
            failed_at: ended(Status::Rejected),
            replaced_at: ended(Status::Replaced),
            replaced_by: order.replaced_by,
            replaces: order.replaces,
            asset_id: AssetId(order.symbol.as_str()),
            symbol: order.symbol.as_str(),
            asset_class: "us_equity",
            notional,
            qty,
            filled_qty: Decimal::qty(order.filled_qty),
            filled_avg_price: average_decimal(order.filled_cost, order.filled_qty),
            order_class: class_word(order.class),
            order_type: order.order_type,
            kind: order.order_type,
            side: order.side,
            position_intent: order.intent,
            time_in_force: order.time_in_force,
            limit_price: order.limit_price.map(Decimal::price),
            stop_price: order.stop_price.map(Decimal::price),
            status: order.status,
            extended_hours: order.extended_hours,
            legs: self.legs.map(|(book, legs)| Legs(book, legs)),
            group_id: order.group,
            group_role: order.group.map(|_| role_word(order)),
            trail_percent,
            trail_price,
            hwm: order.high_water_mark.map(Decimal::price),
            subtag: None,
            source: None,
        }
        .serialize(serializer)
    }
}

impl Serialize for Legs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.1.len()))?;
        for at in self.1 {
            list.serialize_element(&OrderView::new(self.0.order(*at)))?;
        }
        list.end()
    }
}

impl Serialize for OrderList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// Alpaca writes the class of an order that stands alone as nothing.
fn class_word(class: OrderClass) -> &'static str {
    match class {
        OrderClass::Simple => "",
        OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto => class.as_str(),
    }
}

fn role_word(order: &Order) -> &'static str {
    match (order.role, order.class) {
        (Role::Parent, OrderClass::Oco) | (Role::TakeProfit(_), _) => "take_profit",
        (Role::Parent, _) => "entry",
        (Role::StopLoss(_), _) => "stop_loss",
    }
}

impl Decimal {
    fn new(units: i128, digits: usize, least: usize) -> Self {
        Self { units, digits, least }
    }

    pub(super) fn price(price: Price) -> Self {
        Self::new(i128::from(price.units()), 4, 2)
    }

    pub(super) fn usd(amount: Usd) -> Self {
        Self::new(i128::from(amount.units()), 4, 2)
    }

    pub(super) fn qty(qty: Qty) -> Self {
        Self::new(i128::from(qty.units()), 9, 0)
    }

    pub(super) fn signed_qty(qty: Qty, negative: bool) -> Self {
        Self::new(if negative { -i128::from(qty.units()) } else { i128::from(qty.units()) }, 9, 0)
    }

    /// Writes the text to the end of a buffer and says where it begins.
    fn write(self, buffer: &mut [u8; 48]) -> usize {
        let mut place = buffer.len();
        // Nearly every number fits 64 bits, whose division is several times as fast.
        let mut rest = self.units.unsigned_abs();
        let (mut fraction, mut written) = (self.digits, false);
        while fraction > 0 || rest > 0 || place == buffer.len() || buffer[place] == b'.' {
            let digit = match u64::try_from(rest) {
                Ok(small) => {
                    rest = u128::from(small / 10);
                    (small % 10) as u8
                }
                Err(_) => {
                    let digit = (rest % 10) as u8;
                    rest /= 10;
                    digit
                }
            };
            if fraction == 0 || written || digit != 0 || fraction <= self.least {
                place -= 1;
                buffer[place] = b'0' + digit;
                written = true;
            }
            if fraction > 0 {
                fraction -= 1;
                if fraction == 0 && written {
                    place -= 1;
                    buffer[place] = b'.';
                }
            }
        }
        if self.units < 0 {
            place -= 1;
            buffer[place] = b'-';
        }
        place
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; 48];
        let place = self.write(&mut buffer);
        serializer.serialize_str(str::from_utf8(&buffer[place..]).expect("digits are UTF-8"))
    }
}

impl Instant {
    /// Writes the text from the start of a buffer and says how long it is.
    fn write(self, buffer: &mut [u8; 30]) -> usize {
        let nanos = self.0.unix_nanos();
        let (seconds, fraction) = (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS));
        let (days, of_day) = (seconds.div_euclid(SECONDS_A_DAY), seconds.rem_euclid(SECONDS_A_DAY));
        let (year, month, day) = civil(days);
        buffer[..20].copy_from_slice(b"0000-00-00T00:00:00Z");
        let parts = [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, of_day / 3_600), (14, 2, of_day / 60 % 60)];
        for (place, width, value) in parts.into_iter().chain([(17, 2, of_day % 60)]) {
            digits(&mut buffer[place..place + width], value);
        }
        let (decimals, value) = match fraction {
            0 => return 20,
            whole if whole % 1_000_000 == 0 => (3, whole / 1_000_000),
            whole if whole % 1_000 == 0 => (6, whole / 1_000),
            whole => (9, whole),
        };
        buffer[19] = b'.';
        digits(&mut buffer[20..20 + decimals], value);
        buffer[20 + decimals] = b'Z';
        21 + decimals
    }
}

/// Fills a span with the last digits of a number that is not negative.
fn digits(span: &mut [u8], value: i64) {
    let mut rest = value;
    for byte in span.iter_mut().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar: years begin in March, so that the leap
/// day is the last, and 400 of them are 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let since = days + 719_468;
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; 30];
        let length = self.write(&mut buffer);
        serializer.serialize_str(str::from_utf8(&buffer[..length]).expect("digits are UTF-8"))
    }
}

impl Serialize for AssetId<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = asset_id_bytes(self.0);
        serializer.serialize_str(str::from_utf8(&text).expect("digits and dashes are UTF-8"))
    }
}

pub(super) fn fill(book: &Book, fill: &Fill) -> Value {
    let order = &book.orders()[fill.order];
    let whole = fill.leaves_qty.is_zero();
    json!({
        "activity_type": "FILL",
        "id": activity_id(fill),
        "order_id": order.id,
        "symbol": order.symbol,
        "side": order.side,
        "qty": fill.qty,
        "price": fill.price,
        "cum_qty": fill.cum_qty,
        "leaves_qty": fill.leaves_qty,
        "order_status": if whole { "filled" } else { "partially_filled" },
        "transaction_time": fill.at,
        "type": if whole { "fill" } else { "partial_fill" },
    })
}

/// The id of the activity of a fill: its instant in digits, and the execution.
#[must_use]
pub fn activity_id(fill: &Fill) -> String {
    activity_id_of(fill.at, fill.execution_id)
}

/// Seventeen digits down to the millisecond, in New York's time as in Alpaca's examples, and what happened.
pub(super) fn activity_id_of(at: Timestamp, id: Uuid) -> String {
    let date = at.ny_date().to_string().replace('-', "");
    let millis = at.unix_nanos().div_euclid(1_000_000).rem_euclid(1_000);
    format!("{date}{}{millis:03}::{id}", at.ny_time().format("%H%M%S"))
}

/// Cost a share with six decimals, rounded down; nothing when there are no shares.
pub(super) fn average(cost: Usd, qty: Qty) -> Option<String> {
    let mut buffer = [0; 48];
    let place = average_decimal(cost, qty)?.write(&mut buffer);
    Some(String::from_utf8_lossy(&buffer[place..]).into_owned())
}

fn average_decimal(cost: Usd, qty: Qty) -> Option<Decimal> {
    if qty.is_zero() {
        return None;
    }
    // Cost is in 1e-4 dollar, quantity in 1e-9 share.
    let millionths = i128::from(cost.units()) * 100 * 1_000_000_000 / i128::from(qty.units());
    Some(Decimal::new(millionths, AVERAGE_DECIMALS as usize, 0))
}

/// A ratio with four decimals.
pub(super) fn ratio(part: Usd, whole: Usd) -> String {
    if whole == Usd::ZERO { "0".to_owned() } else { format!("{:.4}", part.to_f64() / whole.to_f64()) }
}

/// Stable and of the right form; assets have no life of their own here.
pub(super) fn asset_id(symbol: &str) -> String {
    String::from_utf8_lossy(&asset_id_bytes(symbol)).into_owned()
}

/// The symbol's bytes in hexadecimal, laid into a UUID.
fn asset_id_bytes(symbol: &str) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = *b"00000000-0000-4000-a000-000000000000";
    let places = [9, 10, 11, 12, 15, 16, 17, 20, 21, 22].into_iter().chain(24..36);
    let bytes = symbol.bytes().chain(std::iter::repeat(0)).take(11);
    let nibbles = bytes.flat_map(|byte| [byte >> 4, byte & 0xf]);
    for (place, nibble) in places.zip(nibbles) {
        text[place] = DIGITS[usize::from(nibble)];
    }
    text
}

/// The symbol that an asset's id was made of.
pub(super) fn symbol_of_asset(id: &str) -> Option<Symbol> {
    let digits: String = Uuid::parse(id)?.to_string().chars().filter(|digit| *digit != '-').collect();
    let nibbles: String = [&digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32]].concat();
    let bytes = (0..11).filter_map(|place| u8::from_str_radix(&nibbles[2 * place..2 * place + 2], 16).ok());
    let text: String = bytes.take_while(|byte| *byte != 0).map(char::from).collect();
    Symbol::new(&text).ok().filter(|symbol| asset_id(symbol.as_str()) == id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap().trim_matches('"').to_owned()
    }

    #[test]
    fn decimals_read_as_their_own_types_write_them() {
        for units in [1, 9, 10, 99, 100, 101, 10_000, 10_001, 123_456, 1_000_000, 99_999_999] {
            let (price, qty) = (Price::from_units(units).unwrap(), Qty::from_units(units * 1_000_003).unwrap());
            assert_eq!(text(&Decimal::price(price)), price.to_string());
            assert_eq!(text(&Decimal::qty(qty)), qty.to_string());
            assert_eq!(text(&Decimal::usd(Usd::from_units(-units))), Usd::from_units(-units).to_string());
        }
        assert_eq!(text(&Decimal::qty(Qty::ZERO)), "0");
        assert_eq!(text(&Decimal::usd(Usd::ZERO)), "0.00");
        assert_eq!(text(&Decimal::signed_qty(Qty::shares(12), true)), "-12");
        assert_eq!(asset_id("BRK.B"), "00000000-4252-44b2-ae42-000000000000");
    }

    proptest! {
        #[test]
        fn instants_read_as_their_own_type_writes_them(nanos in -2_000_000_000_000_000_000_i64..4_000_000_000_000_000_000, cut in 0_u32..10) {
            let step = 10_i64.pow(cut);
            let at = Timestamp::from_unix_nanos(nanos / step * step);
            prop_assert_eq!(text(&Instant(at)), at.to_string());
        }

        #[test]
        fn quantities_and_amounts_too(units in 0_i64..i64::MAX) {
            let (qty, amount) = (Qty::from_units(units).unwrap(), Usd::from_units(-units));
            prop_assert_eq!(text(&Decimal::qty(qty)), qty.to_string());
            prop_assert_eq!(text(&Decimal::usd(amount)), amount.to_string());
        }
    }
}
