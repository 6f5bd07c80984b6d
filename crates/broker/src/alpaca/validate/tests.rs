//! Each rule with what keeps it and what breaks it.

use market::Bps;
use trading::order::Purpose;

use super::{super::ticket::*, *};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn buy(kind: Kind) -> Ticket {
    Ticket {
        client_order_id: "t-1".parse().unwrap(),
        purpose: Purpose::Open,
        symbol: "AAPL".parse().unwrap(),
        side: Side::Buy,
        amount: Amount::Shares(Qty::shares(10)),
        kind,
        lifetime: Lifetime::Day,
        extended_hours: false,
        class: Class::Simple,
    }
}

fn limit(text: &str) -> Kind {
    Kind::Limit { limit: price(text) }
}

fn stop(text: &str) -> Kind {
    Kind::Stop { stop: price(text) }
}

fn stop_loss(stop: &str) -> StopLoss {
    StopLoss { stop: price(stop), limit: None }
}

fn trailing(trail: Trail) -> Kind {
    Kind::TrailingStop { trail }
}

fn percent(bps: u32) -> Trail {
    Trail::Percent(Bps::new(bps).unwrap())
}

/// What is broken, by the name of the rule.
fn broken(ticket: &Ticket, around: &Around<'_>) -> Vec<String> {
    let name = |violation: &Violation| {
        let text = format!("{violation:?}");
        text.split([' ', '{']).next().unwrap().to_owned()
    };
    violations(ticket, around).iter().map(name).collect()
}

fn check(ticket: &Ticket, expect: &[&str]) {
    assert_eq!(broken(ticket, &Around::default()), expect, "{ticket:?}");
}

#[test]
fn prices_have_two_decimals_from_a_dollar_up_and_four_below() {
    for (text, fits) in
        [("1.00", true), ("1.01", true), ("1.001", false), ("0.9999", true), ("0.0001", true), ("123.456", false)]
    {
        for kind in [limit(text), stop(text), Kind::StopLimit { stop: price("1"), limit: price(text) }] {
            check(&buy(kind), if fits { &[] } else { &["SubPenny"] });
        }
    }
    check(&buy(Kind::StopLimit { stop: price("1.001"), limit: price("1.001") }), &["SubPenny", "SubPenny"]);
}

#[test]
fn dollars_and_fractions_are_market_orders_of_the_day() {
    let fraction = Amount::Shares("0.5".parse().unwrap());
    for amount in [fraction, Amount::Dollars(Usd::dollars(100))] {
        let market = Ticket { amount, ..buy(Kind::Market) };
        check(&market, &[]);
        check(&Ticket { lifetime: Lifetime::Gtc, ..market.clone() }, &["Fraction"]);
        check(&Ticket { kind: limit("10"), ..market.clone() }, &["Fraction"]);
        check(&Ticket { kind: limit("10"), lifetime: Lifetime::Gtc, ..market.clone() }, &["Fraction", "Fraction"]);
        let exits = Class::Oto(Exit::StopLoss(stop_loss("9")));
        check(&Ticket { class: exits, ..market }, &["Fraction"]);
    }
    for amount in [Amount::Shares(Qty::ZERO), Amount::Dollars(Usd::ZERO), Amount::Dollars(Usd::dollars(-1))] {
        check(&Ticket { amount, ..buy(Kind::Market) }, &["NothingOrdered"]);
    }
}

#[test]
fn extended_hours_take_limit_orders_for_the_day_or_till_cancelled() {
    for (kind, lifetime, expect) in [
        (limit("10"), Lifetime::Day, &[][..]),
        (limit("10"), Lifetime::Gtc, &[]),
        (Kind::Market, Lifetime::Day, &["ExtendedHours"]),
        (stop("10"), Lifetime::Gtc, &["ExtendedHours"]),
        (limit("10"), Lifetime::Ioc, &["ExtendedHours"]),
        (Kind::Market, Lifetime::Opg, &["ExtendedHours", "ExtendedHours"]),
    ] {
        check(&Ticket { extended_hours: true, lifetime, ..buy(kind) }, expect);
    }
}

#[test]
fn auctions_and_immediate_orders_are_market_or_limit() {
    for lifetime in [Lifetime::Opg, Lifetime::Cls, Lifetime::Ioc, Lifetime::Fok] {
        for (kind, fits) in [
            (Kind::Market, true),
            (limit("10"), true),
            (stop("10"), false),
            (Kind::StopLimit { stop: price("10"), limit: price("10") }, false),
            (trailing(percent(100)), false),
        ] {
            check(&Ticket { lifetime, ..buy(kind) }, if fits { &[] } else { &["Lifetime"] });
        }
    }
    for lifetime in [Lifetime::Day, Lifetime::Gtc] {
        for kind in [Kind::Market, stop("10"), trailing(percent(100))] {
            check(&Ticket { lifetime, ..buy(kind) }, &[]);
        }
    }
}

