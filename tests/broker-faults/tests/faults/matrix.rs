//! Every operation under every fault: what the client says, what the venue did, and what asking afterwards finds.
//!
//! The rules are by nature of operation (`expected`): a read is repeated and its answer believed only whole; a send is
//! never repeated and is unknown whenever the venue may have acted. The table is docs/broker-faults.md.

use std::{fmt::Write, fs, path::Path, time::Duration};

use broker::{
    Broker, CancelOutcome, OrderFilter, ReadError, SubmitOutcome,
    alpaca::{
        Alpaca,
        desk::{Portion, Swept},
        ticket::{Amount, Class, Kind, Lifetime, StopLoss, Ticket},
    },
    order::{ClientOrderId, OrderKind, Purpose, Side},
    report::OrderReport,
};
use broker_sim::faults::{Fault, Fits, Garbage, Rule, Script};
use market::{Price, Qty, Symbol};

use crate::floor::{Floor, PATIENCE, opening, request, symbols};

/// What the client can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Account,
    Clock,
    Calendar,
    Asset,
    Positions,
    Orders,
    OrderByClientId,
    Executions,
    Candles,
    Quotes,
    Snapshots,
    Submit,
    Protect,
    Replace,
    Cancel,
    CancelAll,
    Close,
    Bracket,
}

/// How a fault may be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Read,
    Send,
    Cancel,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// An answer, and the right one.
    Answered,
    /// An error that names the endpoint.
    Failed,
    Accepted,
    Rejected,
    Retryable,
    Unknown,
}

const OPERATIONS: [Operation; 18] = [
    Operation::Account,
    Operation::Clock,
    Operation::Calendar,
    Operation::Asset,
    Operation::Positions,
    Operation::Orders,
    Operation::OrderByClientId,
    Operation::Executions,
    Operation::Candles,
    Operation::Quotes,
    Operation::Snapshots,
    Operation::Submit,
    Operation::Protect,
    Operation::Replace,
    Operation::Cancel,
    Operation::CancelAll,
    Operation::Close,
    Operation::Bracket,
];

fn faults() -> Vec<Option<Fault>> {
    let status = |code, acted| Some(Fault::Status { code, acted });
    let page = |status, acted| Some(Fault::Page { status, acted });
    let mut faults = vec![
        None,
        Some(Fault::Delay { ms: 20 }),
        Some(Fault::DropBefore),
        Some(Fault::DropAfter),
        Some(Fault::LateArrival { ms: 5_000 }),
        Some(Fault::DuplicateResponse),
        status(429, false),
        status(500, false),
        status(500, true),
        status(502, false),
        status(503, false),
        status(504, true),
        page(403, false),
        page(403, true),
        page(404, false),
        page(408, true),
        page(422, true),
        Some(Fault::Hang),
    ];
    faults.extend(Garbage::ALL.map(|garbage| Some(Fault::Garbage(garbage))));
    faults
}

/// The specification. A read meets the fault once; what it meets always is `stubborn`.
fn expected(nature: Nature, fault: Option<Fault>) -> Outcome {
    match (nature, fault) {
        // A page with a bad status is not the broker's no, whatever the status says.
        (Nature::Read, Some(Fault::Garbage(_) | Fault::Page { .. })) => Outcome::Failed,
        (Nature::Read, _) => Outcome::Answered,
        (_, None | Some(Fault::Delay { .. } | Fault::DuplicateResponse)) => Outcome::Accepted,
        (Nature::Send, Some(Fault::Status { code: 429, .. })) => Outcome::Retryable,
        // The broker's yes to a cancel has no body: nothing in its place is the same yes.
        (Nature::Cancel, Some(Fault::Garbage(Garbage::Empty))) => Outcome::Accepted,
        (_, Some(_)) => Outcome::Unknown,
    }
}

