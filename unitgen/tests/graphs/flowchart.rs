//! A reader of Mermaid's flowcharts, as far as its documentation describes what we write, and no further: whatever else stands
//! there is refused. Source: mermaid.js.org, "Flowcharts - Basic Syntax".

use std::collections::{BTreeMap, BTreeSet};

/// Words that the language keeps for itself; `end` as a name breaks a chart.
const WORDS: [&str; 14] = [
    "call",
    "class",
    "classDef",
    "click",
    "default",
    "direction",
    "end",
    "flowchart",
    "graph",
    "href",
    "interpolate",
    "linkStyle",
    "style",
    "subgraph",
];
const SHAPES: [(&str, &str); 5] = [("([", "])"), ("[/", "/]"), ("[", "]"), ("(", ")"), ("{", "}")];
const ARROWS: [&str; 2] = ["-->", "-.->"];
const ENTITIES: [(&str, char); 4] = [("quot", '"'), ("amp", '&'), ("lt", '<'), ("gt", '>')];

/// What a chart says.
#[derive(Debug, Default)]
pub struct Chart {
    /// The lines of each node's label, as a reader sees them.
    pub nodes: BTreeMap<String, Vec<String>>,
    /// From, arrow, label, to.
    pub edges: Vec<(String, String, String, String)>,
}

impl Chart {
    /// Reads a chart to its end.
    pub fn read(text: &str) -> Result<Self, String> {
        let (mut chart, mut classes, mut classed) = (Self::default(), BTreeSet::new(), BTreeSet::new());
        let mut lines = text.split_inclusive('\n');
        if lines.next() != Some("flowchart LR\n") {
            return Err("it begins with no direction".to_owned());
        }
        for line in lines {
            let refused = |why: &str| format!("{why}: {line:?}");
            let line = line.strip_suffix('\n').and_then(|line| line.strip_prefix("  "));
            let line = line.ok_or_else(|| refused("a line without its blanks or its end"))?;
            if let Some(rest) = line.strip_prefix("classDef ") {
                let (name, style) = rest.split_once(' ').ok_or_else(|| refused("a class without a style"))?;
                let is_style =
                    |pair: &str| pair.split_once(':').is_some_and(|(key, value)| is_plain(key) && is_plain(value));
                if !style.split(',').all(is_style) {
                    return Err(refused("no style"));
                }
                classes.insert(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("class ") {
                let (nodes, class) = rest.split_once(' ').ok_or_else(|| refused("a class of nothing"))?;
                if !classes.contains(class) {
                    return Err(refused("a class that is nowhere"));
                }
                classed.extend(nodes.split(',').map(str::to_owned));
            } else {
                chart.statement(line).map_err(|why| refused(&why))?;
            }
        }
        let named = chart.edges.iter().flat_map(|(from, _, _, to)| [from, to]).chain(&classed);
        let stray = named.into_iter().find(|name| !chart.nodes.contains_key(*name)).cloned();
        stray.map_or(Ok(chart), |name| Err(format!("{name} is named and nowhere")))
    }

    fn statement(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').ok_or("a name alone")?;
        let (id, rest) = line.split_at(end);
        check_id(id)?;
        if let Some(rest) = rest.strip_prefix(' ') {
            let (arrow, rest) = rest.split_at(rest.find(['|', ' ']).ok_or("no way to")?);
            let (label, rest) = match rest.strip_prefix("|\"") {
                Some(rest) => rest.split_once("\"|").ok_or("a label without end")?,
                None => ("", rest),
            };
            let to = rest.strip_prefix(' ').ok_or("no blank behind an arrow")?;
            check_id(to)?;
            if !ARROWS.contains(&arrow) {
                return Err(format!("no arrow {arrow}"));
            }
            let label = seen(label)?.join("\n");
            self.edges.push((id.to_owned(), arrow.to_owned(), label, to.to_owned()));
            return Ok(());
        }
        let inside = SHAPES.iter().find_map(|(open, close)| {
            rest.strip_prefix(open)?.strip_suffix(close)?.strip_prefix('"')?.strip_suffix('"')
        });
        let label = seen(inside.ok_or("no shape")?)?;
        match self.nodes.insert(id.to_owned(), label) {
            None => Ok(()),
            Some(_) => Err("a node twice".to_owned()),
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
}

fn check_id(id: &str) -> Result<(), String> {
    let is_name = id.starts_with(|first: char| first.is_ascii_alphabetic())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name && !WORDS.contains(&id) { Ok(()) } else { Err(format!("no name {id}")) }
}

/// The lines that a reader sees of a quoted text.
fn seen(text: &str) -> Result<Vec<String>, String> {
    text.split("<br/>").map(plain).collect()
}

fn plain(text: &str) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['#', '"', '<', '>', '&', '`', '\\', '\n']) {
        out += &rest[..at];
        let entity = rest[at..].strip_prefix('#').and_then(|rest| rest.split_once(';'));
        let (entity, behind) = entity.ok_or_else(|| format!("{:?} as it is", &rest[at..=at]))?;
        let number = || entity.parse().ok().and_then(char::from_u32);
        let named = ENTITIES.iter().find(|(name, _)| *name == entity).map(|(_, c)| *c);
        out.push(named.or_else(number).ok_or_else(|| format!("no entity {entity:?}"))?);
        rest = behind;
    }
    Ok(out + rest)
}

#[test]
fn what_is_no_chart_is_refused() {
    let good = "flowchart LR\n  a[\"x\"]\n  b{\"y\"}\n  a -->|\"z\"| b\n  classDef g fill:#fff\n  class b g\n";
    assert!(Chart::read(good).is_ok());
    for (from, to) in [
        ("flowchart LR", "flowchart"),
        ("a[", "end["),
        ("[\"x\"]", "[x]"),
        ("[\"x\"]", "[\"x\"} "),
        ("\"x\"", "\"x\"x\""),
        ("\"x\"", "\"<b>\""),
        ("\"x\"", "\"`x`\""),
        ("\"x\"", "\"#x\""),
        ("\"x\"", "\"#nothing;\""),
        ("-->", "->"),
        ("| b", "|b"),
        ("| b", "| c"),
        ("class b g", "class c g"),
        ("class b g", "class b h"),
        ("  b{\"y\"}", "  a{\"y\"}"),
        ("\"z\"", "\"z"),
        ("  class b g\n", "  class b g"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(Chart::read(&bad).is_err(), "{bad}");
    }
}
