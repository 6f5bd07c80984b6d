//! A host that answers as it is told: systemd as far as an apply asks it, positions, and a clock that each pause moves.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use unitgen::{
    Timestamp,
    apply::{Account, Host, holding::Holding},
    systemctl::Systemctl,
};

use super::place::Place;

/// What stands for a kill: whoever unwinds with it did nothing more.
pub struct Killed;

/// What becomes of a unit whose file holds a text when it is started.
pub type Fate = (&'static str, &'static str);

pub struct Told {
    /// Its services are another run at every look.
    is_restless: bool,
    units: PathBuf,
    /// State of each unit: `active running 1`.
    pub states: RefCell<BTreeMap<String, String>>,
    /// Everything that systemd was asked to do, but for looks.
    pub asked: RefCell<Vec<String>>,
    /// What is held at each question, the last for ever.
    pub held: RefCell<Vec<Holding>>,
    /// The answer to the last question.
    last: RefCell<Holding>,
    /// What was said to be held when something was stopped or started afresh.
    pub held_at: RefCell<Vec<(String, Holding)>>,
    /// By a text of its unit: the state in which a service ends when it is started.
    pub fates: RefCell<Vec<Fate>>,
    /// What systemd has read of each unit.
    loaded: RefCell<BTreeMap<String, String>>,
    /// Verbs that systemd refuses from now on.
    pub refuses: RefCell<Vec<&'static str>>,
    /// So many looks from now one is not answered.
    pub deaf_in: Cell<Option<u32>>,
    /// So many calls from now whoever calls is killed.
    pub kills_in: Cell<Option<u32>>,
    /// By address: the status that is answered.
    pub answers: RefCell<BTreeMap<String, u16>>,
    /// Units that do not come up when they are started.
    pub never_up: RefCell<Vec<&'static str>>,
    /// A unit whose run fails when systemd reads its files the next time.
    pub dies_at_reload: Cell<Option<&'static str>>,
    /// A ledger that the next start carries to a newer schema.
    pub raises_ledger: RefCell<Option<PathBuf>>,
    elapsed: Cell<Duration>,
    runs: Cell<u32>,
}

impl Told {
    /// Whose services are another run at every look.
    pub fn restless(self) -> Self {
        Self { is_restless: true, ..self }
    }

    pub fn on(place: &Place) -> Self {
        Self {
            is_restless: false,
            units: place.path(&place.units()),
            states: RefCell::default(),
            asked: RefCell::default(),
            held: RefCell::new(vec![Holding::Flat]),
            last: RefCell::new(Holding::Flat),
            held_at: RefCell::default(),
            fates: RefCell::default(),
            loaded: RefCell::default(),
            refuses: RefCell::default(),
            deaf_in: Cell::default(),
            kills_in: Cell::default(),
            answers: RefCell::default(),
            never_up: RefCell::default(),
            dies_at_reload: Cell::default(),
            raises_ledger: RefCell::default(),
            elapsed: Cell::default(),
            runs: Cell::default(),
        }
    }

    /// A call at which whoever calls may be killed: what is not done by then is not done.
    pub fn called(&self) {
        match self.kills_in.get() {
            Some(0) => {
                self.kills_in.set(None);
                std::panic::panic_any(Killed);
            }
            Some(more) => self.kills_in.set(Some(more - 1)),
            None => {}
        }
    }

    /// The texts of a unit and its drop-ins as they lie there.
    fn texts(&self, unit: &str) -> String {
        let folder = &self.units;
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let drop_ins = std::fs::read_dir(folder.join(format!("{unit}.d"))).into_iter().flatten().flatten();
        let mut drop_ins: Vec<PathBuf> = drop_ins.map(|entry| entry.path()).collect();
        drop_ins.sort();
        drop_ins.into_iter().fold(read(folder.join(unit)), |all, drop_in| all + &read(drop_in))
    }

    /// Whether systemd has read the unit as it lies there.
    pub fn is_loaded(&self, unit: &str) -> bool {
        self.loaded.borrow().get(unit).is_none_or(|loaded| *loaded == self.texts(unit))
    }

    fn reload(&self) {
        let mut loaded = self.loaded.borrow_mut();
        let units: Vec<String> = loaded.keys().cloned().collect();
        for unit in units {
            loaded.insert(unit.clone(), self.texts(&unit));
        }
    }