#[tokio::test]
async fn every_operation_meets_every_fault_as_it_should() {
    let mut rows = Vec::new();
    for operation in OPERATIONS {
        let mut cells = Vec::new();
        for fault in faults() {
            let stage = Stage::set(patience(fault)).await;
            let before = stage.floor.requests();
            stage.meet(fault, 1);
            let outcome = stage.perform(operation).await;
            let name = fault.map_or("none".to_owned(), |fault| fault.to_string());
            assert_eq!(outcome, expected(operation.nature(), fault), "{operation:?} under {name}");
            let sent = stage.floor.requests() - before;
            if operation.nature() != Nature::Read {
                assert!(sent <= 1, "{operation:?} under {name} was sent {sent} times");
                stage.check_by_asking(operation, fault, outcome, &name).await;
            }
            cells.push(outcome);
        }
        rows.push((operation, cells));
    }
    compare_with_the_page(&table(&rows));
}

#[tokio::test]
async fn a_read_that_always_meets_the_fault_fails_and_names_its_endpoint() {
    let answerable = |fault: &Fault| matches!(fault, Fault::Delay { .. } | Fault::DuplicateResponse);
    for operation in OPERATIONS.into_iter().filter(|operation| operation.nature() == Nature::Read) {
        for fault in faults().into_iter().flatten().filter(|fault| !answerable(fault)) {
            let stage = Stage::set(PATIENCE).await;
            stage.meet(Some(fault), 100);
            assert_eq!(stage.perform(operation).await, Outcome::Failed, "{operation:?} under {fault}");
        }
    }
}

/// Only where nothing comes back does a run wait for the whole of it.
fn patience(fault: Option<Fault>) -> Duration {
    if fault == Some(Fault::Hang) { PATIENCE } else { Duration::from_secs(20) }
}

/// A venue with shares held, one order that rests, and a client that has traded before.
struct Stage {
    floor: Floor,
    client: Alpaca,
    resting: OrderReport,
    symbol: Symbol,
    /// Held too, and no order speaks for it.
    free: Symbol,
    /// Not held; its asset is known.
    fresh: Symbol,
}

const NEW: &str = "new";

impl Stage {
    async fn set(patience: Duration) -> Self {
        let floor = Floor::open(1).await;
        let client = floor.client(patience);
        let [symbol, free, fresh] = symbols();
        client.account_number().await.unwrap();
        client.learn_assets(&symbols()).await.unwrap();
        submit(&floor, &client, "held", symbol, Purpose::Open).await;
        submit(&floor, &client, "free", free, Purpose::Open).await;
        floor.advance(60);
        assert_eq!(floor.truth().positions.len(), 2, "the shares are held");
        let resting = submit(&floor, &client, "resting", symbol, Purpose::Protect).await;
        // What an opening reads before it is sent has been read.
        submit(&floor, &client, "known", fresh, Purpose::Open).await;
        client.by_hand().cancel(&floor.latest().id).await;
        Self { floor, client, resting, symbol, free, fresh }
    }

    fn meet(&self, fault: Option<Fault>, times: u64) {
        let rule = fault.map(|fault| Rule { fits: Fits::default(), skip: 0, times, fault });
        self.floor.faults(Script { script: rule.into_iter().collect(), ..Script::default() });
    }

