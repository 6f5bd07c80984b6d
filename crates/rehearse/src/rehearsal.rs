//! From arguments to a finished day: render, read back, lay out the host, open the venue, run, draw the sum.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow, ensure};
use broker_sim::{RequestSeen, Venue, VenueConfig, VenueServer, faults};
use contract::{Env, ExitCode, Layout, Watchlist};
use ledger::Ledger;
use market::{Calendar, NaiveTime, NyDate, TimeDelta, Timestamp, Usd};
use serde::Serialize;
use tokio::sync::mpsc;
use trading::order::AccountId;

use crate::{
    again,
    books::Books,
    checks::{Bare, Evidence, Kill, Seen},
    data::{Market, Origin},
    day::{self, Day, Speed},
    fault::{AtVenue, Fault, Named, Trap},
    mounts::Disk,
    page,
    process::{Host, Processes, Report, is_of_the_host},
    scratch::{Paths, Scratch},
    strike::Planned,
    summary::Summary,
    supervisor::Supervisor,
    timeline::{Happening, Style, Timeline, Word},
    tracer::{self, Tracer},
    units::{service::Service, tree::UnitTree},
};

/// Key id and secret of the venue.
pub const KEYS: (&str, &str) = ("PKREHEARSAL", "rehearsal-secret");
/// Requests a minute of a broker that limits.
const RATE_LIMIT: u32 = 30;
/// WatchdogSec= of a day on which a process hangs: the watchdog is real time, and a day has no minute of that.
const WATCHDOG_S: i64 = 4;
const CASH: i64 = 100_000;
/// Used when no unit names an account.
const ACCOUNT: &str = "PA30000000";
/// When the day begins, unless a timer is earlier.
const MORNING: (u32, u32) = (8, 0);
const YESTERDAYS_SCAN: (u32, u32) = (8, 30);

/// What to rehearse.
pub struct Plan {
    /// The manifest.
    pub manifest: PathBuf,
    /// Where the bars come from.
    pub origin: Origin,
    /// The session, or the origin's own choice.
    pub session: Option<NyDate>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// When to stop, if before the last timer: hour and minute in New York.
    pub until: Option<NaiveTime>,
    /// Whether to write down the system calls of `execution`.
    pub boundaries: bool,
    /// The arguments that say all this.
    pub arguments: Vec<String>,
    /// The venue's seed.
    pub seed: u64,
    /// The pace.
    pub speed: Speed,
    /// Where the programs are.
    pub programs: PathBuf,
    /// Where to keep everything, if anywhere.
    pub keep: Option<PathBuf>,
    /// Where to draw the day as a page, if anywhere.
    pub report: Option<PathBuf>,
    /// How to draw the timeline as it happens; `None` for silence.
    pub terminal: Option<Style>,
}

/// The day as a document.
#[derive(Serialize)]
pub struct Document {
    /// 1.
    pub schema_version: u32,
    /// The manifest.
    pub manifest: String,
    /// The session.
    pub session: NyDate,
    /// Where the bars came from.
    pub origin: String,
    /// What went wrong.
    pub faults: Vec<String>,
    /// The arguments of `rehearse` that run this day again.
    pub arguments: Vec<String>,
    /// The venue's seed.
    pub seed: u64,
    /// What happened.
    pub timeline: Vec<Happening>,
    /// The requests of `execution` in order, as kill points count them.
    pub requests: Vec<String>,
    /// What programs alerted of, each with its subject.
    pub alerts: Vec<String>,
    /// The alerts of the ledger with their instants, whoever was told.
    pub alerts_at: Vec<Told>,
    /// Those in the ledger's outbox that nobody took out.
    pub outbox: Vec<Told>,
    /// Kills at system calls, in order.
    pub kills: Vec<Kill>,
    /// Stretches in which a position was not under stops in full.
    pub bare: Vec<Bare>,
    /// The system calls of each process of `execution`, when they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boundaries: Vec<Vec<String>>,
    /// The sum.
    pub summary: Summary,
}

