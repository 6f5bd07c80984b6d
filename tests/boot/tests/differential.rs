//! Random manifests, rendered and loaded by a real systemd: what `systemctl show` says of each unit is what unitgen predicts.
//!
//! All of them lie in one guest, since every unit's name holds its seed. A prediction that is wrong, a unit that is not
//! loaded and a property that is not shown are each a line. That a wrong prediction is one is tried in the same guest: each
//! line of rendered units is left out of what is predicted from, and what systemd shows must contradict it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::ensure;
use boot::{Host, Scenario, boot_once};
use manifest::Catalogue;
use unitgen::{
    Tree,
    drift::{Properties, blocks},
    predict::{Property, predict},
    source, systemd,
};

type Predicted = BTreeMap<String, Vec<Property>>;
type Shown = BTreeMap<String, Properties>;

const MANIFESTS: u64 = 200;
/// So many differences are shown.
const SHOWN: usize = 25;
/// Of so many manifests every line is left out once.
const MUTATED: usize = 6;
/// Ties to units of others are predicted as the least there must be: systemd adds its own. Of a unit without the other lines
/// the manager says what holds, which is left to it; five starts are its own default.
const AT_LEAST: [&str; 5] = [
    "Wants=network-online.target",
    "After=network-online.target",
    "CapabilityBoundingSet=",
    "LimitCORE=0",
    "StartLimitBurst=5",
];
/// What is shown by no property that 252 and 257 print alike, or is predicted the same without the line; nothing else is.
const UNSAID: [&str; 14] = [
    "AmbientCapabilities",
    "DevicePolicy",
    "KeyringMode",
    "KillSignal",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "OnFailureJobMode",
    "SetCredential",
    "SuccessExitStatus",
    "SystemCallErrorNumber",
    "WantedBy",
    "WatchdogSec",
    "X-RestartIfChanged",
    "X-StopOnRemoval",
];

const SCRIPT: &str = "#: about what systemd loads of 200 random manifests is what unitgen predicts
#: deploy nothing
#: timeout 300
mapfile -t units < /scenario/units
systemctl show --all --property=\"$(cat /scenario/properties)\" -- \"${units[@]}\" > \"$OUT/shown\"
";

#[test]
fn debian_12() {
    differ(Host::Debian12);
}

#[test]
fn debian_13() {
    differ(Host::Debian13);
}

fn differ(host: Host) {
    let scenario = Scenario::parse("differential", SCRIPT).unwrap();
    let trees: Vec<Tree> = (0..MANIFESTS).map(rendered).collect();
    let predicted: Predicted = trees.iter().flat_map(predict).collect();
    let lay = |layer: &Path| lay(layer, &trees, &predicted);
    boot_once(&scenario, host, lay, |out| judge(out, &predicted, &trees)).unwrap_or_else(|error| panic!("{error:#}"));
}

fn rendered(seed: u64) -> Tree {
    let text = proofs::random_manifest(seed);
    let checked = source::check_with(text.as_bytes(), &Catalogue::planned());
    let checked = checked.unwrap_or_else(|problems| panic!("seed {seed}: {problems:#?}"));
    systemd::render(&checked.deployment, text.as_bytes(), &checked.digest)
}

fn lay(layer: &Path, trees: &[Tree], predicted: &Predicted) -> anyhow::Result<()> {
    for (path, content) in trees.iter().flat_map(Tree::iter).filter(|(path, _)| !path.ends_with(".toml")) {
        let to = layer.join("etc/systemd/system").join(path);
        fs::create_dir_all(to.parent().unwrap_or(layer))?;
        fs::write(to, content)?;
    }
    let units: Vec<&str> = predicted.keys().map(String::as_str).collect();
    fs::write(layer.join("scenario/units"), units.join("\n") + "\n")?;
    let properties: BTreeSet<&str> = predicted.values().flatten().map(|(name, _)| name.as_str()).collect();
    fs::write(layer.join("scenario/properties"), properties.into_iter().collect::<Vec<_>>().join(","))?;
    Ok(())
}

