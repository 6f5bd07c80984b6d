//! The graph as a Mermaid flowchart, which code hosts draw in Markdown. Source: mermaid.js.org, flowchart syntax.

use super::{Graph, Kind, Link, Node};

/// The chart's text.
#[must_use]
pub fn text(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for node in &graph.nodes {
        let (open, close) = shape(node.kind);
        out += &format!("  {}{open}\"{}\"{close}\n", id(&node.id), label(node));
    }
    for edge in &graph.edges {
        let arrow = match edge.kind {
            Link::Starts | Link::Passes => "-->",
            Link::Stops | Link::After => "-.->",
        };
        let text = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
        out += &format!("  {} {arrow}{text} {}\n", id(&edge.from), id(&edge.to));
    }
    out += "  classDef gate fill:#fdeccd,stroke:#b45f06\n";
    let gates: Vec<String> =
        graph.nodes.iter().filter(|node| node.kind == Kind::Gate).map(|node| id(&node.id)).collect();
    if !gates.is_empty() {
        out += &format!("  class {} gate\n", gates.join(","));
    }
    out
}

fn label(node: &Node) -> String {
    let name = (node.kind != Kind::Gate).then_some(&node.id);
    name.into_iter().chain(&node.says).map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>")
}

fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Outside => ("[/", "/]"),
        Kind::Target => ("([", "])"),
        Kind::Timer => ("(", ")"),
        Kind::Gate => ("{", "}"),
        Kind::Service => ("[", "]"),
    }
}

/// Names of units have no `_`, so no two become the same; and none becomes a word of the language, since each has a kind.
fn id(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c
            } else if c == '?' {
                'G'
            } else {
                '_'
            }
        })
        .collect()
}

/// Within quotes: entities for what would end them, open a tag or begin Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out += "#quot;",
            '#' => out += "#35;",
            '&' => out += "#amp;",
            '<' => out += "#lt;",
            '>' => out += "#gt;",
            '`' => out += "#96;",
            '\\' => out += "#92;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        for (text, expect) in [("a \"b\" <c>", "a #quot;b#quot; #lt;c#gt;"), ("#`&\\", "#35;#96;#amp;#92;")] {
            assert_eq!(escaped(text), expect, "{text:?}");
        }
        assert_eq!(id("execution-restart.service?"), "execution_restart_serviceG");
    }
}
