//! What `apply` and `rollback` do, on a host that answers as it is told: looked at, planned, permitted, laid; and what was
//! interrupted gone on with, or back.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use unitgen::{
    apply::{
        Event, Host, Outcome, Run, Target,
        accounts::accounts,
        endpoints,
        holding::Holding,
        hours::Hours,
        permission::{Permission, Waivers, permit},
        programs::returning,
    },
    generations::{Image, Journal, Origin, Record, Store},
    plan::{self, Found, ManifestOf, Plan, Running, Wanted, observe, orders},
};

use super::{
    host::Told,
    place::{AVWAP, Place, tree},
};

pub const EXECUTION: &str = "execution.service";
pub const NONE: Waivers = Waivers { during_session: false, keep_running: false };
pub const ALL: Waivers = Waivers { during_session: true, keep_running: true };
pub const DURING: Waivers = Waivers { during_session: true, keep_running: false };

pub fn held() -> Holding {
    Holding::Held("1 positions (AAPL)".to_owned())
}

pub fn wanted(place: &Place, manifest: &str) -> Wanted {
    let manifest = place.of(manifest);
    let image = Image::of(&tree(&manifest), &place.installation, "avwap", manifest.as_bytes());
    of_image(place, image, &manifest)
}

fn of_image(place: &Place, image: Image, manifest: &str) -> Wanted {
    Wanted {
        deployment: "avwap".to_owned(),
        manifest: ManifestOf {
            path: "m.toml".to_owned(),
            digest: String::new(),
            text: manifest.to_owned(),
            programs: None,
        },
        root: place.folder.path().display().to_string(),
        installation: place.installation.clone(),
        orders: orders::of_image(&image, "avwap"),
        image,
    }
}

pub fn store(place: &Place) -> Store {
    Store::of(place.folder.path(), &place.installation, "avwap")
}

pub fn record(place: &Place, number: u64) -> Record {
    store(place).record(number).unwrap()
}

fn look(place: &Place, host: &Told, wanted: &Wanted) -> Found {
    let root = place.folder.path();
    let programs = ["desk", "execution", "gate", "scanner"].map(|name| format!("/usr/lib/portcullis/bin/{name}"));
    let mut found: Found = observe::observe(root, wanted, &programs).unwrap();
    let is_active = host.is_active("avwap.target");
    let needs_reload = !wanted.image.unit_names().all(|unit| host.is_loaded(&unit));
    found.running = Some(Running { is_active, needs_reload, resting: Vec::new() });
    found.ledgers = observe::ledgers_of(root, &accounts(&[&wanted.image], &wanted.installation));
    found.who = "a test".to_owned();
    found
}

/// What is done with a deployment, and everything that was told.
pub struct Doing<'a> {
    pub place: &'a Place,
    pub host: &'a Told,
    pub waivers: Waivers,
    pub told: RefCell<Vec<Event>>,
    store: Store,
}

impl<'a> Doing<'a> {
    pub fn new(place: &'a Place, host: &'a Told, waivers: Waivers) -> Self {
        Self { place, host, waivers, told: RefCell::default(), store: store(place) }
    }