/// An alert of the ledger.
#[derive(Serialize)]
pub struct Told {
    /// When it was recorded.
    pub at: Timestamp,
    /// What it is about.
    pub subject: String,
    /// In words.
    pub text: String,
}

impl Plan {
    fn has(&self, named: Named) -> bool {
        self.faults.contains(&Fault::Named(named))
    }

    /// Whether state and data need a disk of their own.
    pub fn needs_disk(&self) -> bool {
        self.has(Named::DiskFull) || self.has(Named::ReadOnlyState)
    }
}

/// Rehearses the day. A rehearsal that cannot be finished keeps its scratch directory and says where it is.
pub async fn rehearse(plan: &Plan) -> anyhow::Result<Document> {
    let calendar = Calendar::nyse();
    let market = Market::gather(&plan.origin, plan.session, calendar)?;
    let scratch = Scratch::create(plan.keep.as_deref())?;
    match run(plan, &market, scratch.paths()).await {
        Ok(document) => {
            if plan.keep.is_some() || !document.summary.as_expected {
                let path = scratch.paths().document();
                fs::write(&path, serde_json::to_string_pretty(&document)?).context(ExitCode::CannotWrite)?;
                announce_kept(scratch);
                if !document.summary.as_expected {
                    eprintln!("again: rehearse {}", again::command(&document.arguments));
                }
            }
            Ok(document)
        }
        Err(error) => {
            // Before any unit has written something, the error says all there is.
            if fs::read_dir(scratch.paths().logs()).is_ok_and(|mut logs| logs.next().is_some()) {
                announce_kept(scratch);
            }
            Err(error)
        }
    }
}

fn announce_kept(scratch: Scratch) {
    let logs = scratch.paths().logs();
    let root = scratch.keep();
    eprintln!("kept in {}; what the units wrote: {}", root.display(), logs.display());
}

async fn run(plan: &Plan, market: &Market, scratch: &Paths) -> anyhow::Result<Document> {
    render(plan, scratch)?;
    let boundaries = plan.boundaries.then(|| scratch.boundaries());
    boundaries.as_ref().map(fs::create_dir_all).transpose().context(ExitCode::CannotWrite)?;
    let kills = plan.faults.iter().find_map(|fault| if let Fault::Kill(list) = fault { Some(list) } else { None });
    if kills.is_some() {
        fs::create_dir_all(scratch.kills()).context(ExitCode::CannotWrite)?;
    }
    let tracer = Tracer::new(kills, plan.has(Named::SlowFsync), boundaries, scratch.kills())?;
    let mut tree = UnitTree::read(&scratch.units(), &scratch.directories())
        .context("the rendered units cannot be rehearsed")
        .context(ExitCode::BadConfig)?;
    check_programs(&tree, &plan.programs)?;
    install_manifest(&tree, scratch)?;
    if plan.has(Named::Hang) {
        tree.services.values_mut().filter(|service| service.watchdog.is_some()).for_each(|service| {
            service.watchdog = Some(TimeDelta::seconds(WATCHDOG_S));
        });
    }
    let layout = layout(&tree)?;
    let disk = plan.needs_disk().then(|| Disk::mount(layout.root())).transpose()?;
    market.write_inputs(&layout)?;
    let (venue, server, trap) = open_venue(plan, market, &tree).await?;
    let processes = Processes::new(host(plan, scratch, &server), tracer);
    let mut day = day(plan, market, scratch, tree, layout, venue, trap, processes);
    day.disk = disk;
    headline(&mut day, plan, market);
    day.run_yesterdays_scan().await?;
    let morning = morning(&day.supervisor, market.session.date);
    day.venue.advance_to(morning);
    day.strike_in_the_morning().await?;
    day.run(morning).await?;
    let document = document(plan, market, &day)?;
    if let Some(path) = &plan.report {
        let watchlist = Watchlist::read(&day.layout.candidates()).ok();
        let html = page::of(&document, market, watchlist.as_ref()).html()?;
        fs::write(path, html).with_context(|| format!("{}", path.display())).context(ExitCode::CannotWrite)?;
    }
    Ok(document)
}

