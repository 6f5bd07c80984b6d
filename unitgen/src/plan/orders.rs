//! Which units place orders. Any one sign suffices: the role in a manifest, of what shall lie there, of what lies there and of
//! what was laid last; a gate in any text of the unit; the program that places orders. An edit that takes one of them away takes
//! no protection along. Pure.

use std::collections::BTreeSet;

use manifest::Deployment;

use super::{Found, Wanted};
use crate::{apply::endpoints::manifest_of, generations::Image};

/// The program whose runs place orders, by its name.
const PROGRAM: &str = "execution";

/// Those before and after.
#[must_use]
pub fn orders(wanted: &Wanted, found: &Found) -> BTreeSet<String> {
    let current = found.current.as_ref().map(|current| &current.image);
    let images = [&wanted.image, &found.installed].into_iter().chain(current);
    let others = images.flat_map(|image| of_image(image, &wanted.deployment));
    wanted.orders.iter().cloned().chain(others).collect()
}

/// Those of an image.
#[must_use]
pub fn of_image(image: &Image, deployment: &str) -> BTreeSet<String> {
    let by_role = manifest_of(image, deployment).map(|deployment| of_roles(&deployment)).unwrap_or_default();
    let names: BTreeSet<String> = image.unit_names().chain(image.units_of_drop_ins()).collect();
    let by_text = names.into_iter().filter(|unit| image.texts_of(unit).into_iter().any(says));
    by_text.chain(by_role).collect()
}

/// Those of a manifest.
#[must_use]
pub fn of_roles(deployment: &Deployment) -> BTreeSet<String> {
    let services = deployment.services().filter(|service| service.role().opens_positions());
    services.map(|service| format!("{}.service", service.name())).collect()
}

fn says(text: &str) -> bool {
    text.lines().any(|line| match line.split_once('=') {
        Some(("ExecCondition", command)) => !command.is_empty(),
        Some(("ExecStart" | "Exec", command)) => {
            let program =
                command.split(' ').next().unwrap_or_default().trim_start_matches(['@', '-', ':', '+', '!', '|']);
            program.rsplit('/').next() == Some(PROGRAM)
        }
        Some(_) | None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        generations::{Content, Generation, Origin, Record},
        installation::Installation,
        plan::ManifestOf,
    };

    const UNIT: &str = "etc/systemd/system/execution.service";
    const MANIFEST: &str = "etc/systemd/system/avwap.manifest.toml";

    fn image(things: &[(&str, &str)]) -> Image {
        let mut image = Image::default();
        for (path, text) in things {
            image.add((*path).to_owned(), Content::File(text.as_bytes().to_vec()));
        }
        image
    }

    fn generation(image: Image) -> Generation {
        let record = Record {
            schema_version: Record::SCHEMA,
            deployment: "avwap".to_owned(),
            origin: Origin::Apply,
            unitgen: String::new(),
            made_at: None,
            made_by: String::new(),
            manifest: String::new(),
            plan: String::new(),
            programs: [].into(),
            ledgers: [].into(),
            files: [].into(),
            is_well: true,
            failed: None,
        };
        Generation { number: 1, record, image }
    }

    /// What was edited away on the host is known from what else there is.
    #[test]
    fn one_sign_suffices() {
        let manifest = include_str!("../../../manifests/avwap.toml");
        let bare = [(UNIT, "[Service]\nExecStart=/bin/true\n")];
        let gated = [(UNIT, "[Service]\nExecStart=/bin/true\nExecCondition=/gate execution\n")];
        let dropped = [bare[0], ("etc/systemd/system/execution.service.d/1.conf", "[Service]\nExecCondition=/g\n")];
        let only_dropped = [dropped[1]];
        let runs = [(UNIT, "[Service]\nExecStart=-/usr/lib/portcullis/bin/execution run\n")];
        let contained = [("etc/containers/systemd/execution.container", "[Container]\nExec=execution run\n")];
        let told = [bare[0], (MANIFEST, manifest)];
        let cleared = [(UNIT, "[Service]\nExecStart=/bin/true\nExecCondition=\n")];
        for (installed, current, places) in [
            (&bare[..], &[][..], false),
            (&cleared, &[], false),
            (&gated, &[], true),
            (&dropped, &[], true),
            (&only_dropped, &[], true),
            (&runs, &[], true),
            (&contained, &[], true),
            (&told, &[], true),
            (&bare, &gated, true),
            (&bare, &told, true),
        ] {
            let wanted = Wanted {
                deployment: "avwap".to_owned(),
                manifest: ManifestOf {
                    path: String::new(),
                    digest: String::new(),
                    text: String::new(),
                    programs: None,
                },
                root: "/".to_owned(),
                installation: Installation::SYSTEM,
                image: Image::default(),
                orders: BTreeSet::new(),
            };
            let current = (!current.is_empty()).then(|| generation(image(current)));
            let found = Found { installed: image(installed), current, ..Found::default() };
            assert_eq!(orders(&wanted, &found).contains("execution.service"), places, "{installed:?}");
        }
    }
}
