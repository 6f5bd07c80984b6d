//! Random manifests, rendered and loaded by a real systemd: what `systemctl show` says of each unit is what unitgen predicts.
//!
//! All of them lie in one guest, since every unit's name holds its seed. A prediction that is wrong, a unit that is not
//! loaded and a property that is not shown are each a line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::ensure;
use boot::{Host, Scenario, boot_once};
use unitgen::{
    Tree,
    predict::{Property, predict},
    source, systemd,
};

const MANIFESTS: u64 = 200;
/// So many differences are shown.
const SHOWN: usize = 25;

const SCRIPT: &str = "#: about what systemd loads of 200 random manifests is what unitgen predicts
#: deploy nothing
#: timeout 240
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
    let predicted: BTreeMap<String, Vec<Property>> = trees.iter().flat_map(predict).collect();
    let lay = |layer: &Path| lay(layer, &trees, &predicted);
    boot_once(&scenario, host, lay, |out| judge(out, &predicted)).unwrap_or_else(|error| panic!("{error:#}"));
}

fn rendered(seed: u64) -> Tree {
    let text = proofs::random_manifest(seed);
    let checked = source::check(text.as_bytes()).unwrap_or_else(|problems| panic!("seed {seed}: {problems:#?}"));
    systemd::render(&checked.deployment, text.as_bytes(), &checked.digest)
}

fn lay(layer: &Path, trees: &[Tree], predicted: &BTreeMap<String, Vec<Property>>) -> anyhow::Result<()> {
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

fn judge(out: &Path, predicted: &BTreeMap<String, Vec<Property>>) -> anyhow::Result<()> {
    let text = fs::read_to_string(out.join("shown"))?;
    let shown: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = text.split("\n\n").filter_map(block).collect();
    let (mut compared, mut differences) = (0, Vec::new());
    for (unit, properties) in predicted {
        let Some(of_unit) = shown.get(unit.as_str()) else {
            differences.push(format!("{unit}: not shown"));
            continue;
        };
        for (name, expect) in properties {
            let values = of_unit.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            compared += 1;
            if let Err(said) = expect.check(values) {
                differences.push(format!("{unit} {name}: {said}"));
            }
        }
    }
    let count = differences.len();
    differences.truncate(SHOWN);
    ensure!(count == 0, "{count} of {compared} properties differ\n{}", differences.join("\n"));
    ensure!(compared > 50_000, "only {compared} properties were compared");
    println!("figure: {MANIFESTS} manifests, {} units, {compared} properties as predicted", predicted.len());
    let figures = format!("manifests {MANIFESTS}\nunits {}\nproperties {compared}\n", predicted.len());
    fs::write(out.join("figures"), figures)?;
    Ok(())
}

/// The properties of one unit, each with a line for every time it is printed.
fn block(text: &str) -> Option<(&str, BTreeMap<&str, Vec<&str>>)> {
    let mut properties: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        properties.entry(name).or_default().push(value);
    }
    let unit = *properties.get("Id")?.first()?;
    Some((unit, properties))
}