/// Renders with the very program that makes a host's units.
fn render(plan: &Plan, scratch: &Paths) -> anyhow::Result<()> {
    let unitgen = plan.programs.join("unitgen");
    let output = Command::new(&unitgen)
        .args(["render".as_ref(), plan.manifest.as_os_str(), "--target".as_ref(), "systemd".as_ref(), "--out".as_ref()])
        .arg(scratch.units())
        .output()
        .with_context(|| format!("{}: build it with `cargo build --workspace --bins`", unitgen.display()))
        .context(ExitCode::BadConfig)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        anyhow!("unitgen refuses the manifest\n{}", said.trim()).context(ExitCode::BadConfig)
    );
    Ok(())
}

fn check_programs(tree: &UnitTree, programs: &Path) -> anyhow::Result<()> {
    let commands = |service: &'_ Service| -> Vec<String> {
        let all = service.condition.iter().chain(&service.start_pre).chain(&service.start).chain(&service.stop_post);
        all.filter(|command| !is_of_the_host(&command.program)).map(|command| command.name().to_owned()).collect()
    };
    let missing: Vec<String> = tree
        .services
        .values()
        .flat_map(|service| commands(service).into_iter().map(|name| (service.name.clone(), name)))
        .filter(|(_, name)| !programs.join(name).is_file())
        .map(|(unit, name)| format!("{unit} runs {name}, which is not in {}", programs.display()))
        .collect();
    let hint = "build with `cargo build --workspace --bins` or name the directory with --programs";
    ensure!(missing.is_empty(), anyhow!("{}; {hint}", missing.join("; ")).context(ExitCode::BadConfig));
    Ok(())
}

/// Lays the manifest's copy where the units say it is installed, so that its digest agrees with theirs.
fn install_manifest(tree: &UnitTree, scratch: &Paths) -> anyhow::Result<()> {
    let copy = fs::read_dir(scratch.units())?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.to_string_lossy().ends_with(".manifest.toml"));
    let places = tree.services.values().filter_map(|service| service.environment.get("PORTCULLIS_MANIFEST"));
    for place in places.map(Path::new) {
        ensure!(place.starts_with(scratch.directories().config), "{} is outside of %E", place.display());
        fs::create_dir_all(place.parent().context("the manifest lies in a folder")?)?;
        fs::copy(copy.as_deref().context("no copy of the manifest was rendered")?, place)?;
    }
    Ok(())
}

/// Where the trading service keeps its files, or whoever keeps any.
fn layout(tree: &UnitTree) -> anyhow::Result<Layout> {
    let keeps = |service: &&Service| !service.state_directories.is_empty();
    let trading = tree.service_running(day::EXECUTION).filter(keeps);
    let service = trading.or_else(|| tree.services.values().find(keeps));
    let service = service.context("no unit has a StateDirectory=").context(ExitCode::BadConfig)?;
    let root = &service.state_directories[0];
    fs::create_dir_all(root).context(ExitCode::CannotWrite)?;
    let environment: BTreeMap<&str, &str> =
        service.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(Layout::below(root, &Env::from_pairs(environment))?)
}

async fn open_venue(plan: &Plan, market: &Market, tree: &UnitTree) -> anyhow::Result<(Venue, VenueServer, Trap)> {
    let named = tree.services.values().find_map(|service| service.environment.get("PORTCULLIS_ACCOUNT"));
    let account: AccountId = named.map_or(ACCOUNT, String::as_str).parse().context(ExitCode::BadConfig)?;
    let start = market.previous.date.at_hm(YESTERDAYS_SCAN.0, YESTERDAYS_SCAN.1);
    let mut config = VenueConfig::new(account.as_str(), KEYS.0, KEYS.1, Usd::dollars(CASH), plan.seed, start);
    config.rate_limit = plan.has(Named::RateLimit).then_some(RATE_LIMIT);
    let venue = Venue::new(config, market.day.clone());
    let point = plan.faults.iter().find_map(|fault| if let Fault::Crash(point) = fault { Some(*point) } else { None });
    let trap = Trap::new(point);
    venue.intercept(trap.interceptor());
    venue.set_faults(request_faults(plan)?);
    let server = venue.serve().await?;
    // The venue is ours and binds loopback; a rehearsal with any other address would be trading.
    ensure!(server.base_url().starts_with("http://127."), "the venue is not on loopback: {}", server.base_url());
    Ok((venue, server, trap))
}

