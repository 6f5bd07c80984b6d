//! Every limit is enforced: for each field there is a situation that tightening it alone turns from allowed to refused.

use std::collections::BTreeSet;

use market::{Bps, Qty, TimeDelta, Usd};
use trading::{
    decide::{Action, Candidate},
    limits::{Limits, Sizing},
    order::{Leg, Purpose},
    state::OrderState,
};

use crate::{
    scene::{Scene, first_limit},
    world::{price, symbol},
};

/// One field, how it is tightened, and what is then allowed no more.
struct Case {
    field: &'static str,
    tighten: fn(&mut Limits),
    base: fn(&mut Limits),
    allows: fn(Limits) -> bool,
}

fn cases() -> Vec<Case> {
    let case = |field, tighten, allows| Case { field, tighten, base: |_| {}, allows };
    let by_distance: fn(&mut Limits) = |l| l.sizing = Sizing::ByDistance;
    vec![
        case("orders_per_day", |l| l.orders_per_day = 1, both_open),
        case("positions", |l| l.positions = 1, both_open),
        case("gross_notional", |l| l.gross_notional = Usd::dollars(1_000), both_open),
        case("symbol_notional", |l| l.symbol_notional = Usd::dollars(50), both_open),
        case("allowlist", |l| l.allowlist = [symbol("MSFT")].into(), both_open),
        case("sizing", |l| l.sizing = Sizing::ByDistance, |l| opens(l, |s| for_all(s, |c| c.distance = None))),
        case("risk_per_trade", |l| l.risk_per_trade = Bps::constant(0), both_open),
        Case { base: by_distance, ..case("distance_stake", |l| l.distance_stake = Bps::constant(1), both_open) },
        Case { base: by_distance, ..case("position_share", |l| l.position_share = Bps::constant(1), both_open) },
        case("risk_per_share", |l| l.risk_per_share = Usd::dollars(2), both_open),
        case("entry_buffer", |l| l.entry_buffer = Bps::constant(0), pays_a_cent_over_the_ask),
        case("entry_collar", |l| l.entry_collar = Bps::constant(5), both_open),
        case("exit_collar", |l| l.exit_collar = Bps::constant(100), sells_six_percent_below_the_bid),
        case("price_drift", |l| l.price_drift = Bps::constant(10), both_open),
        case("quote_age", |l| l.quote_age = TimeDelta::seconds(2), |l| opens(l, three_seconds_later)),
        case("volume_share", |l| l.volume_share = Bps::constant(0), both_open),
        case("sends_per_second", |l| l.sends_per_second = 1, both_open),
        case("sends_per_minute", |l| l.sends_per_minute = 1, both_open),
        case("reject_streak", |l| l.reject_streak = 1, |l| opens(l, one_was_rejected)),
        case("daily_loss", |l| l.daily_loss = Bps::constant(50), |l| opens(l, one_percent_is_lost)),
        case("buying_power", |l| l.buying_power = Bps::constant(100), both_open),
        case("bar_age", |l| l.bar_age = TimeDelta::seconds(30), |l| opens(l, a_candle_is_a_minute_late)),
        case(
            "clock_skew",
            |l| l.clock_skew = TimeDelta::milliseconds(500),
            |l| opens(l, |s| s.view.clock_skew = Some(TimeDelta::seconds(1))),
        ),
        case("entry_delay", |l| l.entry_delay = TimeDelta::hours(3), both_open),
        case("intent_life", |l| l.intent_life = TimeDelta::minutes(7), both_open),
        case("stream_silence", |l| l.stream_silence = TimeDelta::seconds(5), |l| opens(l, ten_seconds_of_silence)),
        case("stream_loss", |l| l.stream_loss = TimeDelta::seconds(5), leaves_a_working_entry_alone),
        case(
            "executions_age",
            |l| l.executions_age = TimeDelta::seconds(5),
            |l| opens(l, |s| s.view.executions_read_at = s.view.now - TimeDelta::seconds(10)),
        ),
        case("exit_arming", |l| l.exit_arming = TimeDelta::hours(1), begins_a_trim_five_minutes_after_the_fill),
        case("stops", |l| l.stops.trim_attempts = 0, begins_a_trim_five_minutes_after_the_fill),
    ]
}