    async fn perform(&self, operation: Operation) -> Outcome {
        let (client, symbol) = (&self.client, self.symbol);
        let (now, date) = (self.floor.venue.now(), self.floor.venue.now().ny_date());
        match operation {
            Operation::Account => read(client.account().await.map(|account| account.number.as_str() == "PA3TEST")),
            Operation::Clock => read(client.clock().await.map(|clock| clock.now == now)),
            Operation::Calendar => read(client.calendar(date, date).await.map(|days| days.len() == 1)),
            Operation::Asset => read(client.asset(symbol).await.map(|asset| asset.is_some())),
            Operation::Positions => read(client.positions().await.map(|positions| positions.held.len() == 2)),
            Operation::Orders => read(client.orders(OrderFilter::Open).await.map(|orders| orders.listed.len() == 1)),
            Operation::OrderByClientId => {
                let found = client.order_by_client_id(&self.resting.client_order_id).await;
                read(found.map(|order| order.is_some_and(|order| order.id == self.resting.id)))
            }
            Operation::Executions => {
                let truth = self.floor.truth().fills;
                read(client.executions(opening()).await.map(|fills| fills == truth))
            }
            Operation::Candles => {
                let candles = client.candles(&[symbol], 10, opening(), now).await;
                read(candles.map(|candles| candles[&symbol].len() == 3))
            }
            Operation::Quotes => read(client.quotes(&[symbol]).await.map(|quotes| quotes[&symbol].at == now)),
            Operation::Snapshots => read(client.snapshots(&[symbol]).await.map(|all| all.contains_key(&symbol))),
            Operation::Submit => self.send(self.fresh, Purpose::Open).await,
            Operation::Protect => self.send(self.free, Purpose::Protect).await,
            Operation::Replace => self.replace().await,
            Operation::Cancel => match client.cancel(&self.resting.id).await {
                CancelOutcome::Accepted => Outcome::Accepted,
                CancelOutcome::NotCancelable(_) | CancelOutcome::NotFound => Outcome::Rejected,
                CancelOutcome::Unknown(_) => Outcome::Unknown,
            },
            Operation::CancelAll => match client.by_hand().cancel_all().await {
                Swept::Each(all) => {
                    assert_eq!(all.len(), 1, "one order rests");
                    Outcome::Accepted
                }
                Swept::Rejected { .. } => Outcome::Rejected,
                Swept::Retryable { .. } => Outcome::Retryable,
                Swept::Unknown { .. } => Outcome::Unknown,
            },
            Operation::Close => settled(client.by_hand().close(self.free, Portion::All).await),
            Operation::Bracket => settled(self.bracket().await),
        }
    }

    /// Below the market, so that the entry rests and its exits are held.
    async fn bracket(&self) -> SubmitOutcome {
        let bid = self.floor.quote(self.free).unwrap().bid;
        let part = |tenths: i64| Price::from_units(bid.units() / 10 * tenths).unwrap().floor_to_tick();
        let ticket = Ticket {
            client_order_id: NEW.parse().unwrap(),
            // As an opening it would read the orders that work first, and the fault would meet that read.
            purpose: Purpose::Reduce,
            symbol: self.free,
            side: Side::Buy,
            amount: Amount::Shares(Qty::shares(1)),
            kind: Kind::Limit { limit: part(9) },
            lifetime: Lifetime::Gtc,
            extended_hours: false,
            class: Class::Bracket { take_profit: part(12), stop_loss: StopLoss { stop: part(8), limit: None } },
        };
        self.client.by_hand().submit(&ticket).await
    }

    async fn send(&self, symbol: Symbol, purpose: Purpose) -> Outcome {
        let quote = self.floor.quote(symbol).unwrap();
        let order = request(NEW, symbol, purpose, 2, &quote);
        settled(self.client.submit(&self.floor.approved(order).unwrap()).await)
    }

    async fn replace(&self) -> Outcome {
        let quote = self.floor.quote(self.symbol).unwrap();
        let mut order = request(NEW, self.symbol, Purpose::Protect, 5, &quote);
        order.qty = self.resting.qty;
        order.kind = OrderKind::Stop { stop: Price::from_units(quote.bid.units() / 100 * 95).unwrap().floor_to_tick() };
        settled(self.client.replace(&self.floor.replacement(&self.resting, order).unwrap()).await)
    }