    /// The state that a start leads to.
    fn start(&self, unit: &str) {
        self.loaded.borrow_mut().entry(unit.to_owned()).or_insert_with(|| self.texts(unit));
        let text = std::fs::read_to_string(self.units.join(unit)).unwrap_or_default();
        let fates = self.fates.borrow();
        let fate = fates.iter().find(|(has, _)| unit.ends_with(".service") && text.contains(has));
        if let Some(ledger) = self.raises_ledger.take().filter(|_| unit.ends_with(".service")) {
            let mut page = std::fs::read(&ledger).unwrap();
            page[63] += 1;
            std::fs::write(ledger, page).unwrap();
        }
        let is_stuck = self.never_up.borrow().contains(&unit);
        let state = if is_stuck { "failed failed" } else { fate.map_or("active running", |(_, state)| state) };
        self.runs.set(self.runs.get() + 1);
        self.states.borrow_mut().insert(unit.to_owned(), format!("{state} {}", self.runs.get()));
        for wanted in text.lines().filter_map(|line| line.strip_prefix("Wants=")) {
            if unit.ends_with(".target") && !self.is_active(wanted) && self.is_there(wanted) {
                self.start(wanted);
            }
        }
    }

    fn is_there(&self, unit: &str) -> bool {
        self.units.join(unit).exists()
    }

    pub fn is_active(&self, unit: &str) -> bool {
        self.states.borrow().get(unit).is_some_and(|state| state.starts_with("active"))
    }

    fn show(&self, unit: &str) -> String {
        let text = std::fs::read_to_string(self.units.join(unit)).unwrap_or_default();
        let state = self.states.borrow().get(unit).cloned().unwrap_or("inactive dead 0".to_owned());
        let mut words: Vec<&str> = state.split(' ').collect();
        self.runs.set(self.runs.get() + u32::from(self.is_restless));
        let run = self.runs.get().to_string();
        if self.is_restless {
            words[2] = &run;
        }
        let load = if self.is_there(unit) { "loaded" } else { "not-found" };
        let kind = if text.contains("Type=oneshot") { "oneshot" } else { "notify" };
        let gate = if words[1] == "refused" { "{ code=exited ; status=75 }" } else { "{ code=(null) ; status=0/0 }" };
        self.loaded.borrow_mut().entry(unit.to_owned()).or_insert_with(|| self.texts(unit));
        let stale = if self.is_loaded(unit) { "no" } else { "yes" };
        format!(
            "NeedDaemonReload={stale}\nId={unit}\nLoadState={load}\nActiveState={}\nSubState={}\nInvocationID={}\nType={kind}\nExecCondition={gate}\n",
            words[0], words[1], words[2]
        )
    }
}

impl Systemctl for Told {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        self.called();
        let units: Vec<&str> = arguments.iter().skip_while(|word| **word != "--").skip(1).copied().collect();
        if arguments[0] == "show" {
            match self.deaf_in.get() {
                Some(0) => {
                    self.deaf_in.set(None);
                    return Err("Failed to get properties: Connection timed out".to_owned());
                }
                more => self.deaf_in.set(more.map(|more| more - 1)),
            }
            return Ok(units.iter().map(|unit| self.show(unit)).collect::<Vec<_>>().join("\n"));
        }
        let words: Vec<&str> = arguments.iter().filter(|word| !word.starts_with('-')).copied().collect();
        self.asked.borrow_mut().push(words.join(" "));
        if self.refuses.borrow().contains(&arguments[0]) {
            return Err("Access denied".to_owned());
        }
        if arguments[0] == "daemon-reload" {
            self.reload();
            if let Some(unit) = self.dies_at_reload.take() {
                let run = self.states.borrow()[unit].rsplit(' ').next().unwrap().to_owned();
                self.states.borrow_mut().insert(unit.to_owned(), format!("failed failed {run}"));
            }
        }
        for unit in units {
            let held = self.last.borrow().clone();
            match arguments[0] {
                "start" if !self.is_active(unit) => self.start(unit),
                "restart" => {
                    self.held_at.borrow_mut().push((unit.to_owned(), held));
                    self.start(unit);
                }
                "stop" => {
                    self.held_at.borrow_mut().push((unit.to_owned(), held));
                    self.states.borrow_mut().remove(unit);
                }
                _ => {}
            }
        }
        Ok(String::new())
    }
}

impl Host for Told {
    fn holding(&self, _: &Account) -> Holding {
        self.called();
        let mut held = self.held.borrow_mut();
        let answer = if held.len() > 1 { held.remove(0) } else { held[0].clone() };
        self.last.replace(answer.clone());
        answer
    }

    fn get(&self, address: SocketAddr, _: &str) -> Result<u16, String> {
        self.answers.borrow().get(&address.to_string()).copied().ok_or_else(|| "nobody listens".to_owned())
    }

    fn now(&self) -> Result<Timestamp, String> {
        Ok("2026-10-15T22:00:00Z".parse().unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn pause(&self) {
        self.called();
        self.elapsed.set(self.elapsed.get() + Duration::from_secs(1));
    }
}
