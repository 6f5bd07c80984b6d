# Every routine of the project; CI runs the same ones.

set positional-arguments

# Show the routines.
default:
    @just --list

# A whole trading day against the simulated venue.
demo *arguments:
    ./demo "$@"

# One day for each fault, verdict lines only.
faults: build
    for fault in scan-fails stale-watchlist kill-switch crash; do ./target/debug/rehearse day --fault "$fault" | tail -n 1; done

# Every test, as CI runs them.
test *arguments:
    ./test "$@"

# Exactly what CI does.
ci:
    .ci/run

build:
    cargo build --workspace --bins

fmt:
    cargo fmt --all

lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Licences, advisories and duplicate crates (needs cargo-deny).
deny:
    cargo deny check

# The units of a manifest, rendered and checked by systemd itself.
units manifest="manifests/avwap.toml" out="target/units": build
    ./target/debug/unitgen render "{{manifest}}" --target systemd --out "{{out}}"
    systemd-analyze verify --recursive-errors=one "{{out}}"/*.service "{{out}}"/*.timer

# How long the gate takes to refuse, from start to exit.
gate-bench:
    cargo build --release -p gate
    bash -c 'd=$(mktemp -d); time (for i in $(seq 100); do STATE_DIRECTORY=$d ./target/release/gate execution >/dev/null 2>&1 || true; done); rm -rf "$d"'

# The scan against the goldens in ../shared.
scan-golden:
    cargo test -p scanner
