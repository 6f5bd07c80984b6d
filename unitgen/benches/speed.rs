//! How long an operator waits: check and render of a shipped manifest (at most 10 ms), what a change means (20 ms), manifests of
//! a thousand jobs and more (300 ms, and in proportion), a week of its calendar; and, in the same run, podman's quadlet generator
//! on as many containers, both as processes. `QUADLET` names its binary; without it that part is left out and said to be.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use unitgen::{
    calendar::agenda::{Agenda, text},
    diff::{self, Questions, Scores, Side, Style},
    guardrails::Units,
    installation::Installation,
    search_path, source, systemd,
    verify::{self, Expected},
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");
const SIZES: [usize; 4] = [1_000, 2_000, 4_000, 8_000];

criterion_group!(benches, shipped, large, full_host, beside_quadlet);
criterion_main!(benches);

fn shipped(criterion: &mut Criterion) {
    assert_eq!(render(AVWAP), 11);
    criterion.bench_function("avwap/check and render", |bencher| bencher.iter(|| render(black_box(AVWAP))));
    let after = AVWAP.replace("Mon..Fri 16:15", "Mon..Fri 16:20").replace("timeout = \"9m\"", "timeout = \"8m\"");
    assert!(meaning(AVWAP, &after).contains("eod"));
    criterion.bench_function("avwap/diff of two manifests", |bencher| {
        bencher.iter(|| meaning(black_box(AVWAP), black_box(&after)));
    });
    let deployment = source::check(AVWAP.as_bytes()).unwrap().deployment;
    criterion.bench_function("avwap/a week of its calendar", |bencher| {
        bencher.iter(|| text(&Agenda::of(&deployment, "2026-03-05".parse().unwrap(), 7).unwrap(), false));
    });
}

fn large(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check and render/jobs");
    group.sample_size(10);
    for jobs in SIZES {
        let manifest = manifest_of(jobs);
        assert!(render(&manifest) > jobs, "every job has its unit");
        group.bench_with_input(BenchmarkId::from_parameter(jobs), &manifest, |bencher, manifest| {
            bencher.iter(|| render(manifest));
        });
    }
    group.finish();
}

/// What a switch of a system waits for: the units of a host, ours among hundreds of others, with aliases and drop-ins; 50 ms.
fn full_host(criterion: &mut Criterion) {
    let place = tempfile::tempdir().unwrap();
    let write = |path: String, text: &str| {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let checked = source::check(AVWAP.as_bytes()).unwrap();
    let tree = systemd::render(&checked.deployment, AVWAP.as_bytes(), &checked.digest);
    for (path, content) in tree.iter() {
        write(format!("etc/{path}"), std::str::from_utf8(content).unwrap());
    }
    for number in 0..700 {
        let settings = "Nice=1\n".repeat(100);
        write(format!("lib/other-{number}.service"), &format!("[Service]\nExecStart=/usr/bin/true\n{settings}"));
        if number % 3 == 0 {
            let target = format!("../lib/other-{number}.service");
            std::os::unix::fs::symlink(target, place.path().join(format!("etc/alias-{number}.service"))).unwrap();
        }
        if number % 10 == 0 {
            write(format!("lib/other-{number}.service.d/x.conf"), "[Service]\nNice=5\n");
        }
    }
    let rendered = tree.iter().map(|(path, _)| path.to_owned()).collect();
    let directories = ["etc", "lib"].map(|name| place.path().join(name));
    let expected = Expected { deployment: "avwap", tree: &tree, installation: &Installation::SYSTEM, enabled: false };
    criterion.bench_function("verify among 700 units of others", |bencher| {
        bencher.iter(|| {
            let listing = search_path::read(&directories, &rendered).unwrap();
            let outcome = verify::verify(&expected, &listing);
            assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
        });
    });
}

/// Both generators as processes, from files to files or text.
fn beside_quadlet(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    group.sample_size(10);
    let place = tempfile::tempdir().unwrap();
    for units in [10, 1_000] {
        let manifest = place.path().join(format!("{units}.toml"));
        fs::write(&manifest, manifest_of(units)).unwrap();
        let out = place.path().join(format!("{units}-units"));
        group.bench_function(BenchmarkId::new("unitgen check", units), |bencher| bencher.iter(|| check(&manifest)));
        group.bench_function(BenchmarkId::new("unitgen render into a directory", units), |bencher| {
            bencher.iter_batched(
                || drop(fs::remove_dir_all(&out)),
                |()| render_into(&manifest, &out),
                criterion::BatchSize::PerIteration,
            );
        });
    }
    let Some(quadlet) = std::env::var_os("QUADLET").map(PathBuf::from) else {
        println!("left out: podman's generator; QUADLET names its binary");
        return;
    };
    for units in [10, 1_000] {
        let folder = place.path().join(format!("{units}-containers"));
        fs::create_dir(&folder).unwrap();
        for number in 0..units {
            fs::write(folder.join(format!("app{number}.container")), container(number)).unwrap();
        }
        group.bench_function(BenchmarkId::new("quadlet -dryrun", units), |bencher| {
            bencher.iter(|| generate(&quadlet, &folder, units));
        });
    }
}

/// The shipped manifest and so many jobs beside its own, each with credentials, environment, sandbox and timer.
fn manifest_of(jobs: usize) -> String {
    let mut manifest = AVWAP.to_owned();
    for number in 0..jobs {
        manifest += &format!(
            "\n[jobs.report{number:05}]\nprogram = \"desk\"\nargs = [\"eod\"]\nschedule = \"Mon..Fri 16:15\"\nserves = \"execution\"\n"
        );
    }
    manifest
}

/// So many files come of it.
fn render(manifest: &str) -> usize {
    let checked = source::check(manifest.as_bytes()).unwrap();
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest).iter().count()
}

fn meaning(from: &str, to: &str) -> String {
    let side = |label: &str, manifest: &str| {
        let checked = source::check(manifest.as_bytes()).unwrap();
        let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
        let units = Units::of_tree(&tree);
        let names = units.names().map(str::to_owned).collect();
        Side { label: label.to_owned(), units, names }
    };
    let now = "2026-03-05T12:00:00Z".parse().unwrap();
    let questions = Questions { now, scores: &Unscored, context: Some(3) };
    diff::compare(&side("before", from), &side("after", to), &questions).to_text(Style::default())
}

/// systemd's scores take a process each: they are not ours to measure.
struct Unscored;

impl Scores for Unscored {
    fn score(&self, _unit: &str, _text: &str) -> Option<u32> {
        None
    }
}

fn check(manifest: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_unitgen")).arg("check").arg(manifest).output().unwrap().status;
    assert!(status.success());
}

fn render_into(manifest: &Path, out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
    command.arg("render").arg(manifest).args(["--target", "systemd", "--out"]).arg(out);
    assert!(command.output().unwrap().status.success());
}

fn generate(quadlet: &Path, folder: &Path, units: usize) {
    let output = Command::new(quadlet).arg("-dryrun").env("QUADLET_UNIT_DIRS", folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.matches("ExecStart=").count() == units, "it left units out");
}

/// A container with what a desk's service would say.
fn container(number: usize) -> String {
    format!(
        "[Unit]\nDescription=Report {number}\nWants=network-online.target\nAfter=network-online.target\n\n\
         [Container]\nImage=localhost/desk:{number}\nContainerName=report{number}\nExec=eod\nReadOnly=true\nDropCapability=all\n\
         NoNewPrivileges=true\nEnvironment=REPORT={number}\nVolume=/var/lib/report{number}:/data\n\n\
         [Service]\nRestart=on-failure\nMemoryMax=256M\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}
