//! The graph of a manifest: what is drawn is what is rendered, and what draws it can read it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "graphs/flowchart.rs"]
mod flowchart;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use manifest::{Catalogue, Document};
use unitgen::{
    explain::Rendered,
    graph::{Graph, Kind, Link, dot, mermaid},
    source,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[test]
fn the_drawings_of_avwap() {
    let graph = graph(AVWAP);
    insta::assert_snapshot!("avwap.mmd", mermaid::text(&graph));
    insta::assert_snapshot!("avwap.dot", dot::text(&graph));
}

/// No way leads to what is gated but through its gate.
#[test]
fn whatever_starts_a_gated_unit_starts_it_through_its_gate() {
    for (name, manifest) in manifests() {
        let graph = graph(&manifest);
        let gates: Vec<_> = graph.nodes.iter().filter(|node| node.kind == Kind::Gate).collect();
        let wanted = rendered_gates(&manifest);
        assert_eq!(gates.len(), wanted, "{name}");
        for gate in gates {
            let gated = gate.id.trim_end_matches('?');
            let ways =
                graph.edges.iter().filter(|edge| edge.to == gated && matches!(edge.kind, Link::Starts | Link::Passes));
            let from: Vec<&str> = ways.map(|edge| edge.from.as_str()).collect();
            assert_eq!(from, [gate.id.as_str()], "{name}");
        }
        let known: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
        for edge in &graph.edges {
            assert!(known.contains(&edge.from.as_str()) && known.contains(&edge.to.as_str()), "{name}: {edge:?}");
        }
    }
}

#[test]
fn hostile_arguments_stay_labels() {
    let hostile = AVWAP.replacen(
        "args = [\"scan\"]",
        r##"args = ["scan", "--bars", "\"]-->x<b>#`|%% end", "--earnings=a\\"]"##,
        1,
    );
    let graph = graph(&hostile);
    let (chart, digraph) = (mermaid::text(&graph), dot::text(&graph));
    let line = chart.lines().find(|line| line.contains("scanner scan")).unwrap();
    assert!(line.ends_with("\"]") && line.matches('"').count() == 2, "{line}");
    assert_eq!(chart.lines().count(), mermaid::text(&self::graph(AVWAP)).lines().count());
    let line = digraph.lines().find(|line| line.contains("scanner scan")).unwrap();
    assert_eq!(line.replace("\\\\", "").replace("\\\"", "").matches('"').count(), 4, "{line}");
}

/// Read by the documented grammar, every chart says what its graph says: nodes with their lines, links with their labels.
#[test]
fn mermaid_reads_every_manifest_as_it_is_meant() {
    let hostile =
        [r##""]-->x<b>#`|%% end"##, "a\\", "a\\\"]", "#quot;", "end", "<br/>", "|\"|", "./- x", "1. x", ";", "ä €"];
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let hostile = hostile.map(|text| format!("[\"scan\", \"--bars\", \"{}\"]", quoted(text)));
    let mut graphs: Vec<Graph> = manifests().iter().map(|(_, manifest)| graph(manifest)).collect();
    graphs.extend(hostile.iter().map(|args| graph(&AVWAP.replacen("[\"scan\"]", args, 1))));
    for graph in graphs {
        let text = mermaid::text(&graph);
        let chart = flowchart::Chart::read(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
        assert_eq!(chart.nodes.len(), graph.nodes.len(), "{text}");
        for node in &graph.nodes {
            let name = (node.kind != Kind::Gate).then(|| node.id.clone());
            let lines: Vec<String> = name.into_iter().chain(node.says.iter().cloned()).collect();
            assert!(chart.nodes.values().any(|seen| *seen == lines), "{lines:?} in {text}");
        }
        let mut meant: Vec<&str> = graph.edges.iter().map(|edge| edge.label.as_str()).collect();
        let mut seen: Vec<&str> = chart.edges.iter().map(|(_, _, label, _)| label.as_str()).collect();
        meant.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, meant, "{text}");
    }
}

#[test]
fn graphviz_draws_every_manifest() {
    let mut graphs: Vec<Graph> = manifests().iter().map(|(_, manifest)| graph(manifest)).collect();
    graphs.push(graph(&AVWAP.replacen("[\"scan\"]", r#"["scan", "--bars=\"]-->x<b>", "--earnings", "a\\"]"#, 1)));
    for graph in graphs {
        let Some(svg) = drawn(&dot::text(&graph)) else { return };
        for node in &graph.nodes {
            assert!(svg.contains(&format!("<title>{}</title>", in_svg(&node.id))), "{}: {svg}", node.id);
        }
        assert_eq!(svg.matches("class=\"edge\"").count(), graph.edges.len(), "{}", graph.name);
    }
}

/// The picture in docs/ has every node, edge and label of the graph; it is made as docs/units.md says.
#[test]
fn the_picture_in_docs_is_of_this_graph() {
    let graph = graph(AVWAP);
    let svg = fs::read_to_string(root().join("docs/avwap.svg")).unwrap();
    let edges: Vec<String> =
        graph.edges.iter().map(|edge| format!("{}&#45;&gt;{}", in_svg(&edge.from), in_svg(&edge.to))).collect();
    let titles: Vec<String> = graph.nodes.iter().map(|node| in_svg(&node.id)).chain(edges).collect();
    for title in &titles {
        assert!(svg.contains(&format!("<title>{title}</title>")), "docs/avwap.svg lacks {title}: draw it again");
    }
    assert_eq!(
        svg.matches("<title>").count(),
        titles.len() + 1,
        "docs/avwap.svg has more than the graph: draw it again"
    );
    for label in graph.edges.iter().map(|edge| &edge.label).filter(|label| !label.is_empty()) {
        assert!(svg.contains(&format!(">{}</text>", in_svg(label))), "docs/avwap.svg lacks {label}: draw it again");
    }
}

/// docs/units.md shows both drawings; code hosts draw the chart themselves.
#[test]
fn the_page_in_docs_is_of_this_graph() {
    let page = format!("{PAGE}\n```mermaid\n{}```\n", mermaid::text(&graph(AVWAP)));
    let path = root().join("docs/units.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), page, "UPDATE_DOCS=1 cargo test -p unitgen --test graphs");
}

const PAGE: &str = "\
# The units of a deployment

What starts what in `manifests/avwap.toml`, drawn from the rendered units themselves. Boxes are units, ellipses timers with \
their hours on the arrow, diamonds gates: whatever starts a gated unit starts it through its gate.

![the units of avwap](avwap.svg)

Drawn by `unitgen graph manifests/avwap.toml --format dot | dot -Tsvg > docs/avwap.svg` (Graphviz). A test holds the picture \
against the graph; another makes this page: `UPDATE_DOCS=1 cargo test -p unitgen --test graphs`.

`unitgen explain UNIT` tells of each line of a unit which line of the manifest it follows from and why; \
`unitgen explain UNIT.DIRECTIVE` tells the rule with its source and the incident that it prevents.

The same for Markdown, by `unitgen graph manifests/avwap.toml`:
";

/// Units that something must pass before they run.
fn rendered_gates(manifest: &str) -> usize {
    let lines = manifest.lines().map(str::trim_start);
    lines.filter(|line| line.starts_with("gates =") || line.starts_with("late_start =")).count()
}

fn graph(manifest: &str) -> Graph {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
    let rendered = Rendered::of(&checked.deployment, manifest.as_bytes(), &checked.digest);
    Graph::of(checked.deployment.name().as_str(), &rendered, &Document::of(manifest))
}

fn manifests() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("manifests")).unwrap().map(|entry| entry.unwrap().path());
    let tomls = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    tomls.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// As Graphviz writes a text.
fn in_svg(text: &str) -> String {
    text.replace('&', "&amp;").replace('-', "&#45;").replace('>', "&gt;").replace('<', "&lt;")
}

fn drawn(digraph: &str) -> Option<String> {
    let started = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut process) = started else {
        assert!(std::env::var_os("CI").is_none(), "dot is missing, and CI skips nothing: install graphviz");
        println!("skipped: needs dot (Debian package graphviz)");
        return None;
    };
    process.stdin.take().unwrap().write_all(digraph.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "dot refuses:\n{digraph}");
    Some(String::from_utf8(output.stdout).unwrap())
}
