//! JSON the way Alpaca writes it: money and quantities as strings, every member of an order present.

use market::{Price, Qty, Usd};
use serde_json::{Value, json};

use super::book::{Book, Fill};
use crate::{order::Order, words::Status};

/// Averages come with more decimals than prices have; the real venue's do too.
const AVERAGE_DECIMALS: u32 = 6;

pub(super) fn order(order: &Order) -> Value {
    let when = |wanted: Status| (order.status == wanted).then(|| order.ended_at.map(|at| at.to_string())).flatten();
    json!({
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": order.submitted_at,
        "submitted_at": order.submitted_at,
        "updated_at": order.updated_at,
        "filled_at": when(Status::Filled),
        "canceled_at": when(Status::Canceled),
        "expired_at": when(Status::Expired),
        "replaced_at": when(Status::Replaced),
        "failed_at": null,
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": asset_id(order.symbol.as_str()),
        "asset_class": "us_equity",
        "symbol": order.symbol,
        "qty": order.qty(),
        "notional": null,
        "filled_qty": order.filled_qty,
        "filled_avg_price": average(order.filled_cost, order.filled_qty),
        "order_class": "",
        "order_type": order.order_type,
        "type": order.order_type,
        "side": order.side,
        "time_in_force": order.time_in_force,
        "limit_price": order.limit_price.map(|price| price.to_string()),
        "stop_price": order.stop_price.map(|price| price.to_string()),
        "trail_percent": null,
        "trail_price": null,
        "hwm": null,
        "status": order.status,
        "extended_hours": false,
        "legs": null,
        "subtag": null,
        "source": null,
    })
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
    format!("{}::{}", fill.at.to_string().replace(['-', 'T', ':', '.', 'Z'], ""), fill.execution_id)
}

/// Cost a share with six decimals, rounded down; nothing when there are no shares.
pub(super) fn average(cost: Usd, qty: Qty) -> Option<String> {
    if qty.is_zero() {
        return None;
    }
    let scale = 10_i128.pow(AVERAGE_DECIMALS);
    // Cost is in 1e-4 dollar, quantity in 1e-9 share.
    let millionths = i128::from(cost.units()) * 100 * 1_000_000_000 / i128::from(qty.units());
    let text = format!("{}.{:06}", millionths / scale, millionths % scale);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// A ratio with four decimals.
pub(super) fn ratio(part: Usd, whole: Usd) -> String {
    if whole == Usd::ZERO { "0".to_owned() } else { format!("{:.4}", part.to_f64() / whole.to_f64()) }
}

/// Stable and of the right form; assets have no life of their own here.
pub(super) fn asset_id(symbol: &str) -> String {
    let mut bytes = [0_u8; 12];
    for (place, byte) in bytes.iter_mut().zip(symbol.bytes()) {
        *place = byte;
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("00000000-{}-4{}-a{}-{}", &hex[..4], &hex[4..7], &hex[7..10], &hex[10..22])
}

/// A price as a JSON number, the way the data endpoints write it.
pub(super) fn number(price: Price) -> Value {
    json!(price.to_f64())
}
