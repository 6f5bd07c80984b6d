//! What went wrong in the systems this one replaces, as far as the core could have prevented it: a test each.

use super::*;

#[test]
fn a_stale_list_was_traded_because_a_failed_scan_wrote_nothing() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect_with(Authority::ManageOnly("the scan of today failed".into()));
    assert_eq!(desk.manage(&["AAPL"]), ["record refusal gate"]);
    assert!(desk.core.book().intents().next().is_none());
}

#[test]
fn two_processes_each_sent_the_order_of_the_other() {
    // The second process has a ledger of its own, and so the same id: the broker refuses it, and it is looked up.
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    let outcome =
        SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, message: "not unique".into() };
    desk.outcome("AAPL", Leg::Entry, outcome);
    desk.drain();
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Unknown, "neither dead nor sent again");
    assert_eq!(desk.look(), ["ask AAPL entry"]);
}

#[test]
fn a_stop_on_the_second_page_was_missed_and_stops_were_sent_without_end() {
    let mut desk = Floor::protected();
    desk.said.orders.clear();
    for _ in 0..20 {
        desk.pass(TimeDelta::seconds(15));
        let told = desk.look();
        assert!(told.contains(&"ask AAPL stop".to_owned()), "{told:?}");
        let told = desk.protect();
        assert!(!told.iter().any(|line| line.starts_with("submit") || line.starts_with("record AAPL")), "{told:?}");
    }
}

#[test]
fn a_status_nobody_knew_let_an_order_pass_for_dead() {
    let mut desk = Floor::protected();
    desk.said.orders[0].status = OrderStatus::Unrecognised("OrderStatus.NEW".into());
    desk.pass(TimeDelta::seconds(15));
    desk.look();
    let told = desk.protect();
    assert!(!told.iter().any(|line| line.contains("stop")), "it works for all we know: {told:?}");
    assert_eq!(desk.state("AAPL", Leg::Stop), OrderState::Working);
    assert!(matches!(desk.core.findings().first(), Some((_, Finding::UnrecognisedStatus { .. }))));
}

#[test]
fn the_id_was_saved_after_the_send_and_a_crash_between_the_two_forgot_it() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    let told = desk.until_send();
    assert_eq!(told[told.len() - 2..], ["record AAPL entry", "submit AAPL entry"]);
    desk.restart();
    assert_eq!(desk.look(), ["ask AAPL entry"], "it may be there: the broker is asked, nothing is sent");
    desk.protect();
    assert!(desk.manage(&["AAPL"]).iter().all(|line| !line.starts_with("submit")));
}

#[test]
fn a_list_months_old_overrode_the_positions() {
    let mut desk = Floor::protected();
    desk.pass(TimeDelta::seconds(15));
    desk.look();
    desk.protect();
    // The list of today knows nothing of what is held: it is managed by what was recorded when it was bought.
    let told = desk.manage(&[]);
    assert_eq!(told, Vec::<String>::new());
    desk.said.orders.clear();
    let (stop, filled) = (desk.id("AAPL", Leg::Stop), Qty::ZERO);
    let mut gone = report(&desk.core.book().intent(&stop).unwrap().request.clone(), desk.moment.now);
    (gone.status, gone.filled_qty) = (OrderStatus::Canceled, filled);
    desk.look();
    desk.answer("AAPL", Leg::Stop, Ok(Some(Box::new(gone))));
    let told = desk.protect();
    assert!(told.contains(&"submit AAPL stop".to_owned()), "{told:?}");
}

#[test]
fn alerts_were_lost_with_the_process_that_had_queued_them() {
    let mut desk = Floor::new();
    desk.hold("ZZZ", 5);
    let told = |desk: &mut Floor| {
        desk.pass(TimeDelta::seconds(15));
        desk.look();
        desk.protect().iter().filter(|line| **line == "alert no-stop").count()
    };
    assert_eq!((told(&mut desk), told(&mut desk)), (1, 0), "told once");
    desk.restart();
    assert_eq!(told(&mut desk), 1, "what still holds is told by the next process too");
}

#[test]
fn equity_was_counted_twice() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    let mut market = desk.market(&["AAPL", "MSFT", "IBM"]);
    market.account.as_mut().unwrap().buying_power = Usd::dollars(1_500);
    desk.core.handle(Event::Manage(Box::new(market)), desk.moment.now);
    let cost = |decision: &Decision| -> Usd {
        let sends = decision.actions.iter().filter_map(|action| match action {
            Action::Submit { order, .. } => order.get().price().map(|price| price.notional(order.get().qty)),
            Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
        });
        sends.sum()
    };
    let spent: Usd = desk.core.decisions().iter().map(cost).sum();
    assert!(spent > Usd::ZERO && spent <= Usd::dollars(1_350), "nine tenths of it, once: {spent}");
}

#[test]
fn a_rollback_restored_an_old_ledger_and_with_it_forgot_what_was_sent() {
    let mut desk = Floor::protected();
    desk.records.clear();
    desk.restart();
    desk.said.executions.clear();
    desk.pass(TimeDelta::seconds(15));
    desk.look();
    let told = desk.protect();
    // Its own orders are foreign to it now: they are told, they block the symbol, and the stop that works is cover.
    assert!(!told.iter().any(|line| line.starts_with("submit") || line.starts_with("cancel")), "{told:?}");
    assert!(matches!(desk.core.findings().first(), Some((_, Finding::ForeignOrder { .. }))));
    let told = desk.manage(&["AAPL"]);
    assert!(!told.iter().any(|line| line.starts_with("submit")), "{told:?}");
}

#[test]
fn orders_went_out_outside_trading_hours_because_the_server_stood_in_another_zone() {
    for (hour, minute) in [(9, 0), (9, 35), (15, 45), (16, 30)] {
        let mut desk = Floor::new();
        desk.moment.now = date().at_hm(hour, minute);
        desk.restart();
        let told = desk.confirm(&["AAPL"]);
        assert!(!told.iter().any(|line| line.starts_with("submit")), "{hour}:{minute} in New York: {told:?}");
    }
}

#[test]
fn a_decimal_comma_made_another_price() {
    for text in ["66,06", "1.066,06", "66.06,", "6 606"] {
        assert!(text.parse::<Price>().is_err() && text.parse::<Qty>().is_err(), "{text}");
    }
}

#[test]
fn the_emergency_stop_knew_only_the_orders_in_its_own_memory() {
    let mut desk = Floor::protected();
    let by_hand = |text: &str, side| {
        let mut order = desk.said.orders[0].clone();
        (order.client_order_id, order.id, order.side) =
            (text.parse().unwrap(), format!("b-{text}").parse().unwrap(), side);
        (order.symbol, order.kind) = (symbol("ZZZ"), Some(OrderKind::Limit { limit: price("10") }));
        order
    };
    let orders = [by_hand("app-1", Side::Buy), by_hand("app-2", Side::Buy)];
    desk.said.orders.extend(orders);
    desk.hold("QQQ", 5);
    desk.restart();
    desk.pass(TimeDelta::seconds(15));
    desk.look();
    let told = desk.protect_at(Authority::Open, Some(Kill::Flatten));
    for expect in ["cancel app-1", "cancel app-2", "submit QQQ exit"] {
        assert!(told.contains(&expect.to_owned()), "{expect}: {told:?}");
    }
    assert!(told.iter().any(|line| line.starts_with("cancel") && line.contains("AAPL_stop")), "{told:?}");
}
