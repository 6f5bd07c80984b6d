//! What starts what, as a graph: timers with their schedules, what follows on success, restarts, and the gates between.
//!
//! Pure, and read off the rendered units, so what is drawn is what systemd gets. The same units draw the same bytes.
//! [`dot`] and [`mermaid`] write it.

pub mod dot;
pub mod mermaid;

use std::collections::{BTreeMap, BTreeSet};

use manifest::Document;
use serde::Serialize;

use crate::{explain::Rendered, problems::SCHEMA_VERSION, rules::Line};

/// The most characters of a command line that a label has.
const COMMAND_MAX: usize = 48;

/// Nodes and edges, in the order in which they are drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Graph {
    /// The deployment.
    pub name: String,
    /// Units and gates.
    pub nodes: Vec<Node>,
    /// What starts, stops or waits for what.
    pub edges: Vec<Edge>,
}

/// A unit or a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name: that of its unit, of a gate with `?` behind it.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What else is told of it, line by line.
    pub says: Vec<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A unit of systemd's own.
    Outside,
    /// The deployment's target.
    Target,
    /// A timer.
    Timer,
    /// What must pass before a unit runs.
    Gate,
    /// A unit that runs something.
    Service,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// What it is.
    pub kind: Link,
    /// When, or why; empty when the kind says it all.
    pub label: String,
}

/// What an arrow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Starts it.
    Starts,
    /// Lets it through.
    Passes,
    /// Stops it.
    Stops,
    /// Waits until it has started.
    After,
}

impl Graph {
    /// The graph of rendered units. The manifest's document tells the names of gates.
    #[must_use]
    pub fn of(name: &str, rendered: &Rendered, document: &Document<'_>) -> Self {
        let mut units: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in rendered.lines().iter().filter(|line| !line.file.contains('/')) {
            units.entry(line.file.as_str()).or_default().push(line);
        }
        let mut graph = Self { name: name.to_owned(), nodes: Vec::new(), edges: Vec::new() };
        for (unit, lines) in &units {
            graph.add_unit(unit, lines, document);
        }
        let known: BTreeSet<&str> = units.keys().copied().collect();
        for (unit, lines) in &units {
            graph.add_links(unit, lines, &known);
        }
        graph.nodes.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        graph.nodes.dedup();
        graph.edges.sort_by(|a, b| (&a.from, &a.to, a.kind, &a.label).cmp(&(&b.from, &b.to, b.kind, &b.label)));
        graph.edges.dedup();
        graph
    }

