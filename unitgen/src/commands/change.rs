//! What `apply` and `rollback` do alike: a deployment on a host, locked, gone back with where something was interrupted,
//! permitted, changed.

use std::{cell::Cell, path::Path};

use contract::ExitCode;
use manifest::Deployment;

use super::{
    colour_of_output, say,
    site::{self, ChangeArgs},
    tell,
};
use crate::{
    apply::{Account, Event, Host, Outcome, Real, Run, Target, accounts::accounts, endpoints, permission::Permission},
    generations::{Generation, Image, Journal, Lock, Store, StoreError},
    ink::Ink,
    installation::Installation,
    plan::{Found, ManifestOf, Plan, Wanted, orders},
};

/// A deployment on a host that is to be changed.
pub(super) struct Change<'a> {
    args: &'a ChangeArgs,
    root: &'a Path,
    installation: &'a Installation,
    deployment: &'a str,
    pub store: Store,
    host: Option<Real>,
    /// Whether something was gone back with before: then something has changed, however this ends.
    has_recovered: Cell<bool>,
    /// Whether a rollback that lacked only its last word was found.
    has_closed: Cell<bool>,
}

impl<'a> Change<'a> {
    pub(super) fn of(
        args: &'a ChangeArgs,
        root: &'a Path,
        installation: &'a Installation,
        deployment: &'a str,
    ) -> Self {
        let (store, host) = (Store::of(root, installation, deployment), site::host_of(root, installation));
        Self {
            args,
            root,
            installation,
            deployment,
            store,
            host,
            has_recovered: Cell::new(false),
            has_closed: Cell::new(false),
        }
    }

    pub(super) fn host(&self) -> Option<&dyn Host> {
        self.host.as_ref().map(|host| host as &dyn Host)
    }

    /// The lock; none where nothing is changed.
    pub(super) fn lock(&self) -> Result<Option<Lock>, ExitCode> {
        if self.args.dry_run {
            return Ok(None);
        }
        self.store.lock().map(Some).map_err(|error| site::cannot_keep(&error))
    }

    /// What is under way. One that only lacked its last word is over.
    pub(super) fn journal(&self) -> Result<Option<Journal>, ExitCode> {
        let failed = |error: StoreError| site::cannot_keep(&error);
        let journal = self.store.journal().map_err(failed)?;
        match journal {
            Some(journal) if journal.is_over() => {
                if !self.args.dry_run {
                    self.store.close(&journal).map_err(failed)?;
                    let says = "it was laid and well, and is recorded now";
                    self.args.event(&Event::new("recorded", says).generation(journal.to));
                    self.has_closed.set(journal.plan.is_empty());
                }
                Ok(None)
            }
            other => Ok(other),
        }
    }

    /// Whether a rollback ended by being recorded: the same again would be one more.
    pub(super) fn has_closed_a_rollback(&self) -> bool {
        self.has_closed.get()
    }

    /// Goes back to where something began that was interrupted.
    pub(super) fn recover(&self, journal: &Journal) -> Result<(), ExitCode> {
        if self.args.dry_run {
            let to =
                journal.from.map_or("what was there before, nothing".to_owned(), |from| format!("generation {from}"));
            let says = format!("what {} began was interrupted; this would go back to {to} first", journal.by);
            self.args.event(&Event::new("interrupted", says));
            return Ok(());
        }
        let to = self.store.read(journal.to).map_err(|error| site::cannot_keep(&error))?;
        let wanted = self.wanted(&to);
        let found = site::look(self.root, &wanted, self.host())?;
        let before = journal.from.and_then(|number| self.store.read(number).ok());
        let before = before.map(|before| before.image).unwrap_or_default();
        let accounts = self.accounts(&[&found.installed, &wanted.image, &before]);
        let mut placing = orders::orders(&wanted, &found);
        placing.extend(orders::of_image(&before, self.deployment));
        let tell = |event: &Event| self.args.event(event);
        let run = Run { accounts: &accounts, orders: &placing, ..self.run(&tell) };
        let keep_orders = self.args.waivers().keep_running.then_some("--keep-running");
        run.recover(journal, &found, keep_orders).map_err(|wrong| self.end(&Outcome::Halfway(wrong)))?;
        self.has_recovered.set(true);
        Ok(())
    }

    /// What a generation wants of a host: its files as they are kept, whatever this unitgen would render.
    pub(super) fn wanted(&self, generation: &Generation) -> Wanted {
        Wanted {
            deployment: self.deployment.to_owned(),
            manifest: ManifestOf {
                path: format!("generation {}", generation.number),
                digest: generation.record.manifest.clone(),
                text: generation.image.manifest(self.deployment).unwrap_or_default().to_owned(),
                programs: None,
            },
            root: self.root.display().to_string(),
            installation: self.installation.clone().for_target(generation.image.target()),
            orders: orders::of_image(&generation.image, self.deployment),
            image: generation.image.clone(),
        }
    }

