//! What each endpoint is asked, and what becomes of its answer.

use serde_json::json;
use trading::order::{BrokerOrderId, Purpose, Side};

use super::*;
use crate::alpaca::{
    account::HistoryQuery,
    activities::{Activity, ActivityQuery},
    assets::AssetFilter,
    bars::{Adjustment, BarsQuery, Timeframe},
    corporate_actions::{CorporateActionQuery, CorporateEvent, Part},
    desk::{Portion, Swept},
    orders::{Listed, OrderQuery},
    ticket::{Amount, Change, Class, Exit, Kind, Lifetime, StopLoss, Ticket, Trail},
};

#[tokio::test]
async fn an_order_is_read_with_everything_the_broker_says() {
    let leg = json!({"id": "leg-1", "client_order_id": "l-1", "created_at": "2026-11-10T14:30:00Z", "symbol": "AAPL",
        "qty": "10", "filled_qty": "0", "type": "stop_limit", "side": "sell", "time_in_force": "gtc",
        "limit_price": "89.9", "stop_price": "90", "status": "held", "order_class": "bracket",
        "group_role": "stop_loss", "group_id": "g-1"});
    let order = json!({"id": "o-1", "client_order_id": "c-1", "created_at": "2026-11-10T14:30:00Z", "symbol": "AAPL",
        "qty": null, "notional": "500", "filled_qty": "0", "type": "trailing_stop", "side": "buy",
        "time_in_force": "cls", "trail_percent": "1.5", "hwm": "101", "status": "new", "order_class": "bracket",
        "extended_hours": true, "replaces": "o-0", "replaced_by": null, "expires_at": "2027-02-08T21:15:00Z",
        "updated_at": "2026-11-10T14:31:00Z", "legs": [leg, {"id": "odd", "symbol": "AAPL"}]});
    let server = Canned::start(vec![Behaviour::json(200, order.to_string())]).await;
    let order = client(&server.base_url).order(&"o-1".parse().unwrap()).await.unwrap().unwrap();
    assert!(server.requests()[0].starts_with("GET /v2/orders/o-1?nested=true HTTP"));
    let one_and_a_half = Trail::Percent(market::Bps::new(150).unwrap());
    assert_eq!(order.kind, Some(Kind::TrailingStop { trail: one_and_a_half }));
    assert_eq!((order.lifetime, order.class.as_str()), (Some(Lifetime::Cls), "bracket"));
    assert_eq!(order.notional.unwrap().to_string(), "500.00");
    assert_eq!(order.replaces.unwrap().as_str(), "o-0");
    assert_eq!(order.expires_at.unwrap().to_string(), "2027-02-08T21:15:00Z");
    assert_eq!(order.legs.len(), 1, "a leg that cannot be read hides neither order nor leg");
    let (stop, limit) = ("90".parse().unwrap(), "89.9".parse().unwrap());
    assert_eq!(order.legs[0].kind, Some(Kind::StopLimit { stop, limit }));
    assert_eq!(order.legs[0].report.status, OrderStatus::Held);
}

