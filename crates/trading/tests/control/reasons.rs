//! Every reason to refuse an opening, while a position is held: the opening does not go out, and all that protects does.

use market::{Qty, TimeDelta, Usd};
use trading::{
    book::Intent,
    control::{Authority, Kill, approve},
    order::{Leg, Purpose, Side},
    reconcile::{self, Finding, Reported},
    refusal::Reason,
    report::{Execution, OrderStatus},
    state::OrderState,
};

use crate::{
    scene::{Scene, report},
    world::{order, price, symbol},
};

/// What brings a reason about.
enum Cause {
    /// Something in the world; the decision refuses with the reason.
    World(fn(&mut Scene)),
    /// Something in the world that leaves nothing to decide: neither an opening nor a refusal.
    Nothing(fn(&mut Scene)),
    /// The order itself, whatever the world is; no decision makes such an order.
    Order,
}

/// A reason that is added has no cause here, and this does not compile.
fn cause(reason: Reason) -> Cause {
    use Cause::{Nothing, Order, World};
    match reason {
        Reason::Gate => World(|s| s.view.authority = Authority::ManageOnly("stale watchlist".into())),
        Reason::KillSwitch => World(|s| s.view.kill = Some(Kill::Entries)),
        Reason::MarketClosed => Nothing(|s| s.view.session = None),
        Reason::EntryWindow => World(|s| s.limits.entry_delay = TimeDelta::hours(3)),
        Reason::AccountBlocked => World(|s| s.view.account = None),
        Reason::SymbolBlocked => World(|s| find(s, "MSFT", Finding::Short)),
        Reason::ConsumedToday => Nothing(|s| {
            for text in ["MSFT", "NVDA"] {
                record_old(s, text, OrderState::Expired);
            }
        }),
        Reason::NotFlat => World(|s| s.hold("MSFT")),
        Reason::Allowlist => World(|s| s.limits.allowlist = [symbol("IBM")].into()),
        Reason::NoQuote => World(|s| s.view.quotes.clear()),
        Reason::PriceCollar => World(|s| s.limits.entry_collar = market::Bps::constant(5)),
        Reason::BelowLevel => World(|s| s.quote("49.90", "49.92")),
        Reason::PriceDrift => World(|s| s.quote("52.10", "52.12")),
        Reason::IntentExpired => World(|s| s.limits.intent_life = TimeDelta::minutes(7)),
        Reason::RiskTooWide => World(|s| s.limits.risk_per_share = Usd::dollars(1)),
        Reason::TooSmall => World(|s| s.limits.risk_per_trade = market::Bps::constant(0)),
        Reason::MaxOrdersPerDay => World(|s| s.limits.orders_per_day = 1),
        Reason::MaxPositions => World(|s| s.limits.positions = 1),
        Reason::MaxGrossNotional => World(|s| s.limits.gross_notional = Usd::dollars(550)),
        Reason::MaxSymbolNotional => World(|s| s.limits.symbol_notional = Usd::dollars(50)),
        Reason::BuyingPower => World(|s| s.view.account.as_mut().unwrap().buying_power = Usd::dollars(55)),
        Reason::DailyLoss => World(|s| s.view.account.as_mut().unwrap().equity = Usd::dollars(98_000)),
        Reason::RejectStreak => World(|s| {
            for text in ["IBM", "KO", "PEP"] {
                record_old(s, text, OrderState::Rejected);
            }
        }),
        Reason::TimeWentBack => World(|s| s.view.high_water = s.view.now + TimeDelta::seconds(1)),
        Reason::ClockSkew => World(|s| (s.view.clock_skew, s.view.session) = (Some(TimeDelta::seconds(3)), None)),
        Reason::SelfTrade => World(|s| s.works("MSFT", Leg::Stop)),
        Reason::StaleBars => World(|s| {
            s.view.candles.values_mut().for_each(|candles| {
                candles.retain(|candle| candle.start < s.view.now.ny_date().at_hm(10, 40));
                candles.last_mut().unwrap().close = price("50.40");
                let last = candles.len() - 2;
                candles[last].close = price("50.40");
            });
        }),
        Reason::VolumeShare => World(|s| s.view.candidates.iter_mut().for_each(|c| c.average_volume = None)),
        Reason::Throttle => World(|s| s.limits.sends_per_minute = 0),
        Reason::StreamSilent => World(|s| s.view.stream_silent = Some(TimeDelta::seconds(30))),
        Reason::ExecutionsStale => World(|s| s.view.executions_read_at = s.view.now - TimeDelta::seconds(61)),
        Reason::PositionMismatch => World(|s| find(s, "IBM", Finding::QuantityMismatch { ours: 1, theirs: 2 })),
        Reason::LongOnly | Reason::Sanity | Reason::DuplicateId => Order,
    }
}

