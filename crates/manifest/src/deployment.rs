//! The whole: what the elements of a manifest add up to.

use std::collections::BTreeMap;

use crate::{
    SCHEMA,
    fields::{Fields, Later},
    host::{self, Host},
    identity::Identity,
    job::{self, Job},
    links::{self, Declared},
    name::Name,
    paths::{self, Paths},
    problem::{Code, Problems, Refusal},
    release::{self, Release},
    scope::Scope,
    secrets,
    service::{self, Service, read_name},
    wiring::Wiring,
    zone::Zone,
};

pub(crate) const LATER: Later = &[];

/// A checked deployment. Only [`crate::read`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    name: Name,
    zone: Zone,
    scope: Scope,
    host: Host,
    identity: Identity,
    paths: Paths,
    release: Release,
    services: BTreeMap<Name, Service>,
    jobs: BTreeMap<Name, Job>,
}

impl Deployment {
    /// Reads the manifest's top level; `None` when a problem leaves no deployment.
    pub(crate) fn read(mut fields: Fields<'_>, wiring: &mut Wiring, problems: &mut Problems) -> Option<Self> {
        read_schema(&mut fields, problems)?;
        let name = fields.required("name", "\"avwap\"", problems, Name::parse_deployment);
        if let Some(zone) = fields.required("timezone", "\"America/New_York\"", problems, Zone::parse) {
            wiring.zone = zone.into_inner();
        }
        let scope = fields.required("scope", "\"system\"", problems, Scope::parse);
        wiring.scope = scope.map_or(Scope::System, toml::Spanned::into_inner);
        fields.required("environment", "\"staging\"", problems, check_environment);
        let host = Host::read(fields.table("host", host::LATER, problems), problems);
        let identity = match fields.table("identity", &[], problems) {
            Some(fields) => Identity::read(fields, wiring.scope, problems),
            None => {
                fields.require("identity", "{ user = \"trading\" }", problems);
                None
            }
        };
        let fallback = Name::parse("deployment").expect("a constant name");
        let named = name.as_ref().map_or(&fallback, |name| name.get_ref());
        let paths = Paths::read(fields.table("paths", paths::LATER, problems), named, wiring.scope, problems);
        let release = Release::read(fields.table("release", release::LATER, problems), problems);
        check_containers(&host, &release, problems);
        let (services, jobs) = read_units(&mut fields, wiring, problems);
        fields.finish(problems);
        let (zone, scope) = (wiring.zone.clone(), wiring.scope);
        Some(Self { name: name?.into_inner(), zone, scope, host, identity: identity?, paths, release, services, jobs })
    }

    /// The deployment's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The zone of every schedule that names no other.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whose manager runs its units.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What its units may rely on.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whom its units run as.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it keeps what it writes.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Where its programs are.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The same with its programs elsewhere, where a package put them.
    #[must_use]
    pub fn with_release(self, release: Release) -> Self {
        Self { release: self.release.with_programs_of(release), ..self }
    }

    /// Its services, by name.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// The service of that name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// The one service that may open positions, if there is one.
    #[must_use]
    pub fn trader(&self) -> Option<&Service> {
        self.services.values().find(|service| service.role().opens_positions())
    }

    /// Its jobs, by name.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }
}

/// Secrets, services, jobs, and the links between them.
fn read_units(
    fields: &mut Fields<'_>,
    wiring: &mut Wiring,
    problems: &mut Problems,
) -> (BTreeMap<Name, Service>, BTreeMap<Name, Job>) {
    let mut group_spans = BTreeMap::new();
    for (name, group) in fields.tables("secrets", secrets::LATER, problems) {
        secrets::read(&name, group, wiring.scope, &mut wiring.groups, problems);
        group_spans.insert(name.get_ref().to_string(), name.span());
    }
    let mut declared = Declared::default();
    let mut services = BTreeMap::new();
    for (name, service) in fields.tables("services", service::LATER, problems) {
        declared.services.insert(name.get_ref().to_string());
        let name = read_name(&name, problems);
        if let Some(service) = Service::read(name, service, wiring, problems) {
            services.insert(service.name().clone(), service);
        }
    }
    let mut jobs = BTreeMap::new();
    for (name, job) in fields.tables("jobs", job::LATER, problems) {
        declared.jobs.insert(name.get_ref().to_string());
        let name = read_name(&name, problems);
        if let Some(job) = Job::read(name, job, wiring, problems) {
            jobs.insert(job.name().clone(), job);
        }
    }
    if declared.services.is_empty() && declared.jobs.is_empty() {
        let refusal = Refusal::new(Code::MissingKey, "the manifest has no service and no job");
        problems.error(fields.span(), refusal.hint("write [services.execution] and [jobs.scan]"));
    }
    for (name, span) in
        group_spans.into_iter().filter(|(name, _)| !wiring.used.iter().any(|used| used.as_str() == name))
    {
        problems.warning(span, Refusal::new(Code::Unused, format!("nothing uses [secrets.{name}]")));
    }
    links::check(&services, &jobs, &declared, problems);
    (services, jobs)
}

/// An image is of no use to a host without podman, and podman of none without an image.
fn check_containers(host: &Host, release: &Release, problems: &mut Problems) {
    let (span, message, hint) = match (host.podman_span(), release.image_span()) {
        (Some(span), None) => {
            (span, "containers have no image", "write `image = \"...@sha256:...\"` in [release], or remove `podman`")
        }
        (None, Some(span)) => {
            (span, "nothing says which podman runs this image", "write `podman = \"5.4\"` in [host], or remove `image`")
        }
        (None, None) | (Some(_), Some(_)) => return,
    };
    problems.error(span, Refusal::new(Code::MissingKey, message).hint(hint));
}

/// `None` for another version of the language: nothing else in the file can be judged then.
fn read_schema(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<()> {
    fields.require("schema", "1", problems);
    let Some(schema) = fields.integer("schema", problems) else { return Some(()) };
    if *schema.get_ref() == SCHEMA {
        return Some(());
    }
    let message =
        format!("schema {} is another version of the language; this release reads {SCHEMA}", schema.get_ref());
    problems.error(
        schema.span(),
        Refusal::new(Code::Schema, message).hint("write `schema = 1`, or use the release it was written for"),
    );
    None
}

fn check_environment(text: &str) -> Result<(), Refusal> {
    match text {
        "staging" => Ok(()),
        "prod" => {
            Err(Refusal::new(Code::NotInThisRelease, "prod demands signed releases, which this release cannot check")
                .hint("write `environment = \"staging\"`"))
        }
        _ => Err(Refusal::bad_value(format!("`environment` is \"staging\" or \"prod\", not {text:?}"))),
    }
}
