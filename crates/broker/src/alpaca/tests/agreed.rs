//! What happens before the first order: agreement on the account, and the broker's rules for openings.

use trading::order::{Purpose, Side};

use super::*;
use crate::alpaca::{ticket::Ticket, validate::Around};

#[tokio::test]
async fn the_first_order_asks_for_the_account_and_the_second_does_not() {
    let server = Canned::start(vec![account(ACCOUNT), accepted(), accepted()]).await;
    let client = Alpaca::new(&config(&server.base_url)).unwrap();
    for _ in 0..2 {
        assert_eq!(word(&place(&client, Purpose::Protect).await), "accepted");
    }
    assert_eq!(methods(&server), ["GET /v2/account", "POST /v2/orders", "POST /v2/orders"]);
}

#[tokio::test]
async fn an_account_read_for_another_reason_counts() {
    let whole = r#"{"account_number":"PA30000000","status":"ACTIVE","equity":"1","last_equity":"1","cash":"1",
        "buying_power":"1"}"#;
    let server = Canned::start(vec![Behaviour::json(200, whole), accepted()]).await;
    let client = Alpaca::new(&config(&server.base_url)).unwrap();
    client.account().await.unwrap();
    assert_eq!(word(&place(&client, Purpose::Protect).await), "accepted");
    assert_eq!(methods(&server), ["GET /v2/account", "POST /v2/orders"]);
}