/// A held position, and the cause.
fn spoiled(reason: Reason) -> Scene {
    let mut scene = Scene::holding();
    match cause(reason) {
        Cause::World(spoil) | Cause::Nothing(spoil) => spoil(&mut scene),
        Cause::Order => {}
    }
    scene
}

#[test]
fn every_reason_keeps_openings_back() {
    assert_eq!(Scene::sent(&Scene::holding().open(), Purpose::Open), [symbol("MSFT"), symbol("NVDA")]);
    for reason in Reason::ALL {
        let decision = spoiled(reason).open();
        let opened = Scene::sent(&decision, Purpose::Open);
        match cause(reason) {
            Cause::World(_) => {
                assert!(!opened.contains(&symbol("MSFT")), "{reason}: {decision:?}");
                assert_eq!(decision.refusals.first().map(|refusal| refusal.reason), Some(reason), "{decision:?}");
            }
            Cause::Nothing(_) => assert!(opened.is_empty() && decision.refusals.is_empty(), "{reason}: {decision:?}"),
            Cause::Order => assert_eq!(opened.len(), 2),
        }
    }
}

#[test]
fn no_reason_stops_the_stop() {
    for reason in Reason::ALL {
        let decision = spoiled(reason).protect();
        assert!(Scene::sent(&decision, Purpose::Protect).contains(&symbol("AAPL")), "{reason}: {decision:?}");
    }
}

#[test]
fn no_reason_stops_flattening() {
    for reason in Reason::ALL {
        let mut scene = spoiled(reason);
        scene.view.kill = Some(Kill::Flatten);
        let decision = scene.protect();
        assert!(Scene::sent(&decision, Purpose::Flatten).contains(&symbol("AAPL")), "{reason}: {decision:?}");
    }
}

#[test]
fn no_reason_stops_reducing() {
    for reason in Reason::ALL {
        let scene = spoiled(reason);
        for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
            assert!(approve(order(purpose), &scene.facts()).is_ok(), "{reason}: {purpose}");
        }
    }
}

#[test]
fn no_reason_stops_a_withdrawal() {
    for reason in Reason::ALL {
        // A switch at level cancel withdraws what works, and a partial fill its own remainder.
        let mut scene = spoiled(reason);
        scene.works("KO", Leg::Entry);
        scene.view.kill = Some(Kill::Cancel);
        assert!(Scene::cancelled(&scene.protect()).contains(&symbol("KO")), "{reason}");

        let mut partial = spoiled(reason);
        partial.works("KO", Leg::Entry);
        partial.hold("KO");
        assert!(Scene::cancelled(&partial.protect()).contains(&symbol("KO")), "{reason}");
    }
}

#[test]
fn no_reason_stops_reconciling() {
    for reason in Reason::ALL {
        let mut scene = spoiled(reason);
        scene.works("KO", Leg::Entry);
        let intent: Intent = scene.book.live().next().unwrap().1.clone();
        let mut order = report(&intent);
        order.status = OrderStatus::Filled;
        let fill = Execution {
            id: "fill-2".into(),
            order_id: order.id.clone(),
            symbol: order.symbol,
            side: Side::Buy,
            qty: Qty::shares(10),
            price: price("50"),
            at: scene.view.now,
        };
        let said = Reported { orders: vec![order], executions: vec![fill], ..Reported::default() };
        let plan = reconcile::plan(&scene.book, &said);
        assert_eq!((plan.executions.len(), plan.changes.len()), (1, 1), "{reason}");
    }
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = Reason::ALL.into_iter().map(Reason::code).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    let serialised = |reason| serde_json::to_value(reason).unwrap();
    assert!(Reason::ALL.into_iter().all(|reason| serialised(reason) == reason.code()));
}

fn find(scene: &mut Scene, text: &str, finding: Finding) {
    scene.view.findings.insert((symbol(text), finding));
}

/// An opening of two minutes ago that came to this.
fn record_old(scene: &mut Scene, text: &str, state: OrderState) {
    let mut intent = scene.intent(text, Leg::Entry, state);
    intent.recorded_at = scene.view.now - TimeDelta::minutes(2);
    scene.book.restore(intent);
}