#[tokio::test]
async fn an_order_nobody_knows_is_none_and_another_order_is_an_error() {
    let missing = Behaviour::json(404, r#"{"code":40410000,"message":"order not found"}"#);
    let server = Canned::start(vec![missing, Behaviour::json(200, order_json("c", "new"))]).await;
    let (client, id) = (client(&server.base_url), "o-1".parse::<BrokerOrderId>().unwrap());
    assert_eq!(client.order(&id).await, Ok(None));
    assert!(client.order(&id).await.unwrap_err().why.contains("the answer is about order 904837e3"));
}

#[tokio::test]
async fn lists_are_asked_for_as_the_query_says() {
    let server = Canned::start(vec![Behaviour::json(200, "[]")]).await;
    let client = client(&server.base_url);
    let at: Timestamp = "2026-11-10T14:30:00Z".parse().unwrap();
    let query = OrderQuery {
        listed: Listed::Closed,
        after: Some(at),
        until: Some(at),
        symbols: vec!["AAPL".parse().unwrap(), "BRK.B".parse().unwrap()],
        side: Some(Side::Sell),
        nested: true,
    };
    client.detailed_orders(&query).await.unwrap();
    let filter = AssetFilter {
        active: Some(true),
        class: Some("us_equity".to_owned()),
        exchange: Some("NYSE".to_owned()),
        attributes: vec!["has_options".to_owned(), "ipo".to_owned()],
    };
    client.assets(&filter).await.unwrap();
    client.assets(&AssetFilter::default()).await.unwrap();
    let activities = ActivityQuery { kinds: vec!["DIV".to_owned(), "FEE".to_owned()], after: None, until: Some(at) };
    client.activities(&activities).await.unwrap();
    let lines = lines(&server);
    assert_eq!(
        lines,
        [
            "GET /v2/orders?status=closed&limit=500&direction=asc&nested=true&until=2026-11-10T14%3A30%3A00Z\
             &symbols=AAPL%2CBRK.B&side=sell&after=2026-11-10T14%3A30%3A00Z",
            "GET /v2/assets?status=active&asset_class=us_equity&exchange=NYSE&attributes=has_options%2Cipo",
            "GET /v2/assets",
            "GET /v2/account/activities?activity_types=DIV%2CFEE&until=2026-11-10T14%3A30%3A00Z&direction=asc\
             &page_size=100",
        ]
    );
}

#[tokio::test]
async fn activities_keep_what_is_no_fill_of_ours() {
    let rows = json!([
        {"activity_type": "FILL", "id": "1", "order_id": "o", "symbol": "AAPL", "side": "buy", "qty": "1",
            "price": "10", "transaction_time": "2026-11-10T14:30:00Z"},
        {"activity_type": "FILL", "id": "2", "order_id": "o", "symbol": "AAPL250620C00100000", "side": "buy",
            "qty": "1", "price": "10", "transaction_time": "2026-11-10T14:30:00Z"},
        {"activity_type": "DIV", "id": "3", "date": "2026-11-10", "net_amount": "1.02", "symbol": "T", "qty": "2",
            "per_share_amount": "0.51", "activity_sub_type": "SDIV", "status": "executed"},
        {"activity_type": "SPLIT", "id": "4", "date": "2026-11-10", "symbol": "T", "qty": "-100"},
        {"activity_type": "DIV", "net_amount": "no id"},
    ]);
    let server = Canned::start(vec![Behaviour::json(200, rows.to_string())]).await;
    let all = client(&server.base_url).activities(&ActivityQuery::default()).await.unwrap();
    let Activity::Fill(fill) = &all[0] else { panic!("{all:?}") };
    assert_eq!((all.len(), fill.id.as_str()), (4, "1"));
    let others: Vec<_> = all[1..]
        .iter()
        .map(|activity| match activity {
            Activity::Other(other) => (other.kind.as_str(), other.symbol.as_deref(), other.qty, other.goes_away),
            Activity::Fill(fill) => panic!("{fill:?}"),
        })
        .collect();
    let shares = |count| Some(Qty::shares(count));
    let expect = [
        ("FILL", Some("AAPL250620C00100000"), shares(1), false),
        ("DIV", Some("T"), shares(2), false),
        ("SPLIT", Some("T"), shares(100), true),
    ];
    assert_eq!(others, expect);
}

#[tokio::test]
async fn bars_of_any_timeframe_and_adjustment() {
    let symbols = ["AAPL".parse::<Symbol>().unwrap()];
    let (from, to) = ("2026-11-10T00:00:00Z".parse().unwrap(), "2026-11-11T00:00:00Z".parse().unwrap());
    for (timeframe, adjustment, expect) in [
        (
            Timeframe::Minutes(5),
            Adjustment::Raw,
            "timeframe=5Min&start=2026-11-10T00%3A00%3A00Z&end=2026-11-11T00%3A00%3A00Z&limit=10000&adjustment=raw",
        ),
        (
            Timeframe::Hours(12),
            Adjustment::Split,
            "timeframe=12Hour&start=2026-11-10T00%3A00%3A00Z&end=2026-11-11T00%3A00%3A00Z&limit=10000&adjustment=split",
        ),
        (
            Timeframe::Day,
            Adjustment::All,
            "timeframe=1Day&start=2026-11-10T00%3A00%3A00Z&end=2026-11-11T00%3A00%3A00Z&limit=10000&adjustment=all",
        ),
        (
            Timeframe::Week,
            Adjustment::Dividend,
            "timeframe=1Week&start=2026-11-10T00%3A00%3A00Z&end=2026-11-11T00%3A00%3A00Z&limit=10000&adjustment=dividend",
        ),
        (
            Timeframe::Months(3),
            Adjustment::SpinOff,
            "timeframe=3Month&start=2026-11-10T00%3A00%3A00Z&end=2026-11-11T00%3A00%3A00Z&limit=10000&adjustment=spin-off",
        ),
    ] {
        let body = r#"{"bars":{"AAPL":[{"t":"2026-11-10T05:00:00Z","o":1,"h":2,"l":1,"c":2,"v":3,"n":4,"vw":1.5}]}}"#;
        let server = Canned::start(vec![Behaviour::json(200, body)]).await;
        let query = BarsQuery { symbols: &symbols, timeframe, from, to, adjustment };
        let bars = client(&server.base_url).bars(query).await.unwrap();
        assert_eq!((bars[&symbols[0]][0].trades, bars[&symbols[0]][0].volume), (4, Qty::shares(3)));
        assert_eq!(lines(&server), [format!("GET /v2/stocks/bars?symbols=AAPL&{expect}&feed=iex")]);
    }
}

#[tokio::test]
async fn the_newest_of_a_symbol_and_of_none_that_cannot_be_used() {
    let trade = json!({"t": "2026-11-10T14:30:00Z", "p": 10.5, "s": 100, "x": "V", "i": 7, "c": ["@"], "z": "C"});
    let bar = json!({"t": "2026-11-10T14:30:00Z", "o": 1, "h": 2, "l": 1, "c": 2, "v": 3, "n": 4, "vw": 1.5});
    let trades = json!({"trades": {"AAPL": trade, "ODD": {"t": "now"}, "a b": trade}});
    let bars = json!({"bars": {"AAPL": bar, "ODD": null}});
    let snapshots =
        json!({"AAPL": {"latestTrade": trade, "minuteBar": bar, "dailyBar": {"o": 1}, "latestQuote": null}});
    let answers = [trades, bars, snapshots].map(|body| Behaviour::json(200, body.to_string()));
    let server = Canned::start(answers.into()).await;
    let (client, apple) = (client(&server.base_url), "AAPL".parse::<Symbol>().unwrap());
    let trades = client.latest_trades(&[apple]).await.unwrap();
    assert_eq!((trades.len(), trades[&apple].size, trades[&apple].id), (1, Qty::shares(100), Some(7)));
    let bars = client.latest_bars(&[apple]).await.unwrap();
    assert_eq!((bars.len(), bars[&apple].trades), (1, 4));
    let snapshot = client.snapshots(&[apple]).await.unwrap().remove(&apple).unwrap();
    assert!(snapshot.trade.is_some() && snapshot.minute.is_some());
    assert!(snapshot.day.is_none() && snapshot.quote.is_none() && snapshot.previous_day.is_none());
    assert_eq!(lines(&server)[2], "GET /v2/stocks/snapshots?symbols=AAPL&feed=iex");
}

#[tokio::test]
async fn corporate_actions_come_over_pages_and_name_what_cannot_be_read() {
    let split = json!({"id": "1", "symbol": "SRE", "new_rate": 2, "old_rate": "1", "process_date": "2026-11-11",
        "ex_date": "2026-11-11"});
    let broken = json!({"id": "2", "symbol": "BAD", "new_rate": 0, "old_rate": 1, "process_date": "2026-11-11"});
    let spin = json!({"id": "3", "source_symbol": "JUPW", "source_rate": 19.35, "new_symbol": "SRM", "new_rate": 1,
        "process_date": "2026-11-10", "ex_date": "2026-11-10"});
    let call = json!({"id": "4", "symbol": "X", "process_date": "2026-11-12"});
    let first = json!({"corporate_actions": {"forward_splits": [split, broken]}, "next_page_token": "next"});
    let second = json!({"corporate_actions": {"spin_offs": [spin], "partial_calls": [call]}, "next_page_token": null});
    let answers = [first, second].map(|body| Behaviour::json(200, body.to_string()));
    let server = Canned::start(answers.into()).await;
    let query = CorporateActionQuery {
        symbols: Vec::new(),
        kinds: vec!["forward_split".to_owned(), "spin_off".to_owned()],
        first: "2026-11-10".parse().unwrap(),
        last: "2026-11-12".parse().unwrap(),
    };
    let actions = client(&server.base_url).corporate_actions(&query).await.unwrap();
    let part = |symbol: &str, rate| Part { symbol: symbol.parse().unwrap(), rate };
    let events: Vec<_> = actions.read.into_iter().map(|action| action.event).collect();
    let expect = [
        CorporateEvent::SpinOff { source: part("JUPW", 19.35), new: part("SRM", 1.0) },
        CorporateEvent::ForwardSplit { symbol: "SRE".parse().unwrap(), new_rate: 2.0, old_rate: 1.0 },
        CorporateEvent::Other { kind: "partial_calls".to_owned(), symbol: "X".parse().unwrap() },
    ];
    assert_eq!((events.as_slice(), actions.unreadable), (&expect[..], vec!["BAD".to_owned()]));
    let lines = lines(&server);
    let asked = "GET /v1/corporate-actions?types=forward_split%2Cspin_off&start=2026-11-10&end=2026-11-12&limit=1000\
        &sort=asc";
    assert_eq!(lines, [asked.to_owned(), format!("{asked}&page_token=next")]);
}

#[tokio::test]
async fn history_is_points_in_time() {
    let body = json!({"timestamp": [1_697_241_600, 1_697_500_800], "equity": [2784.79, null],
        "profit_loss": [0, 10.0022], "profit_loss_pct": [0, 0.0035], "base_value": 2784.79, "timeframe": "1D",
        "cashflow": {"CSD": [0, 100]}});
    let short = json!({"timestamp": [1], "equity": [], "profit_loss": [0], "profit_loss_pct": [0],
        "base_value": null, "timeframe": "1D"});
    let answers = [body, short].map(|body| Behaviour::json(200, body.to_string()));
    let server = Canned::start(answers.into()).await;
    let client = client(&server.base_url);
    let query = HistoryQuery { period: Some("1W".to_owned()), timeframe: Some("1D".to_owned()), from: None, to: None };
    let history = client.portfolio_history(&query).await.unwrap();
    assert_eq!((history.points.len(), history.points[1].equity), (2, None));
    assert_eq!(history.points[1].profit_loss.unwrap().to_string(), "10.0022");
    assert!(client.portfolio_history(&query).await.unwrap_err().why.contains("1 instants with columns"));
    assert_eq!(lines(&server)[0], "GET /v2/account/portfolio/history?period=1W&timeframe=1D");
}

#[tokio::test]
async fn by_hand_every_form_goes_out_once() {
    let server = Canned::start(vec![Behaviour::json(200, order_json("t-1", "new"))]).await;
    let client = client(&server.base_url);
    let ticket = Ticket {
        client_order_id: "t-1".parse().unwrap(),
        purpose: Purpose::Reduce,
        symbol: "BRK.B".parse().unwrap(),
        side: Side::Sell,
        amount: Amount::Shares(Qty::shares(12)),
        kind: Kind::Limit { limit: "101.25".parse().unwrap() },
        lifetime: Lifetime::Gtc,
        extended_hours: false,
        class: Class::Oco { stop_loss: StopLoss { stop: "90".parse().unwrap(), limit: None } },
    };
    assert_eq!(word(&client.by_hand().submit(&ticket).await), "accepted");
    let change = Change {
        client_order_id: "t-1".parse().unwrap(),
        purpose: Purpose::Protect,
        qty: Some(Qty::shares(5)),
        lifetime: Some(Lifetime::Day),
        limit: None,
        stop: Some("91".parse().unwrap()),
        trail: None,
    };
    assert_eq!(word(&client.by_hand().replace(&"o/1".parse().unwrap(), &change).await), "accepted");
    let requests = server.requests();
    assert_eq!(lines(&server), ["POST /v2/orders", "PATCH /v2/orders/o%2F1"]);
    let body =
        |number: usize| serde_json::from_str::<serde_json::Value>(requests[number].split_once("\r\n\r\n").unwrap().1);
    let changed = json!({"qty": "5", "time_in_force": "day", "stop_price": "91.00", "client_order_id": "t-1"});
    assert_eq!((body(0).unwrap()["order_class"].as_str(), body(1).unwrap()), (Some("oco"), changed));
}

#[tokio::test]
async fn by_hand_an_opening_is_compared_with_what_works() {
    let working = order_json("other", "new").replace("\"buy\"", "\"sell\"");
    let asset =
        r#"{"id":"a","class":"us_equity","exchange":"NYSE","symbol":"BRK.B","status":"active","tradable":true}"#;
    let answers = vec![Behaviour::json(200, asset), Behaviour::json(200, format!("[{working}]"))];
    let server = Canned::start(answers).await;
    let stop_loss = StopLoss { stop: "102".parse().unwrap(), limit: None };
    let ticket = Ticket { class: Class::Oto(Exit::StopLoss(stop_loss)), ..Ticket::from(&limit_order()) };
    let outcome = client(&server.base_url).by_hand().submit(&ticket).await;
    let SubmitOutcome::Rejected { reason: RejectReason::Invalid, message } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("order 904837e3 of the other side could trade with it"), "{message}");
    assert!(message.contains("the stop is not at least a cent"), "{message}");
    assert_eq!(lines(&server).len(), 2, "nothing was sent");
}