    /// As one line of JSON.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Versioned<'a> {
            schema_version: u32,
            #[serde(flatten)]
            graph: &'a Graph,
        }
        let versioned = Versioned { schema_version: SCHEMA_VERSION, graph: self };
        serde_json::to_string(&versioned).expect("texts and numbers are always JSON")
    }

    fn add_unit(&mut self, unit: &str, lines: &[&Line], document: &Document<'_>) {
        let kind = match unit.rsplit_once('.').map(|(_, kind)| kind) {
            Some("target") => Kind::Target,
            Some("timer") => Kind::Timer,
            Some(_) | None => Kind::Service,
        };
        let restarts = values(lines, "Conflicts").next();
        let says = match (kind, restarts, values(lines, "ExecStart").next()) {
            (Kind::Service, Some(service), _) => vec![format!("restarts {service}")],
            (Kind::Service, None, Some(command)) => vec![shortened(command)],
            (Kind::Service | Kind::Target | Kind::Timer | Kind::Gate | Kind::Outside, _, _) => Vec::new(),
        };
        self.nodes.push(Node { id: unit.to_owned(), kind, says });
        if let Some(says) = gate(unit, lines, document) {
            let id = gate_of(unit);
            self.edges.push(Edge {
                from: id.clone(),
                to: unit.to_owned(),
                kind: Link::Passes,
                label: "passes".to_owned(),
            });
            self.nodes.push(Node { id, kind: Kind::Gate, says });
        }
    }

    fn add_links(&mut self, unit: &str, lines: &[&Line], known: &BTreeSet<&str>) {
        let mut add = |from: &str, to: &str, kind: Link, label: &str| {
            let edge = Edge { from: from.to_owned(), to: to.to_owned(), kind, label: label.to_owned() };
            self.edges.push(edge);
        };
        for target in values(lines, "WantedBy") {
            add(target, unit, Link::Starts, "at boot");
        }
        let ours = |name: &&str| known.contains(name);
        for started in values(lines, "Wants").filter(ours) {
            add(unit, started, Link::Starts, "");
        }
        for (key, label) in [("OnSuccess", "on success"), ("OnFailure", "on failure")] {
            for started in values(lines, key).filter(ours) {
                add(unit, started, Link::Starts, label);
            }
        }
        let stopped: Vec<&str> = values(lines, "Conflicts").filter(ours).collect();
        for service in &stopped {
            add(unit, service, Link::Stops, "stops first");
        }
        for before in values(lines, "After").filter(ours).filter(|before| !stopped.contains(before)) {
            add(unit, before, Link::After, "after");
        }
        if let Some(started) = values(lines, "Unit").next() {
            let schedules = values_whole(lines, "OnCalendar").map(readable).collect::<Vec<_>>().join(", ");
            add(unit, started, Link::Starts, &schedules);
        }
        for target in values(lines, "WantedBy") {
            self.nodes.push(Node { id: target.to_owned(), kind: Kind::Outside, says: Vec::new() });
        }
        let gated: BTreeSet<String> =
            self.nodes.iter().filter(|node| node.kind == Kind::Gate).map(|node| node.id.clone()).collect();
        for edge in self.edges.iter_mut().filter(|edge| edge.kind == Link::Starts) {
            let gate = gate_of(&edge.to);
            if gated.contains(&gate) {
                edge.to = gate;
            }
        }
    }
}

/// What the gate in front of a unit asks, if it has one.
fn gate(unit: &str, lines: &[&Line], document: &Document<'_>) -> Option<Vec<String>> {
    let name = unit.rsplit_once('.').map_or(unit, |(name, _)| name);
    if let Some(command) = values_whole(lines, "ExecCondition").find(|command| !command.is_empty()) {
        let gates = document.texts(&["services", name, "gates"]);
        return Some(if gates.is_empty() {
            vec![shortened(command)]
        } else {
            gates.into_iter().map(str::to_owned).collect()
        });
    }
    let command = values_whole(lines, "ExecStartPre").find(|command| command.contains(" late-start "))?;
    let seconds: u64 = command.rsplit_once("--at-most-seconds ")?.1.trim().parse().ok()?;
    Some(vec![format!("at most {} min late", seconds / 60)])
}

fn gate_of(unit: &str) -> String {
    format!("{unit}?")
}

/// The words of a unit's lists.
fn values<'a>(lines: &'a [&'a Line], key: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = matches!(key, "ExecStart");
    values_whole(lines, key).flat_map(move |value| if whole { vec![value] } else { value.split_whitespace().collect() })
}

fn values_whole<'a>(lines: &'a [&'a Line], key: &'a str) -> impl Iterator<Item = &'a str> {
    lines.iter().filter(move |line| line.key == key).map(|line| line.value.as_str())
}

/// A calendar expression without what every one has: any date, and no seconds.
fn readable(expression: &str) -> String {
    let words = expression.split_whitespace().filter(|word| *word != "*-*-*");
    let words = words.map(|word| word.strip_suffix(":00").filter(|time| time.contains(':')).unwrap_or(word));
    words.collect::<Vec<_>>().join(" ")
}

/// A command line without its directory.
fn shortened(command: &str) -> String {
    let (path, arguments) = command.split_once(' ').unwrap_or((command, ""));
    let program = path.rsplit('/').next().unwrap_or(path);
    let whole = format!("{program} {arguments}");
    let mut short: String = whole.trim_end().chars().take(COMMAND_MAX).collect();
    if short.len() < whole.trim_end().len() {
        short.push('…');
    }
    short
}
