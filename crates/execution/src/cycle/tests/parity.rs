//! One venue day in each mode: PAPER and LIVE decide and do exactly the same, and a dry run decides the same openings at
//! the same instants and sends nothing.

use broker::Broker;
use contract::{Env, env};
use market::{TimeDelta, Timestamp};
use trading::order::{OrderKind, Purpose};

use super::{
    floor::{Floor, alerts, date, intents, refusals},
    live,
};
use crate::engine::Engine;

const SYMBOLS: [&str; 4] = ["SOON", "LATE", "THIN", "SINK"];
/// Between cycles while entries come, and after them.
const CLOSE_TOGETHER: TimeDelta = TimeDelta::seconds(5);
const APART: TimeDelta = TimeDelta::seconds(120);

/// What a day came to, without ids that the account is part of.
#[derive(Debug, PartialEq, Eq)]
struct Day {
    intents: Vec<String>,
    /// Symbol, shares, limit and instant of each opening.
    openings: Vec<String>,
    executions: Vec<String>,
    refusals: Vec<String>,
    alerts: Vec<String>,
    orders: Vec<String>,
}

async fn run<B: Broker>(floor: &Floor, mut engine: Box<Engine<B>>) -> Day {
    while floor.venue.now() < date().at_hm(16, 1) {
        engine.cycle().await.unwrap();
        let step = if floor.venue.now() < date().at_hm(10, 0) { CLOSE_TOGETHER } else { APART };
        floor.venue.advance_to(floor.venue.now() + step);
    }
    let opening = |intent: &trading::book::Intent| match intent.request.kind {
        OrderKind::Limit { limit } => {
            format!("{} {} {limit} {}", intent.request.symbol, intent.request.qty, intent.recorded_at)
        }
        OrderKind::Market | OrderKind::Stop { .. } => panic!("an opening is a limit order"),
    };
    let book = engine.core.book();
    let opened = book.intents().map(|(_, intent)| intent).filter(|intent| intent.request.purpose == Purpose::Open);
    let executions = engine.ledger.executions_since(Timestamp::from_unix_nanos(0)).unwrap();
    Day {
        intents: intents(&engine),
        openings: opened.map(opening).collect(),
        executions: executions
            .iter()
            .map(|fill| format!("{} {} {} {} {}", fill.symbol, fill.side, fill.qty, fill.price, fill.at))
            .collect(),
        refusals: refusals(&engine),
        alerts: alerts(&engine),
        orders: floor.orders(),
    }
}

/// Wide enough for every symbol, so that fills have no say in what is opened.
fn with_room(floor: Floor) -> Floor {
    floor.and(&env::MAX_LIVE_GROSS_NOTIONAL, "9000").and(&env::MAX_LIVE_NOTIONAL_PER_SYMBOL, "500")
}

fn without_key(env: &Env) -> bool {
    env.raw("LIVE_TRADING").is_none()
}

#[tokio::test]
async fn paper_and_live_do_the_same_and_a_dry_run_decides_the_same() {
    let floor = with_room(Floor::with(&SYMBOLS));
    assert!(without_key(floor.env()));
    let paper = run(&floor, floor.start().await).await;
    assert_eq!(paper.openings.len(), SYMBOLS.len(), "{paper:#?}");
    assert!(paper.executions.len() > SYMBOLS.len(), "a day without exits proves little: {paper:#?}");
    assert!(paper.orders.len() >= 2 * SYMBOLS.len(), "{paper:#?}");

    let floor = with_room(Floor::with(&SYMBOLS)).and(&env::DRY_RUN, "1");
    let dry = run(&floor, floor.start_dry().await).await;
    assert_eq!(dry.openings, paper.openings);
    assert_eq!((dry.orders, dry.executions), (vec![], vec![]), "nothing reaches the venue");
    assert!(floor.venue.request_log().iter().all(|request| request.method == "GET"));

    let floor = live::armed(&SYMBOLS);
    let floor = with_room(floor);
    let live = run(&floor, floor.start().await).await;
    assert_eq!(live, paper);
}
