//! JSON the way Alpaca writes it: fills, averages, ratios, the ids of assets.

use market::{Qty, Symbol, Timestamp, Usd};
use serde_json::{Value, json};

use super::{
    book::{Book, Fill},
    wire::Decimal,
};
use crate::order::Uuid;

/// Averages come with more decimals than prices have; the real venue's do too.
const AVERAGE_DECIMALS: u32 = 6;

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
    average_decimal(cost, qty).map(Decimal::text)
}

pub(super) fn average_decimal(cost: Usd, qty: Qty) -> Option<Decimal> {
    if qty.is_zero() {
        return None;
    }
    // Cost is in 1e-4 dollar, quantity in 1e-9 share.
    let millionths = i128::from(cost.units()) * 100 * 1_000_000_000 / i128::from(qty.units());
    Some(Decimal::new(millionths, AVERAGE_DECIMALS, 0))
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
pub(super) fn asset_id_bytes(symbol: &str) -> [u8; 36] {
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
    use super::*;

    #[test]
    fn the_id_of_an_asset_tells_its_symbol() {
        assert_eq!(asset_id("BRK.B"), "00000000-4252-44b2-ae42-000000000000");
        for symbol in ["A", "BRK.B", "ABCDEFGHIJK"] {
            assert_eq!(symbol_of_asset(&asset_id(symbol)).unwrap().as_str(), symbol);
        }
        for id in ["", "BRK.B", "11111111-4252-44b2-ae42-000000000000", "00000000-0000-4000-a000-000000000000"] {
            assert_eq!(symbol_of_asset(id), None, "{id}");
        }
    }
}
