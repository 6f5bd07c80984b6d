//! The graph for Graphviz: `unitgen graph MANIFEST --format dot | dot -Tsvg`. Source: graphviz.org, the DOT language.

use super::{Graph, Kind, Link, Node};

/// The graph's text.
#[must_use]
pub fn text(graph: &Graph) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&graph.name));
    out += "  rankdir=LR\n";
    out += "  graph [fontname=\"sans-serif\", nodesep=0.35, ranksep=0.7]\n";
    out += "  node [fontname=\"sans-serif\", fontsize=11, style=filled, fillcolor=white, color=\"#44546a\"]\n";
    out += "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#44546a\"]\n";
    for node in &graph.nodes {
        out += &format!("  {} [label={}, {}]\n", quoted(&node.id), label(node), look(node.kind));
    }
    for edge in &graph.edges {
        let text = if edge.label.is_empty() { String::new() } else { format!("label={}", quoted(&edge.label)) };
        let parts: Vec<&str> = [text.as_str(), line(edge.kind)].into_iter().filter(|part| !part.is_empty()).collect();
        let attributes = if parts.is_empty() { String::new() } else { format!(" [{}]", parts.join(", ")) };
        out += &format!("  {} -> {}{attributes}\n", quoted(&edge.from), quoted(&edge.to));
    }
    out + "}\n"
}

fn label(node: &Node) -> String {
    let name = (node.kind != Kind::Gate).then_some(node.id.as_str());
    let lines: Vec<&str> = name.into_iter().chain(node.says.iter().map(String::as_str)).collect();
    quoted(&lines.join("\n"))
}

fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Outside => "shape=plaintext, fillcolor=none",
        Kind::Target => "shape=box, style=\"filled,rounded,bold\", fillcolor=\"#e8eef7\"",
        Kind::Timer => "shape=ellipse, fillcolor=\"#f4f4f4\"",
        Kind::Gate => "shape=diamond, fillcolor=\"#fdeccd\", color=\"#b45f06\"",
        Kind::Service => "shape=box",
    }
}

fn line(kind: Link) -> &'static str {
    match kind {
        Link::Starts => "",
        Link::Passes => "color=\"#b45f06\"",
        Link::Stops => "style=dashed, color=\"#a61c00\", fontcolor=\"#a61c00\", constraint=false",
        Link::After => "style=dotted, constraint=false",
    }
}

/// A quoted text: only quotes and backslashes mean something in it, and a line break is an escape of its own.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        for (text, expect) in [("a", "\"a\""), ("say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""), ("a\nb", "\"a\\nb\"")] {
            assert_eq!(quoted(text), expect, "{text:?}");
        }
    }
}