#[tokio::test]
async fn by_hand_everything_at_once_has_a_status_each() {
    let cancelled = r#"[{"id":"o-1","status":200},{"id":"o-2","status":422}]"#;
    let order = order_json("x", "accepted");
    let closed =
        format!(r#"[{{"symbol":"BRK.B","status":200,"body":{order}}},{{"symbol":"ODD","status":422,"body":{{}}}}]"#);
    let order = Behaviour::json(200, order);
    let server = Canned::start(vec![
        Behaviour::json(207, cancelled),
        Behaviour::json(207, closed),
        order.clone(),
        order.clone(),
        order.clone(),
        Behaviour::json(500, r#"{"code":50010000,"message":"failed"}"#),
        Behaviour::json(429, "{}"),
    ])
    .await;
    let (client, symbol) = (client(&server.base_url), "BRK.B".parse::<Symbol>().unwrap());
    let desk = client.by_hand();
    let Swept::Each(cancelled) = desk.cancel_all().await else { panic!() };
    assert_eq!(cancelled.iter().map(|order| order.status).collect::<Vec<_>>(), [200, 422]);
    let Swept::Each(closed) = desk.close_all(true).await else { panic!() };
    assert_eq!(closed.iter().map(|row| row.order.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(word(&desk.close(symbol, Portion::All).await), "accepted");
    assert_eq!(word(&desk.close(symbol, Portion::Shares(Qty::shares(5))).await), "accepted");
    let half = Portion::Percent(market::Bps::new(5_050).unwrap());
    assert_eq!(word(&desk.close("AAPL".parse().unwrap(), half).await), "unknown", "about another symbol");
    assert!(matches!(desk.cancel_all().await, Swept::Unknown { .. }));
    assert!(matches!(desk.close_all(false).await, Swept::Retryable { .. }));
    let expect = [
        "DELETE /v2/orders",
        "DELETE /v2/positions?cancel_orders=true",
        "DELETE /v2/positions/BRK.B",
        "DELETE /v2/positions/BRK.B?qty=5",
        "DELETE /v2/positions/AAPL?percentage=50.50",
        "DELETE /v2/orders",
        "DELETE /v2/positions",
    ];
    assert_eq!(lines(&server), expect);
}

#[tokio::test]
async fn a_position_that_is_not_held_is_none() {
    let held = r#"{"symbol":"AAPL","qty":"5","side":"long","avg_entry_price":"100"}"#;
    let missing = Behaviour::json(404, r#"{"code":40410000,"message":"position does not exist"}"#);
    let server = Canned::start(vec![Behaviour::json(200, held), missing, Behaviour::json(404, "{}")]).await;
    let (client, symbol) = (client(&server.base_url), "AAPL".parse().unwrap());
    assert_eq!(client.position(symbol).await.unwrap().unwrap().qty, Qty::shares(5));
    assert_eq!(client.position(symbol).await, Ok(None));
    assert!(client.position(symbol).await.is_err());
}

fn lines(server: &Canned) -> Vec<String> {
    server.requests().iter().map(|request| request.split(" HTTP").next().unwrap().to_owned()).collect()
}
