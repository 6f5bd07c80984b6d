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

/// What becomes of a unit whose file holds a text when it is started.
pub type Fate = (&'static str, &'static str);

pub struct Told {
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
    elapsed: Cell<Duration>,
    runs: Cell<u32>,
}

impl Told {
    pub fn on(place: &Place) -> Self {
        Self {
            units: place.path(&place.units()),
            states: RefCell::default(),
            asked: RefCell::default(),
            held: RefCell::new(vec![Holding::Flat]),
            last: RefCell::new(Holding::Flat),
            held_at: RefCell::default(),
            fates: RefCell::default(),
            elapsed: Cell::default(),
            runs: Cell::default(),
        }
    }

    /// The state that a start leads to.
    fn start(&self, unit: &str) {
        let text = std::fs::read_to_string(self.units.join(unit)).unwrap_or_default();
        let fates = self.fates.borrow();
        let fate = fates.iter().find(|(has, _)| unit.ends_with(".service") && text.contains(has));
        let state = fate.map_or("active running", |(_, state)| state);
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
        let words: Vec<&str> = state.split(' ').collect();
        let load = if self.is_there(unit) { "loaded" } else { "not-found" };
        let kind = if text.contains("Type=oneshot") { "oneshot" } else { "notify" };
        let gate = if words[1] == "refused" { "{ code=exited ; status=75 }" } else { "{ code=(null) ; status=0/0 }" };
        format!(
            "Id={unit}\nLoadState={load}\nActiveState={}\nSubState={}\nInvocationID={}\nType={kind}\nExecCondition={gate}\n",
            words[0], words[1], words[2]
        )
    }
}

impl Systemctl for Told {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let units: Vec<&str> = arguments.iter().skip_while(|word| **word != "--").skip(1).copied().collect();
        if arguments[0] == "show" {
            return Ok(units.iter().map(|unit| self.show(unit)).collect::<Vec<_>>().join("\n"));
        }
        let words: Vec<&str> = arguments.iter().filter(|word| !word.starts_with('-')).copied().collect();
        self.asked.borrow_mut().push(words.join(" "));
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
        let mut held = self.held.borrow_mut();
        let answer = if held.len() > 1 { held.remove(0) } else { held[0].clone() };
        self.last.replace(answer.clone());
        answer
    }

    fn get(&self, _: SocketAddr, _: &str) -> Result<u16, String> {
        Err("nobody listens".to_owned())
    }

    fn now(&self) -> Result<Timestamp, String> {
        Ok("2026-10-15T22:00:00Z".parse().unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn pause(&self) {
        self.elapsed.set(self.elapsed.get() + Duration::from_secs(1));
    }
}