#[test]
fn a_trail_is_something_and_not_everything() {
    for (trail, expect) in [
        (percent(1), &[][..]),
        (percent(9_999), &[]),
        (percent(0), &["Trail"]),
        (percent(10_000), &["Trail"]),
        (Trail::Price(price("0.01")), &[]),
        (Trail::Price(price("0.0099")), &["Trail"]),
        (Trail::Price(price("1.005")), &["SubPenny"]),
    ] {
        check(&buy(trailing(trail)), expect);
    }
}

#[test]
fn a_bracket_encloses_the_price_of_its_entry() {
    for (side, profit, stop, expect) in [
        (Side::Buy, "11", "9", &[][..]),
        (Side::Buy, "10.01", "9.99", &[]),
        (Side::Buy, "10", "9.99", &["Geometry"]),
        (Side::Buy, "11", "10", &["Geometry"]),
        (Side::Buy, "9", "11", &["Geometry", "Geometry"]),
        (Side::Sell, "9", "11", &[]),
        (Side::Sell, "11", "9", &["Geometry", "Geometry"]),
    ] {
        let class = Class::Bracket { take_profit: price(profit), stop_loss: stop_loss(stop) };
        check(&Ticket { side, class, ..buy(limit("10")) }, expect);
        check(&Ticket { side, class, ..buy(self::stop("10")) }, expect);
        let around = Around { price: Some(price("10")), ..Around::default() };
        assert_eq!(broken(&Ticket { side, class, ..buy(Kind::Market) }, &around), expect);
    }
    // Without a price of the entry the two exits are compared with each other.
    let class = |profit, stop| Class::Bracket { take_profit: price(profit), stop_loss: stop_loss(stop) };
    check(&Ticket { class: class("11", "9"), ..buy(Kind::Market) }, &[]);
    check(&Ticket { class: class("9", "11"), ..buy(Kind::Market) }, &["Geometry"]);
}

#[test]
fn the_limit_of_a_stop_lies_beyond_it() {
    let class = |stop, limit| Class::Bracket {
        take_profit: price("11"),
        stop_loss: StopLoss { stop: price(stop), limit: Some(price(limit)) },
    };
    check(&Ticket { class: class("9", "8.9"), ..buy(limit("10")) }, &[]);
    check(&Ticket { class: class("9", "9"), ..buy(limit("10")) }, &[]);
    check(&Ticket { class: class("9", "9.1"), ..buy(limit("10")) }, &["Geometry"]);
    check(&Ticket { class: class("9.001", "8.999"), ..buy(limit("10")) }, &["SubPenny", "SubPenny"]);
}

#[test]
fn forms_of_orders_with_exits() {
    let oco = |stop| Class::Oco { stop_loss: stop_loss(stop) };
    let sell = |kind| Ticket { side: Side::Sell, ..buy(kind) };
    check(&Ticket { class: oco("9"), ..sell(limit("11")) }, &[]);
    check(&Ticket { class: oco("12"), ..sell(limit("11")) }, &["Geometry"]);
    check(&Ticket { class: oco("12"), ..buy(limit("11")) }, &[]);
    check(&Ticket { class: oco("9"), ..sell(Kind::Market) }, &["Class"]);
    let profit = Class::Oto(Exit::TakeProfit(price("12")));
    check(&Ticket { class: profit, ..buy(limit("11")) }, &[]);
    check(&Ticket { class: profit, ..buy(limit("13")) }, &["Geometry"]);
    check(&Ticket { class: profit, ..buy(trailing(percent(100))) }, &["Class"]);
    check(&Ticket { class: profit, lifetime: Lifetime::Gtc, ..buy(limit("11")) }, &[]);
    check(&Ticket { class: profit, lifetime: Lifetime::Fok, ..buy(limit("11")) }, &["Lifetime", "Class"]);
    check(&Ticket { class: profit, extended_hours: true, ..buy(limit("11")) }, &["ExtendedHours"]);
}

