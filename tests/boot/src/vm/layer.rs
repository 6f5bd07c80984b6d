//! What a scenario in a virtual machine needs beside the rest: the venue as a unit, the functions of `guest/vm`, and
//! what the scans of its days read.

use std::{fs, path::Path};

use crate::{lists, programs::Programs, scenario::Scenario};

/// Lays it. The venue's market begins with the first of the scenario's days and has as many sessions as the last needs.
///
/// # Errors
/// When something cannot be written, or a day is no session.
pub fn lay(layer: &Path, scenario: &Scenario, programs: &Programs) -> anyhow::Result<()> {
    let guest = proofs::workspace_root().join("tests/boot/guest");
    let units = layer.join("etc/systemd/system");
    fs::create_dir_all(&units)?;
    fs::create_dir_all(layer.join("scenario"))?;
    fs::copy(guest.join("vm"), layer.join("scenario/vm"))?;
    fs::write(units.join("venue.service"), venue(&scenario.venue))?;
    for day in &scenario.days {
        let root = layer.join("scenario/days").join(day);
        lists::write_inputs(day, scenario.days.first().map(String::as_str), &scenario.venue, programs, &root)?;
    }
    Ok(())
}

fn venue(arguments: &[String]) -> String {
    format!(
        "[Unit]\nDescription=The venue\n\n[Service]\nType=exec\n\
         ExecStart=/usr/lib/portcullis/bin/sim-broker --listen 127.0.0.1:8080 --clock real {}\n",
        arguments.join(" ")
    )
}