#[test]
fn tightening_any_limit_alone_refuses_something() {
    for Case { field, tighten, base, allows } in cases() {
        let mut loose = Limits::default();
        base(&mut loose);
        let mut tight = loose.clone();
        tighten(&mut tight);
        let differing: Vec<&str> = loose
            .fields()
            .into_iter()
            .zip(tight.fields())
            .filter(|(loose, tight)| loose != tight)
            .map(|((name, _), _)| name)
            .collect();
        assert_eq!(differing, [field]);
        assert!(allows(loose), "{field}: allowed before");
        assert!(!allows(tight), "{field}: refused after");
    }
}

#[test]
fn no_limit_is_without_a_case() {
    let covered: BTreeSet<&str> = cases().into_iter().map(|case| case.field).collect();
    let fields: BTreeSet<&str> = Limits::default().fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(covered, fields);
}

#[test]
fn clocks_that_differ_by_more_than_the_limit_leave_no_session() {
    use trading::{agreement, report::MarketClock};
    let scene = Scene::empty();
    let (session, now) = (scene.view.session, scene.view.now);
    let (next_open, next_close) = (session.unwrap().open, session.unwrap().close);
    let clock = MarketClock { now: now + TimeDelta::seconds(1), is_open: true, next_open, next_close };
    let agreed = |limits: &Limits| agreement::session(limits, market::Calendar::nyse(), (now, now), &clock, session);
    assert_eq!(agreed(&Limits::default()), Ok(session));
    let tight = Limits { clock_skew: TimeDelta::milliseconds(500), ..Limits::default() };
    assert_eq!(agreed(&tight), Err(agreement::Disagreement::Skew(TimeDelta::seconds(1))));
}

/// Both candidates are entered in one step.
fn opens(limits: Limits, spoil: fn(&mut Scene)) -> bool {
    let mut scene = Scene { limits, ..Scene::confirmed() };
    spoil(&mut scene);
    Scene::sent(&scene.open(), Purpose::Open).len() == 2
}

fn both_open(limits: Limits) -> bool {
    opens(limits, |_| {})
}

fn pays_a_cent_over_the_ask(limits: Limits) -> bool {
    let scene = Scene { limits, ..Scene::confirmed() };
    first_limit(&scene.open()).is_some_and(|limit| limit >= price("50.48"))
}

/// The bid is 52.10; the stop has let go of half of the shares.
fn sells_six_percent_below_the_bid(limits: Limits) -> bool {
    let decision = Scene { limits, ..Scene::past_the_target(5) }.manage();
    assert_eq!(Scene::sent(&decision, Purpose::Reduce), [symbol("AAPL")], "{decision:?}");
    first_limit(&decision).is_some_and(|limit| limit <= price("48.90"))
}

fn leaves_a_working_entry_alone(limits: Limits) -> bool {
    let mut scene = Scene { limits, ..Scene::empty() };
    scene.works("KO", Leg::Entry);
    ten_seconds_of_silence(&mut scene);
    Scene::cancelled(&scene.protect()).is_empty()
}

/// The stop lets go of half the shares, so that they can be sold.
fn begins_a_trim_five_minutes_after_the_fill(limits: Limits) -> bool {
    let scene = Scene { limits, ..Scene::past_the_target(10) };
    let makes_room = |action: &Action| match action {
        Action::Replace { replacement, .. } => replacement.get().order.qty == Qty::shares(5),
        Action::Submit { .. } | Action::Cancel { .. } | Action::Alert { .. } => false,
    };
    scene.manage().actions.iter().any(makes_room)
}

fn for_all(scene: &mut Scene, change: fn(&mut Candidate)) {
    scene.view.candidates.iter_mut().for_each(change);
}

fn three_seconds_later(scene: &mut Scene) {
    scene.view.now = scene.view.now + TimeDelta::seconds(3);
}

fn ten_seconds_of_silence(scene: &mut Scene) {
    scene.view.stream_silent = Some(TimeDelta::seconds(10));
}

fn one_was_rejected(scene: &mut Scene) {
    let mut intent = scene.intent("KO", Leg::Entry, OrderState::Rejected);
    intent.recorded_at = scene.view.now - TimeDelta::minutes(10);
    scene.book.restore(intent);
}

fn one_percent_is_lost(scene: &mut Scene) {
    scene.view.account.as_mut().unwrap().equity = Usd::dollars(99_000);
}

/// It is a minute after 11:00, and the candle that closed then is not there.
fn a_candle_is_a_minute_late(scene: &mut Scene) {
    scene.view.now = scene.view.now.ny_date().at_hm(11, 1);
    scene.view.high_water = scene.view.now;
    scene.quote("50.46", "50.47");
    scene.view.executions_read_at = scene.view.now;
}