#[tokio::test]
async fn no_order_leaves_for_another_account_or_an_unknown_one() {
    for (behaviour, expect, words) in [
        (account("PA9"), "rejected", "expected account PA30000000 (local); the keys belong to account PA9 (local)"),
        (Behaviour::json(200, r#"{"account_number":"PA_9"}"#), "retryable", "GET /v2/account"),
        (Behaviour::json(200, r#"{"account_number":null}"#), "retryable", "GET /v2/account"),
        (Behaviour::json(500, "{}"), "retryable", "HTTP 500"),
        (Behaviour::json(401, "{}"), "retryable", "HTTP 401"),
        (Behaviour::Close, "retryable", "GET /v2/account"),
        (Behaviour::Mute, "retryable", "no answer in time"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let client = Alpaca::new(&config(&server.base_url)).unwrap();
        for purpose in [Purpose::Protect, Purpose::Open] {
            let outcome = place(&client, purpose).await;
            assert_eq!(word(&outcome), expect, "{behaviour:?}: {outcome:?}");
            assert!(format!("{outcome:?}").contains(words), "{outcome:?}");
        }
        let id = "o-1".parse().unwrap();
        let change = (&limit_order()).into();
        assert_eq!(word(&client.by_hand().replace(&id, &change).await), expect, "{behaviour:?}");
        assert!(matches!(Broker::cancel(&client, &id).await, CancelOutcome::Unknown(_)), "{behaviour:?}");
        assert!(methods(&server).iter().all(|request| request == "GET /v2/account"), "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_client_that_expects_no_account_reads_only() {
    let server = Canned::start(vec![Behaviour::json(200, "[]")]).await;
    let client = Alpaca::new(&Config { expected: None, ..config(&server.base_url) }).unwrap();
    assert_eq!(word(&place(&client, Purpose::Flatten).await), "rejected");
    assert!(matches!(client.by_hand().cancel(&"o-1".parse().unwrap()).await, CancelOutcome::Unknown(_)));
    assert!(client.positions().await.is_ok());
    assert_eq!(methods(&server), ["GET /v2/positions"]);
}

#[test]
fn environment_and_addresses_are_compared_before_anything_is_connected() {
    for environment in [Environment::Paper, Environment::Live] {
        let expected = Expected { environment, account: ACCOUNT.parse().unwrap() };
        let error = Alpaca::new(&config("http://127.0.0.1:1").trading_for(expected)).unwrap_err();
        let expect = format!("{environment} trading with the trading address http://127.0.0.1:1");
        assert_eq!(error.to_string(), expect);
    }
}

#[tokio::test]
async fn an_opening_needs_an_asset_that_trades_and_asks_once() {
    let server = Canned::start(vec![asset("true"), accepted(), accepted()]).await;
    let client = client(&server.base_url);
    for _ in 0..2 {
        assert_eq!(word(&place(&client, Purpose::Open).await), "accepted");
    }
    assert_eq!(methods(&server), ["GET /v2/assets/BRK.B", "POST /v2/orders", "POST /v2/orders"]);
}

#[tokio::test]
async fn an_opening_of_what_does_not_trade_stays_here() {
    let missing = Behaviour::json(404, r#"{"code":40410000,"message":"asset not found"}"#);
    for (behaviour, expect, words) in [
        (asset("false"), "rejected", "BRK.B is not traded by the broker"),
        (missing, "rejected", "the broker knows no BRK.B"),
        (Behaviour::json(404, "<html>"), "retryable", "the asset is not known yet"),
        (Behaviour::json(200, "{}"), "retryable", "the asset is not known yet"),
        (Behaviour::Close, "retryable", "the asset is not known yet"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let outcome = place(&client(&server.base_url), Purpose::Open).await;
        assert_eq!(word(&outcome), expect, "{behaviour:?}: {outcome:?}");
        assert!(format!("{outcome:?}").contains(words), "{outcome:?}");
        assert!(methods(&server).iter().all(|request| request.starts_with("GET ")), "{behaviour:?}");
    }
}

/// Our idea of the rules stops an opening and nothing else.
#[tokio::test]
async fn a_rule_stops_an_opening_and_never_a_protection() {
    for (purpose, requests) in [
        (Purpose::Open, vec!["GET /v2/assets/BRK.B"]),
        (Purpose::Reduce, vec!["POST /v2/orders"]),
        (Purpose::Protect, vec!["POST /v2/orders"]),
        (Purpose::Flatten, vec!["POST /v2/orders"]),
    ] {
        let answers = if purpose == Purpose::Open { vec![asset("true")] } else { vec![accepted()] };
        let server = Canned::start(answers).await;
        let fraction = Qty::from_units(1).unwrap();
        let limit = OrderKind::Limit { limit: "10.001".parse().unwrap() };
        let order = OrderRequest { purpose, qty: fraction, kind: limit, side: Side::Sell, ..limit_order() };
        let outcome = client(&server.base_url).place(&Ticket::from(&order), Around::default()).await;
        assert_eq!(word(&outcome), if purpose == Purpose::Open { "rejected" } else { "accepted" }, "{outcome:?}");
        assert_eq!(methods(&server), requests, "{purpose}");
        if let SubmitOutcome::Rejected { reason, message } = outcome {
            assert_eq!(reason, RejectReason::Invalid);
            for words in ["two decimals", "a type other than market"] {
                assert!(message.contains(words), "every breach at once: {message}");
            }
        }
    }
}

async fn place(client: &Alpaca, purpose: Purpose) -> SubmitOutcome {
    let order = OrderRequest { purpose, ..limit_order() };
    client.place(&Ticket::from(&order), Around::default()).await
}

fn accepted() -> Behaviour {
    Behaviour::json(200, order_json("id-1", "new"))
}

fn account(number: &str) -> Behaviour {
    Behaviour::json(200, format!(r#"{{"account_number":"{number}"}}"#))
}

fn asset(tradable: &str) -> Behaviour {
    Behaviour::json(
        200,
        format!(
            r#"{{"id":"a","class":"us_equity","exchange":"NYSE","symbol":"BRK.B","name":"B","status":"active",
            "tradable":{tradable},"marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true}}"#
        ),
    )
}

fn methods(server: &Canned) -> Vec<String> {
    let first = |request: &String| request.split(" HTTP").next().unwrap().to_owned();
    server.requests().iter().map(first).collect()
}