/// The venue's own faults: at the first order, or by chance from the plan's seed.
fn request_faults(plan: &Plan) -> anyhow::Result<faults::Plan> {
    let mut script = faults::Script { seed: plan.seed, ..faults::Script::default() };
    for fault in &plan.faults {
        let Fault::Venue(AtVenue { fault, percent }) = fault else { continue };
        match percent {
            Some(percent) => drop(script.probability.insert(fault.to_string(), percent / 100.0)),
            None => {
                let fits = faults::Fits { method: Some("POST".to_owned()), path: Some("/v2/orders".to_owned()) };
                script.script.push(faults::Rule { fits, skip: 0, times: 1, fault: *fault });
            }
        }
    }
    faults::Plan::new(script).context(ExitCode::Usage)
}

fn host(plan: &Plan, scratch: &Paths, server: &VenueServer) -> Host {
    let mut overrides = vec![
        ("APCA_API_BASE_URL", server.base_url().to_owned()),
        ("APCA_API_DATA_URL", server.base_url().to_owned()),
        ("PORTCULLIS_CLOCK", "venue".to_owned()),
    ];
    if plan.has(Named::ZoneBerlin) {
        overrides.push(("TZ", "Europe/Berlin".to_owned()));
        overrides.push(("LC_ALL", "de_DE.UTF-8".to_owned()));
        overrides.push(("LANG", "de_DE.UTF-8".to_owned()));
    }
    Host {
        scratch: scratch.clone(),
        programs: plan.programs.clone(),
        overrides,
        overrides_of: BTreeMap::new(),
        secrets: vec![("APCA_API_KEY_ID", KEYS.0.to_owned()), ("APCA_API_SECRET_KEY", KEYS.1.to_owned())],
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of a day, put together once")]
fn day(
    plan: &Plan,
    market: &Market,
    scratch: &Paths,
    tree: UnitTree,
    layout: Layout,
    venue: Venue,
    trap: Trap,
    (processes, reports): (Processes, mpsc::UnboundedReceiver<Report>),
) -> Day {
    let widths: Vec<usize> = tree.services.keys().chain(tree.timers.keys()).map(String::len).collect();
    let is_lasting = |service: &&Service| day::is_lasting(service);
    let named = |fault: &Fault| if let Fault::Named(named) = fault { Some(*named) } else { None };
    let by_the_venue = |fault: &Fault| if let Fault::Venue(at_venue) = fault { Some(*at_venue) } else { None };
    let seen = Seen {
        scan: tree.service_running(day::SCANNER).map(|service| service.name.clone()),
        may_fail: plan.faults.iter().find_map(|fault| {
            Some(tree.service_running(fault.expect().failing_job).filter(|unit| !day::is_lasting(unit))?.name.clone())
        }),
        services: tree.services.values().filter(is_lasting).map(|service| service.name.clone()).collect(),
        ..Seen::default()
    };
    let before = market.session.date.at_hm(0, 0);
    Day {
        supervisor: Supervisor::new(tree, before),
        venue,
        processes,
        reports,
        timeline: Timeline::new(market.session.date, widths, plan.terminal),
        books: Books::default(),
        trap,
        seen,
        planned: plan.faults.iter().filter_map(named).map(Planned::new).collect(),
        at_venue: plan.faults.iter().filter_map(by_the_venue).collect(),
        untold: 0,
        scratch: scratch.clone(),
        market: market.day.clone(),
        disk: None,
        other: None,
        until: plan.until.map(|time| market.session.date.at(time)),
        layout,
        session: market.session,
        speed: plan.speed,
    }
}

fn headline(day: &mut Day, plan: &Plan, market: &Market) {
    let half = if market.session.is_half_day() { ", a half-day" } else { "" };
    let faults: Vec<String> = plan.faults.iter().map(ToString::to_string).collect();
    let fault = if faults.is_empty() { String::new() } else { format!("; fault: {}", faults.join(", ")) };
    let text = format!("{} on {}{half}; {}{fault}", plan.manifest.display(), market.session.date, market.origin,);
    day.timeline.add(day.venue.now(), "rehearsal", Word::Note, text);
}

/// Eight o'clock, or a minute before an earlier timer.
fn morning(supervisor: &Supervisor, date: NyDate) -> Timestamp {
    let eight = date.at_hm(MORNING.0, MORNING.1);
    supervisor.next_slot().map_or(eight, |slot| eight.min(slot - market::TimeDelta::minutes(1)))
}

/// The client order ids of every order and replacement that reached the venue's door, in order.
fn sent_orders(venue: &Venue) -> Vec<String> {
    let log = venue.request_log();
    let is_send = |request: &&RequestSeen| match request.method.as_str() {
        "POST" => request.path == "/v2/orders",
        method => method == "PATCH" && request.path.starts_with("/v2/orders/"),
    };
    log.iter()
        .filter(is_send)
        .filter_map(|request| serde_json::from_str::<serde_json::Value>(&request.body).ok())
        .filter_map(|order| order["client_order_id"].as_str().map(str::to_owned))
        .collect()
}

fn document(plan: &Plan, market: &Market, day: &Day) -> anyhow::Result<Document> {
    let truth = day.venue.truth();
    let always = Timestamp::from_unix_nanos(i64::MIN);
    let (mut intents, mut executions, mut alerts) = (Vec::new(), Vec::new(), told_by_units(day));
    let (mut alerts_at, mut outbox) = (Vec::new(), Vec::new());
    // A ledger that was taken away is not looked into: what is left of it is what the programs have to cope with.
    let is_gone = plan.has(Named::LedgerLost) || plan.has(Named::LedgerCorrupt);
    if day.layout.database().exists() && !is_gone {
        let ledger = Ledger::open_read_only(day.layout.database())?;
        (intents, executions) = (ledger.intents_since(always)?, ledger.executions_since(always)?);
        let events = ledger.events_since(always)?.into_iter().filter(|event| event.kind == "alert");
        alerts_at.extend(events.map(|event| Told { at: event.at, subject: event.subject, text: event.text }));
        alerts.extend(alerts_at.iter().map(|told| format!("{}: {}", told.subject, told.text)));
        let rows = ledger.undelivered(ledger::UNDELIVERED_MAX)?.into_iter();
        outbox.extend(rows.map(|row| Told { at: row.at, subject: row.subject, text: row.text }));
    }
    let seen = Seen { sent: sent_orders(&day.venue), ..day.seen.clone() };
    let log = day.seen.services.iter().map(|unit| fs::read(day.scratch.log(unit)).unwrap_or_default());
    let log = log.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<String>();
    let evidence = Evidence {
        truth: &truth,
        intents: &intents,
        executions: &executions,
        alerts: &alerts,
        log: &log,
        seen: &seen,
        faults: &plan.faults,
    };
    let boundaries = if plan.boundaries { tracer::read_boundaries(&day.scratch.boundaries())? } else { Vec::new() };
    Ok(Document {
        schema_version: 2,
        manifest: plan.manifest.display().to_string(),
        session: market.session.date,
        origin: market.origin.clone(),
        faults: plan.faults.iter().map(ToString::to_string).collect(),
        arguments: plan.arguments.clone(),
        seed: plan.seed,
        timeline: day.timeline.happenings().to_vec(),
        requests: day.trap.requests(),
        alerts: alerts.clone(),
        alerts_at,
        outbox,
        kills: seen.kills.clone(),
        bare: seen.bare.clone(),
        boundaries,
        summary: Summary::of(&evidence),
    })
}

/// What `desk alert` said of each unit.
fn told_by_units(day: &Day) -> Vec<String> {
    let alerts = day.timeline.happenings().iter().filter(|line| line.event == Word::Alert);
    alerts.map(|line| format!("{}: {}", line.unit, line.detail)).collect()
}