    /// Whether it may be done now; nothing where it is only asked for, and may.
    pub(super) fn permit(&self, plan: &Plan, wanted: &Wanted, found: &Found) -> Result<Option<Permission>, ExitCode> {
        let accounts = self.accounts(&[&found.installed, &wanted.image, &found.base()]);
        let manifest = |image: &Image| endpoints::manifest_of(image, self.deployment);
        let deployments = [manifest(&wanted.image), manifest(&found.installed)];
        let deployments: Vec<&Deployment> = deployments.iter().flatten().collect();
        let permission = site::ask(plan, self.args.waivers(), self.host(), &accounts, &deployments);
        if self.args.dry_run {
            return self.answer(plan, &permission).map(|()| None);
        }
        match permission {
            Permission::Refused(refusals) => Err(self.args.refuse(&refusals)),
            Permission::WithoutOrders(_) | Permission::Granted => Ok(Some(permission)),
        }
    }

    /// The answer to `--dry-run`: the plan, and whether it may be.
    fn answer(&self, plan: &Plan, permission: &Permission) -> Result<(), ExitCode> {
        let refusals = match permission {
            Permission::Refused(refusals) => refusals.as_slice(),
            Permission::WithoutOrders(_) | Permission::Granted => &[],
        };
        if self.args.json {
            let refusal = |refusal: &crate::apply::permission::Refusal| serde_json::json!({"code": refusal.code, "says": refusal.says, "remedy": refusal.remedy});
            let refused: Vec<_> = refusals.iter().map(refusal).collect();
            let answer = serde_json::json!({
                "schema_version": 1, "event": "dry-run", "may": refused.is_empty(), "refusals": refused, "plan": plan,
                "says": if refused.is_empty() { "it may be done now" } else { "it may not be done now" },
            });
            say(&format!("{answer}\n"));
            return if refusals.is_empty() { Ok(()) } else { Err(ExitCode::GateRefused) };
        }
        say(&plan.to_text(Ink(colour_of_output())));
        if !refusals.is_empty() {
            return Err(self.args.refuse(refusals));
        }
        say("it may be done now; nothing was changed\n");
        Ok(())
    }

    /// Lays a target.
    pub(super) fn lay(
        &self,
        wanted: &Wanted,
        found: &Found,
        target: &Target,
        permission: &Permission,
        resumed: Option<&Journal>,
    ) -> Result<ExitCode, ExitCode> {
        let accounts = self.accounts(&[&found.installed, &wanted.image, &found.base()]);
        let placing = orders::orders(wanted, found);
        let endpoints = endpoints::of_image(&wanted.image, self.deployment);
        let tell = |event: &Event| self.args.event(event);
        let run = Run { accounts: &accounts, orders: &placing, endpoints: &endpoints, ..self.run(&tell) };
        let outcome = run.lay(target, found, permission, resumed).map_err(|error| site::cannot_keep(&error))?;
        Ok(self.end(&outcome))
    }

    fn accounts(&self, images: &[&Image]) -> Vec<Account> {
        accounts(images, self.installation)
    }

    fn run<'b>(&'b self, tell: &'b dyn Fn(&Event)) -> Run<'b> {
        const NO_ORDERS: &std::collections::BTreeSet<String> = &std::collections::BTreeSet::new();
        Run {
            root: self.root,
            installation: self.installation,
            store: &self.store,
            host: self.host(),
            tell,
            deployment: self.deployment,
            accounts: &[],
            orders: NO_ORDERS,
            endpoints: &[],
            bound: self.args.bound(),
        }
    }

    /// Says how it ended.
    fn end(&self, outcome: &Outcome) -> ExitCode {
        let nothing = if self.has_recovered.get() { "nothing else has changed" } else { "nothing has changed" };
        let (code, event, says) = match outcome {
            Outcome::Done(_) => return ExitCode::Ok,
            Outcome::Refused(why) => (ExitCode::GateRefused, "refused", format!("{why}\n  {nothing}")),
            Outcome::Unchanged(why) => (ExitCode::CannotWrite, "unchanged", format!("{why}\n  {nothing}")),
            Outcome::WentBack(why) => {
                (ExitCode::Unexpected, "went-back", format!("{why}\n  what was laid before is laid again, and is well"))
            }
            Outcome::Unrecorded(number, why) => {
                let says = format!(
                    "generation {number} is laid and well, but that cannot be recorded: {why}\n  help: make room, then do the same again"
                );
                (ExitCode::Halfway, "unrecorded", says)
            }
            Outcome::Halfway(wrong) => {
                let journal = self.store.folder().join("apply.state");
                let help = format!(
                    "{}\n  neither the new units nor those before are whole and well.\n  help: mend what is said above, then `unitgen rollback` \
                     goes back to where this began ({} says where); what is held keeps its stops at the broker meanwhile",
                    wrong.join("\n  "),
                    journal.display()
                );
                (ExitCode::Halfway, "halfway", help)
            }
        };
        if self.args.json {
            self.args.event(&Event::new(event, says.replace("\n  ", "; ")));
        } else {
            tell(&format!("{event}: {says}\n"));
        }
        code
    }
}