#[test]
fn orders_that_could_trade_with_each_other() {
    let working = |side, kind, status| OrderReport {
        id: "o-1".parse().unwrap(),
        client_order_id: "c-1".parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        side,
        qty: Qty::shares(1),
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind,
        time_in_force: None,
        status,
        submitted_at: "2026-11-10T14:30:00Z".parse().unwrap(),
        replaces: None,
    };
    let at = |text| Some(OrderKind::Limit { limit: price(text) });
    for (side, kind, status, expect) in [
        (Side::Sell, at("10.01"), OrderStatus::New, false),
        (Side::Sell, at("10"), OrderStatus::New, true),
        (Side::Sell, at("9"), OrderStatus::PartiallyFilled, true),
        (Side::Sell, at("9"), OrderStatus::Filled, false),
        (Side::Sell, at("9"), OrderStatus::Held, false),
        (Side::Sell, at("9"), OrderStatus::Unrecognised("odd".to_owned()), true),
        (Side::Sell, Some(OrderKind::Market), OrderStatus::Accepted, true),
        (Side::Sell, Some(OrderKind::Stop { stop: price("5") }), OrderStatus::New, true),
        (Side::Sell, None, OrderStatus::New, true),
        (Side::Buy, at("9"), OrderStatus::New, false),
    ] {
        let order = [working(side, kind, status)];
        let around = Around { working: &order, ..Around::default() };
        assert_eq!(!broken(&buy(limit("10")), &around).is_empty(), expect, "{order:?}");
        let elsewhere = Ticket { symbol: "MSFT".parse().unwrap(), ..buy(limit("10")) };
        assert!(broken(&elsewhere, &around).is_empty());
    }
    let order = [working(Side::Buy, at("10"), OrderStatus::New)];
    let around = Around { working: &order, ..Around::default() };
    for (kind, expect) in [(limit("10"), true), (limit("10.01"), false), (Kind::Market, true), (stop("9"), true)] {
        let sell = Ticket { side: Side::Sell, ..buy(kind) };
        assert_eq!(!broken(&sell, &around).is_empty(), expect, "{sell:?}");
    }
}

#[test]
fn an_asset_is_traded_as_it_allows() {
    let good = Asset {
        id: "a".to_owned(),
        class: "us_equity".to_owned(),
        exchange: "NYSE".to_owned(),
        symbol: "AAPL".parse().unwrap(),
        name: String::new(),
        is_active: true,
        is_tradable: true,
        is_marginable: true,
        is_shortable: true,
        is_easy_to_borrow: true,
        is_fractionable: true,
        attributes: Vec::new(),
    };
    let whole = buy(Kind::Market);
    let fraction = Ticket { amount: Amount::Shares("0.5".parse().unwrap()), ..whole.clone() };
    let sell = Ticket { side: Side::Sell, ..whole.clone() };
    let shares = |count| Some(Qty::shares(count));
    for (asset, ticket, held, expect) in [
        (good.clone(), &whole, None, 0),
        (good.clone(), &fraction, None, 0),
        (Asset { is_active: false, is_tradable: false, ..good.clone() }, &whole, None, 2),
        (Asset { is_tradable: false, ..good.clone() }, &sell, None, 1),
        (Asset { is_fractionable: false, ..good.clone() }, &whole, None, 0),
        (Asset { is_fractionable: false, ..good.clone() }, &fraction, None, 1),
        (Asset { is_shortable: false, ..good.clone() }, &whole, shares(0), 0),
        (Asset { is_shortable: false, ..good.clone() }, &sell, None, 0),
        (Asset { is_shortable: false, ..good.clone() }, &sell, shares(10), 0),
        (Asset { is_shortable: false, ..good.clone() }, &sell, shares(9), 1),
        (good.clone(), &sell, shares(9), 0),
        (good.clone(), &Ticket { side: Side::Sell, ..fraction.clone() }, shares(0), 1),
    ] {
        let around = Around { asset: Some(&asset), held, ..Around::default() };
        assert_eq!(violations(ticket, &around).len(), expect, "{asset:?} {ticket:?} {held:?}");
    }
}

#[test]
fn changes_are_of_whole_shares_and_of_one_kind() {
    let change = |qty: Option<Qty>, limit: Option<&str>, trail: Option<Trail>| {
        let change = Change {
            client_order_id: "t-2".parse().unwrap(),
            purpose: Purpose::Open,
            qty,
            lifetime: None,
            limit: limit.map(price),
            stop: None,
            trail,
        };
        change_violations(&change).len()
    };
    assert_eq!(change(Some(Qty::shares(3)), Some("10.01"), None), 0);
    assert_eq!(change(Some("0.5".parse().unwrap()), Some("10.001"), None), 2);
    assert_eq!(change(Some(Qty::ZERO), None, None), 1);
    assert_eq!(change(None, None, Some(percent(0))), 1);
    assert_eq!(change(None, Some("10"), Some(percent(10))), 1);
}