fn judge(out: &Path, predicted: &Predicted, trees: &[Tree]) -> anyhow::Result<()> {
    let blocks = blocks(&fs::read_to_string(out.join("shown"))?);
    let shown: Shown = blocks.into_iter().map(|block| (block.value("Id").to_owned(), block)).collect();
    let (compared, differences) = differences(predicted, &shown);
    // One of each kind first: a mistake is made in every unit.
    let kinds: BTreeMap<&str, &String> =
        differences.iter().rev().map(|line| (line.split(' ').nth(1).unwrap_or_default(), line)).collect();
    let told: Vec<&str> = kinds.values().map(|line| line.as_str()).take(SHOWN).collect();
    ensure!(differences.is_empty(), "{} of {compared} properties differ\n{}", differences.len(), told.join("\n"));
    ensure!(compared > 50_000, "only {compared} properties were compared");
    let wrong = contradicted(&trees[..MUTATED], &shown)?;
    println!(
        "figure: {MANIFESTS} manifests, {} units, {compared} properties as predicted; {wrong} wrong predictions contradicted",
        predicted.len()
    );
    let figures = format!("manifests {MANIFESTS}\nunits {}\nproperties {compared}\nwrong {wrong}\n", predicted.len());
    fs::write(out.join("figures"), figures)?;
    Ok(())
}

/// How many properties were compared, and a line for each that is not as predicted.
fn differences(predicted: &Predicted, shown: &Shown) -> (usize, Vec<String>) {
    let (mut compared, mut differences) = (0, Vec::new());
    for (unit, properties) in predicted {
        let Some(of_unit) = shown.get(unit) else {
            differences.push(format!("{unit}: not shown"));
            continue;
        };
        for (name, expect) in properties {
            compared += 1;
            if !of_unit.has(name) && !has_a_line_for_each(name) {
                differences.push(format!("{unit} {name}: not shown"));
            } else if let Err(said) = expect.check(&of_unit.lines(name)) {
                differences.push(format!("{unit} {name}: {said}"));
            }
        }
    }
    (compared, differences)
}

/// Lists that are printed a line for each; of an empty one there is none.
fn has_a_line_for_each(property: &str) -> bool {
    property.starts_with("Exec") || property.starts_with("SocketBind") || property.starts_with("Timers")
}

/// Leaves out each line of each unit, one at a time: what would then be predicted is not what is shown. Says how often.
fn contradicted(trees: &[Tree], shown: &Shown) -> anyhow::Result<usize> {
    let (mut contradicted, mut passed) = (0, Vec::new());
    for (path, line, changed) in mispredicted(trees).filter(|(_, _, changed)| !changed.is_empty()) {
        if !differences(&changed, shown).1.is_empty() {
            contradicted += 1;
        } else if !AT_LEAST.contains(&line.as_str()) {
            passed.push(format!("{path} without {line}"));
        }
    }
    ensure!(passed.is_empty(), "what is shown is taken for what was not rendered: {}", passed.join(", "));
    ensure!(contradicted > 1_500, "only {contradicted} wrong predictions were tried");
    Ok(contradicted)
}

/// Each line that is left out, with the units of which something else is predicted then.
fn mispredicted(trees: &[Tree]) -> impl Iterator<Item = (String, String, Predicted)> {
    trees.iter().flat_map(|tree| {
        let right = predict(tree);
        left_out(tree).map(move |(path, line, without)| {
            let changed = predict(&without).into_iter().filter(|(unit, said)| right.get(unit) != Some(said)).collect();
            (path.to_owned(), line, changed)
        })
    })
}

/// Of every other directive something is predicted, by one of its lines at least.
#[test]
fn these_directives_alone_are_left_unpredicted() {
    let trees: Vec<Tree> = (0..MUTATED as u64).map(rendered).collect();
    let (mut all, mut said) = (BTreeSet::new(), BTreeSet::new());
    for (_, line, changed) in mispredicted(&trees) {
        let key = line.split('=').next().unwrap_or_default().to_owned();
        if !changed.is_empty() {
            said.insert(key.clone());
        }
        all.insert(key);
    }
    assert_eq!(all.difference(&said).map(String::as_str).collect::<Vec<_>>(), UNSAID);
}

/// The tree once without each assignment: path, line and what is left.
fn left_out(tree: &Tree) -> impl Iterator<Item = (&str, String, Tree)> {
    let units = tree.iter().filter(|(path, _)| !path.ends_with(".toml"));
    units.flat_map(move |(path, content)| {
        let text = String::from_utf8_lossy(content).into_owned();
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let assignments = (0..lines.len()).filter_map({
            let lines = lines.clone();
            move |at| {
                let line = lines[at].trim_end();
                (line.contains('=') && !line.starts_with(['#', '['])).then(|| (at, line.to_owned()))
            }
        });
        assignments.map(move |(at, line)| {
            let kept: String =
                lines.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| &**line).collect();
            let mut without = Tree::default();
            for (other, content) in tree.iter() {
                if other == path {
                    without.add(path, kept.clone());
                } else {
                    without.add(other, content);
                }
            }
            (path, line, without)
        })
    })
}
