//! Tickets and changes in Alpaca's JSON: decimals are strings, what is not said is left out.

use market::{Bps, Qty};
use serde::Serialize;
use trading::order::Side;

use super::{Amount, Change, Class, Exit, Kind, Lifetime, StopLoss, Ticket, Trail};

/// The body of POST /v2/orders.
#[derive(Debug, Serialize)]
pub(in crate::alpaca) struct TicketBody<'a> {
    symbol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notional: Option<String>,
    side: Side,
    #[serde(rename = "type")]
    kind: &'static str,
    time_in_force: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_percent: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    extended_hours: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    take_profit: Option<TakeProfitBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_loss: Option<StopLossBody>,
    client_order_id: &'a str,
}

#[derive(Debug, Serialize)]
struct TakeProfitBody {
    limit_price: String,
}

#[derive(Debug, Serialize)]
struct StopLossBody {
    stop_price: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
}

/// The body of PATCH /v2/orders/{id}.
#[derive(Debug, Serialize)]
pub(in crate::alpaca) struct ChangeBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_in_force: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail: Option<String>,
    client_order_id: &'a str,
}

impl<'a> From<&'a Ticket> for TicketBody<'a> {
    fn from(ticket: &'a Ticket) -> Self {
        let (qty, notional) = match ticket.amount {
            Amount::Shares(qty) => (Some(qty.to_string()), None),
            Amount::Dollars(dollars) => (None, Some(dollars.to_string())),
        };
        let (trail_price, trail_percent) = match ticket.kind {
            Kind::TrailingStop { trail: Trail::Price(price) } => (Some(price.to_string()), None),
            Kind::TrailingStop { trail: Trail::Percent(part) } => (None, Some(percent(part))),
            Kind::Market | Kind::Limit { .. } | Kind::Stop { .. } | Kind::StopLimit { .. } => (None, None),
        };
        let (order_class, take_profit, stop_loss) = exits(ticket);
        // A profit-taking order says its limit where the class wants it, once.
        let limit = ticket.kind.limit().filter(|_| order_class != Some("oco"));
        Self {
            symbol: ticket.symbol.as_str(),
            qty,
            notional,
            side: ticket.side,
            kind: kind(ticket.kind),
            time_in_force: lifetime(ticket.lifetime),
            limit_price: limit.map(|price| price.to_string()),
            stop_price: ticket.kind.stop().map(|price| price.to_string()),
            trail_price,
            trail_percent,
            extended_hours: ticket.extended_hours,
            order_class,
            take_profit,
            stop_loss,
            client_order_id: ticket.client_order_id.as_str(),
        }
    }
}

impl<'a> From<&'a Change> for ChangeBody<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            qty: change.qty.as_ref().map(Qty::to_string),
            time_in_force: change.lifetime.map(lifetime),
            limit_price: change.limit.map(|price| price.to_string()),
            stop_price: change.stop.map(|price| price.to_string()),
            trail: change.trail.map(|trail| match trail {
                Trail::Price(price) => price.to_string(),
                Trail::Percent(part) => percent(part),
            }),
            client_order_id: change.client_order_id.as_str(),
        }
    }
}

fn exits(ticket: &Ticket) -> (Option<&'static str>, Option<TakeProfitBody>, Option<StopLossBody>) {
    let profit = |limit: market::Price| TakeProfitBody { limit_price: limit.to_string() };
    match ticket.class {
        Class::Simple => (None, None, None),
        Class::Bracket { take_profit, stop_loss } => {
            (Some("bracket"), Some(profit(take_profit)), Some(stop_loss.into()))
        }
        Class::Oco { stop_loss } => (Some("oco"), ticket.kind.limit().map(profit), Some(stop_loss.into())),
        Class::Oto(Exit::TakeProfit(limit)) => (Some("oto"), Some(profit(limit)), None),
        Class::Oto(Exit::StopLoss(stop_loss)) => (Some("oto"), None, Some(stop_loss.into())),
    }
}

impl From<StopLoss> for StopLossBody {
    fn from(stop_loss: StopLoss) -> Self {
        Self { stop_price: stop_loss.stop.to_string(), limit_price: stop_loss.limit.map(|price| price.to_string()) }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Market => "market",
        Kind::Limit { .. } => "limit",
        Kind::Stop { .. } => "stop",
        Kind::StopLimit { .. } => "stop_limit",
        Kind::TrailingStop { .. } => "trailing_stop",
    }
}

fn lifetime(lifetime: Lifetime) -> &'static str {
    match lifetime {
        Lifetime::Day => "day",
        Lifetime::Gtc => "gtc",
        Lifetime::Opg => "opg",
        Lifetime::Cls => "cls",
        Lifetime::Ioc => "ioc",
        Lifetime::Fok => "fok",
    }
}

