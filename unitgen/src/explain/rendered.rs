//! Everything that is rendered of a deployment, line by line, and what of the manifest each file belongs to.

use std::collections::BTreeMap;

use manifest::{Deployment, Work};

use crate::{
    Tree, accounts,
    rules::{Dialect, Element, Line, read},
    systemd,
    targets::{self, Refused, Target},
};

const SYSUSERS: &str = "sysusers.d";
const TMPFILES: &str = "tmpfiles.d";

/// Rendered files with their directives.
#[derive(Debug)]
pub struct Rendered {
    deployment: String,
    elements: BTreeMap<String, Element>,
    texts: BTreeMap<String, String>,
    lines: Vec<Line>,
}

impl Rendered {
    /// All of a deployment for systemd: units, sysusers.d and tmpfiles.d.
    #[must_use]
    pub fn of(deployment: &Deployment, manifest: &[u8], digest: &str) -> Self {
        Self::of_units(deployment, manifest, digest, &systemd::render(deployment, manifest, digest))
    }

    /// All of a deployment for a target whose files have directives: not for NixOS, whose module is a program.
    ///
    /// # Errors
    /// When the target cannot run it.
    pub fn of_target(target: Target, deployment: &Deployment, manifest: &[u8], digest: &str) -> Result<Self, Refused> {
        let units = targets::render(target, deployment, manifest, digest)?;
        Ok(Self::of_units(deployment, manifest, digest, &units.tree))
    }

    fn of_units(deployment: &Deployment, manifest: &[u8], digest: &str, units: &Tree) -> Self {
        let services = deployment.services().map(|service| (service.name().to_string(), Element::Service));
        let jobs = deployment.jobs().map(|job| {
            let element = match job.work() {
                Work::Run(_) => Element::Run,
                Work::Restart(_) => Element::Restart,
            };
            (job.name().to_string(), element)
        });
        let mut rendered = Self {
            deployment: deployment.name().to_string(),
            elements: services.chain(jobs).collect(),
            texts: BTreeMap::new(),
            lines: Vec::new(),
        };
        rendered.add("", Dialect::Sections, units);
        for (kind, tree) in [
            (SYSUSERS, accounts::sysusers(deployment, digest)),
            (TMPFILES, accounts::tmpfiles(deployment, manifest, digest)),
        ] {
            rendered.add(&format!("{kind}/"), Dialect::Columns(kind), &tree);
        }
        rendered
    }

    fn add(&mut self, folder: &str, dialect: Dialect, tree: &Tree) {
        for (path, content) in tree.iter().filter(|(path, _)| !path.ends_with(".toml")) {
            let file = format!("{folder}{path}");
            let text = String::from_utf8_lossy(content).into_owned();
            self.lines.extend(read(&file, &text, dialect));
            self.texts.insert(file, text);
        }
    }

    /// Every directive: a unit's own, then those of its drop-ins.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, file: &str) -> &str {
        self.texts.get(file).map_or("", String::as_str)
    }

    /// Every unit, and every file that is none, by name.
    #[must_use]
    pub fn units(&self) -> Vec<&str> {
        let mut units: Vec<&str> = self.lines.iter().map(|line| self.unit_of(line)).collect();
        units.sort_unstable();
        units.dedup();
        units
    }

    /// The unit that a line is of, when it stands in a drop-in too. A file that is no unit has its whole path for a name.
    #[must_use]
    pub fn unit_of<'l>(&self, line: &'l Line) -> &'l str {
        let is_unit = line.section != SYSUSERS && line.section != TMPFILES;
        let Some((folder, name)) = line.file.rsplit_once('/').filter(|_| is_unit) else { return &line.file };
        folder.rsplit('/').next().and_then(|folder| folder.strip_suffix(".d")).unwrap_or(name)
    }

    /// The name of the service, job or deployment that a line's unit belongs to.
    #[must_use]
    pub fn name_of<'l>(&'l self, line: &'l Line) -> &'l str {
        let stem = self.unit_of(line).split('.').next().unwrap_or_default();
        if self.elements.contains_key(stem) { stem } else { &self.deployment }
    }

    /// What of the manifest a line's unit belongs to. A target is the deployment's, whatever a job is called.
    #[must_use]
    pub fn element_of(&self, line: &Line) -> Element {
        let unit = self.unit_of(line);
        let of_the_deployment = unit.ends_with(".target") || line.section == SYSUSERS || line.section == TMPFILES;
        let known = self.elements.get(self.name_of(line)).copied().filter(|_| !of_the_deployment);
        known.unwrap_or(Element::Deployment)
    }
}