    /// The network is good again and what was late has arrived: the venue has what the outcome says it may have.
    async fn check_by_asking(&self, operation: Operation, fault: Option<Fault>, outcome: Outcome, name: &str) {
        self.meet(None, 0);
        self.floor.advance(10);
        let acted = fault.is_none_or(Fault::acts);
        if operation == Operation::Close {
            let sold =
                self.floor.truth().orders.iter().any(|order| order.symbol == self.free && order.side == Side::Sell);
            assert_eq!(sold, acted, "the closing under {name}");
            return;
        }
        if matches!(operation, Operation::Cancel | Operation::CancelAll) {
            let order = self.floor.order(&self.resting.id);
            assert_eq!(order.status.is_final(), acted, "the cancel under {name}: {order:?}");
            return;
        }
        let id: ClientOrderId = NEW.parse().unwrap();
        let found = self.client.order_by_client_id(&id).await.unwrap();
        assert_eq!(found.is_some(), acted, "{operation:?} under {name}");
        match outcome {
            Outcome::Accepted => assert!(found.is_some(), "{operation:?} under {name}"),
            Outcome::Rejected | Outcome::Retryable => assert_eq!(found, None, "{operation:?} under {name}"),
            Outcome::Unknown | Outcome::Answered | Outcome::Failed => {}
        }
    }
}

impl Operation {
    fn nature(self) -> Nature {
        match self {
            Self::Submit | Self::Protect | Self::Replace | Self::CancelAll | Self::Close | Self::Bracket => {
                Nature::Send
            }
            Self::Cancel => Nature::Cancel,
            Self::Account
            | Self::Clock
            | Self::Calendar
            | Self::Asset
            | Self::Positions
            | Self::Orders
            | Self::OrderByClientId
            | Self::Executions
            | Self::Candles
            | Self::Quotes
            | Self::Snapshots => Nature::Read,
        }
    }
}

/// A read that is answered is answered rightly.
fn read(answer: Result<bool, ReadError>) -> Outcome {
    match answer {
        Ok(right) => {
            assert!(right, "an answer, and a wrong one");
            Outcome::Answered
        }
        Err(error) => {
            assert!(error.endpoint.starts_with("GET /v"), "{error}");
            Outcome::Failed
        }
    }
}

fn settled(outcome: SubmitOutcome) -> Outcome {
    match outcome {
        SubmitOutcome::Accepted(_) => Outcome::Accepted,
        SubmitOutcome::Rejected { .. } => Outcome::Rejected,
        SubmitOutcome::Retryable { .. } => Outcome::Retryable,
        SubmitOutcome::Unknown { .. } => Outcome::Unknown,
    }
}

async fn submit(floor: &Floor, client: &Alpaca, id: &str, symbol: Symbol, purpose: Purpose) -> OrderReport {
    let quote = floor.quote(symbol).unwrap();
    let order = request(id, symbol, purpose, 5, &quote);
    let outcome = client.submit(&floor.approved(order).unwrap()).await;
    let SubmitOutcome::Accepted(report) = outcome else { panic!("{id}: {outcome:?}") };
    *report
}

fn table(rows: &[(Operation, Vec<Outcome>)]) -> String {
    let mut page = String::from(PAGE);
    let _ = writeln!(
        page,
        "| fault | {} |",
        rows.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(" | ")
    );
    let _ = writeln!(page, "|---|{}", "---|".repeat(rows.len()));
    for (place, fault) in faults().into_iter().enumerate() {
        let name = fault.map_or("none".to_owned(), |fault| fault.to_string());
        let cells: Vec<_> = rows.iter().map(|(_, cells)| format!("{:?}", cells[place]).to_lowercase()).collect();
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
    page
}

fn compare_with_the_page(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/broker-faults.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "UPDATE_DOCS=1 makes the page anew");
}

const PAGE: &str = "# What the Alpaca client says under each fault

Made by `UPDATE_DOCS=1 cargo test -p broker-faults`; a test fails when it is stale. Each cell is a run of the client against
the venue over HTTP: the fault meets the operation's first request. A read is tried again (at most three times) and what it
answers is right and whole; what sends or cancels an order is sent once, and is `unknown` whenever the venue may have acted:
then the client order id is asked about. After every run the venue is asked: what was accepted is there, what was retryable or
rejected is not.

";