    fn with<T>(&self, wanted: &Wanted, found: &Found, run: impl FnOnce(&Run<'_>) -> T) -> T {
        let current = found.base();
        let accounts = accounts(&[&found.installed, &wanted.image, &current], &wanted.installation);
        let tell = |event: &Event| {
            self.told.borrow_mut().push(event.clone());
            self.host.called();
        };
        run(&Run {
            root: self.place.folder.path(),
            installation: &wanted.installation,
            store: &self.store,
            host: Some(self.host),
            tell: &tell,
            deployment: "avwap",
            accounts: &accounts,
            orders: &orders::orders(wanted, found),
            endpoints: &endpoints::of_image(&wanted.image, "avwap"),
            bound: Duration::from_secs(20),
        })
    }

    /// What is under way; what is over is closed.
    fn journal(&self) -> Option<Journal> {
        let journal = self.store.journal().unwrap()?;
        if journal.is_over() {
            self.store.close(&journal).unwrap();
            return None;
        }
        Some(journal)
    }

    pub fn recover(&self, journal: &Journal) -> Result<(), Vec<String>> {
        let to = self.store.read(journal.to).unwrap();
        let wanted = of_image(self.place, to.image, "");
        let found = look(self.place, self.host, &wanted);
        self.with(&wanted, &found, |run| run.recover(journal, &found, None))
    }

    fn permit(&self, plan: &Plan, wanted: &Wanted) -> Permission {
        let accounts = accounts(&[&wanted.image], &wanted.installation);
        permit(&plan.nature(), self.waivers, &self.host.holding(&accounts[0]), &Hours::Off)
    }

    pub fn apply(&self, manifest: &str) -> Result<Outcome, Permission> {
        let wanted = wanted(self.place, manifest);
        let same = format!("plan of {}", unitgen_digest(manifest));
        let journal = self.journal();
        let resumed = journal.as_ref().filter(|journal| journal.plan == same);
        if let (Some(journal), None) = (&journal, resumed)
            && let Err(wrong) = self.recover(journal)
        {
            return Ok(Outcome::Halfway(wrong));
        }
        let found = look(self.place, self.host, &wanted);
        let plan = plan::make(&wanted, &found).gone_on_with(resumed);
        if plan.is_empty() && resumed.is_none() {
            return Ok(Outcome::Done(found.current.as_ref().map_or(0, |current| current.number)));
        }
        let permission = self.permit(&plan, &wanted);
        if matches!(permission, Permission::Refused(_)) {
            return Err(permission);
        }
        let target = Target {
            generation: plan.from.filter(|_| plan.only_restores).ok_or_else(|| self.new_record(&found, &same)),
            image: wanted.image.clone(),
            programs: BTreeMap::new(),
            stay: None,
            other_programs: found.other_programs(),
            plan: same,
            left: plan.meaning.left.clone(),
        };
        Ok(self.with(&wanted, &found, |run| run.lay(&target, &found, &permission, resumed)).unwrap())
    }

    pub fn rollback(&self, to: u64) -> Result<Outcome, Permission> {
        if let Some(journal) = self.journal() {
            return Ok(match self.recover(&journal) {
                Ok(()) => Outcome::Done(journal.from.unwrap_or(0)),
                Err(wrong) => Outcome::Halfway(wrong),
            });
        }
        let generation = self.store.read(to).unwrap();
        let wanted = of_image(self.place, generation.image.clone(), generation.image.manifest("avwap").unwrap());
        let found = look(self.place, self.host, &wanted);
        let plan = plan::make(&wanted, &found);
        let permission = self.permit(&plan, &wanted);
        if matches!(permission, Permission::Refused(_)) {
            return Err(permission);
        }
        let then = &generation.record;
        let back = returning(then, &found.programs, &found.ledgers, |mark| self.store.has_program(mark));
        let target = Target {
            generation: Ok(to),
            image: wanted.image.clone(),
            other_programs: back.programs.keys().cloned().chain(found.other_programs()).collect(),
            programs: back.programs,
            stay: back.stay,
            plan: String::new(),
            left: plan.meaning.left.clone(),
        };
        Ok(self.with(&wanted, &found, |run| run.lay(&target, &found, &permission, None)).unwrap())
    }

    fn new_record(&self, found: &Found, plan: &str) -> Record {
        Record {
            schema_version: 1,
            deployment: "avwap".to_owned(),
            origin: Origin::Apply,
            unitgen: String::new(),
            made_at: None,
            made_by: found.who.clone(),
            manifest: String::new(),
            plan: plan.to_owned(),
            programs: found.programs.clone(),
            ledgers: found.ledgers.clone(),
            files: BTreeMap::new(),
            is_well: false,
            failed: None,
        }
    }

    pub fn says(&self, event: &str, words: &str) -> bool {
        self.told.borrow().iter().any(|told| told.event == event && told.says.contains(words))
    }
}

fn unitgen_digest(manifest: &str) -> String {
    tree(manifest).iter().map(|(path, content)| format!("{path}{}", content.len())).collect::<String>() + manifest
}

/// Looked at, planned, permitted and laid; what came of it, and what was told.
pub fn lay(place: &Place, host: &Told, manifest: &str, waivers: Waivers) -> Result<(Outcome, Vec<Event>), Permission> {
    let doing = Doing::new(place, host, waivers);
    let outcome = doing.apply(manifest)?;
    Ok((outcome, doing.told.into_inner()))
}

/// A host on which the shipped manifest is laid and runs.
pub fn running() -> (Place, Told) {
    running_on(Place::new())
}

pub fn running_on(place: Place) -> (Place, Told) {
    let host = Told::on(&place);
    assert_eq!(lay(&place, &host, AVWAP, NONE).unwrap().0, Outcome::Done(1));
    host.asked.borrow_mut().clear();
    (place, host)
}

/// A ledger of a schema, where the deployment has its own.
pub fn ledger(place: &Place, schema: u32) {
    let mut page = vec![0_u8; 512];
    page[60..64].copy_from_slice(&schema.to_be_bytes());
    page[68..72].copy_from_slice(b"PCLS");
    std::fs::create_dir_all(place.path("var/lib/avwap/data")).unwrap();
    std::fs::write(place.path("var/lib/avwap/data/execution_v2.sqlite"), page).unwrap();
}

/// The next release of a program, as a package lays it.
pub fn release(place: &Place, program: &str, text: &str) {
    let path = format!("usr/lib/portcullis/bin/{program}");
    std::fs::remove_file(place.path(&path)).unwrap();
    place.write(&path, text, 0o755);
}