/// `1.5` for 150 basis points.
fn percent(part: Bps) -> String {
    format!("{}.{:02}", part.get() / 100, part.get() % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn price(text: &str) -> market::Price {
        text.parse().unwrap()
    }

    fn ticket(kind: Kind, class: Class) -> Ticket {
        Ticket {
            client_order_id: "t-1".parse().unwrap(),
            purpose: trading::order::Purpose::Open,
            symbol: "AAPL".parse().unwrap(),
            side: Side::Buy,
            amount: Amount::Shares(Qty::shares(4)),
            kind,
            lifetime: Lifetime::Gtc,
            extended_hours: false,
            class,
        }
    }

    fn body(ticket: &Ticket) -> Value {
        serde_json::to_value(TicketBody::from(ticket)).unwrap()
    }

    #[test]
    fn every_form_in_the_brokers_words() {
        let stop_loss = StopLoss { stop: price("9.50"), limit: None };
        let with_limit = StopLoss { limit: Some(price("9.40")), ..stop_loss };
        let limit = Kind::Limit { limit: price("10") };
        let percent = |bps| Kind::TrailingStop { trail: Trail::Percent(Bps::new(bps).unwrap()) };
        for (kind, class, expect) in [
            (Kind::Market, Class::Simple, json!({"type": "market"})),
            (limit, Class::Simple, json!({"type": "limit", "limit_price": "10.00"})),
            (Kind::Stop { stop: price("9") }, Class::Simple, json!({"type": "stop", "stop_price": "9.00"})),
            (
                Kind::StopLimit { stop: price("9"), limit: price("8.9") },
                Class::Simple,
                json!({"type": "stop_limit", "stop_price": "9.00", "limit_price": "8.90"}),
            ),
            (
                Kind::TrailingStop { trail: Trail::Price(price("1.25")) },
                Class::Simple,
                json!({"type": "trailing_stop", "trail_price": "1.25"}),
            ),
            (percent(150), Class::Simple, json!({"type": "trailing_stop", "trail_percent": "1.50"})),
            (percent(5), Class::Simple, json!({"type": "trailing_stop", "trail_percent": "0.05"})),
            (
                limit,
                Class::Bracket { take_profit: price("12"), stop_loss },
                json!({"type": "limit", "limit_price": "10.00", "order_class": "bracket",
                    "take_profit": {"limit_price": "12.00"}, "stop_loss": {"stop_price": "9.50"}}),
            ),
            (
                limit,
                Class::Oco { stop_loss: with_limit },
                json!({"type": "limit", "order_class": "oco", "take_profit": {"limit_price": "10.00"},
                    "stop_loss": {"stop_price": "9.50", "limit_price": "9.40"}}),
            ),
            (
                Kind::Market,
                Class::Oto(Exit::StopLoss(stop_loss)),
                json!({"type": "market", "order_class": "oto", "stop_loss": {"stop_price": "9.50"}}),
            ),
            (
                Kind::Market,
                Class::Oto(Exit::TakeProfit(price("12"))),
                json!({"type": "market", "order_class": "oto", "take_profit": {"limit_price": "12.00"}}),
            ),
        ] {
            let mut whole =
                json!({"symbol": "AAPL", "qty": "4", "side": "buy", "time_in_force": "gtc", "client_order_id": "t-1"});
            whole.as_object_mut().unwrap().extend(expect.as_object().unwrap().clone());
            assert_eq!(body(&ticket(kind, class)), whole);
        }
    }

    #[test]
    fn lifetimes_dollars_and_extended_hours() {
        for (lifetime, word) in [
            (Lifetime::Day, "day"),
            (Lifetime::Gtc, "gtc"),
            (Lifetime::Opg, "opg"),
            (Lifetime::Cls, "cls"),
            (Lifetime::Ioc, "ioc"),
            (Lifetime::Fok, "fok"),
        ] {
            let dollars = Amount::Dollars("12.5".parse().unwrap());
            let ticket =
                Ticket { lifetime, amount: dollars, extended_hours: true, ..ticket(Kind::Market, Class::Simple) };
            let body = body(&ticket);
            assert_eq!((body["time_in_force"].as_str(), body["notional"].as_str()), (Some(word), Some("12.50")));
            assert_eq!((body.get("qty"), &body["extended_hours"]), (None, &json!(true)));
        }
    }

    #[test]
    fn a_change_says_only_what_changes() {
        let change = Change {
            client_order_id: "t-2".parse().unwrap(),
            purpose: trading::order::Purpose::Protect,
            qty: None,
            lifetime: None,
            limit: None,
            stop: None,
            trail: Some(Trail::Percent(Bps::new(75).unwrap())),
        };
        let written = serde_json::to_value(ChangeBody::from(&change)).unwrap();
        assert_eq!(written, json!({"trail": "0.75", "client_order_id": "t-2"}));
    }
}
