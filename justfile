# Every routine of the project; CI runs the same ones.

set positional-arguments

# Show the routines.
default:
    @just --list

# A whole trading day against the simulated venue.
demo *arguments:
    ./demo "$@"

# One day for each fault with a name, verdict lines only; `rehearse faults` says what each is.
faults: build
    for fault in $(./target/debug/rehearse faults | sed -n 's/^  \([a-z0-9-]*\)  .*/\1/p'); do printf '%-24s ' "$fault"; ./target/debug/rehearse day --fault "$fault" 2>/dev/null | tail -n 1; done

# Hundreds of SIGKILLs at every effect of a trade (needs strace).
kill-points: build
    cargo test -p proofs --test kill_points -- --nocapture

# Every test, as CI runs them.
test *arguments:
    ./test "$@"

# Every interleaving of what can go wrong between an intent and its outcome; or within CRASHES FAULTS SLOW.
model-check *bounds:
    cargo run --release -p protocol --bin model-check -- {{bounds}}

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

# The trading core against everything that goes wrong: so many seeds of so many steps, on all cores.
soak seeds="10000" steps="2000":
    cargo run --release --quiet -p rehearse -- soak --seeds 0..{{seeds}} --steps {{steps}}

# Steps a second of the simulation on one core, in short runs and in long ones.
soak-bench:
    cargo run --release --quiet -p rehearse -- soak --bench

# The units of a manifest, rendered and checked by systemd itself.
units manifest="manifests/avwap.toml" out="target/units": build
    ./target/debug/unitgen render "{{manifest}}" --target systemd --out "{{out}}"
    systemd-analyze verify --recursive-errors=one "{{out}}"/*.service "{{out}}"/*.timer

# The flake, its module and every system that must not be built, without a network; or NIXPKGS=CHECKOUT against the real one.
nix: build
    .ci/nix-tools >/dev/null
    tests/nix/run

# How long the gate takes to refuse, from start to exit.
gate-bench:
    cargo build --release -p gate
    bash -c 'd=$(mktemp -d); time (for i in $(seq 100); do STATE_DIRECTORY=$d ./target/release/gate execution >/dev/null 2>&1 || true; done); rm -rf "$d"'

# Our broker client beside alpaca-py, against one venue in one run: orders one after another, pages of 10,000 bars.
broker-bench *arguments:
    crates/broker-sim/benches/client_vs_alpaca_py.sh "$@"

# From decision to wire beside the disk alone; from start to READY=1 with a year of ledger; idle memory; a year on the disk.
execution-bench:
    cargo bench -p execution

# The scan against the goldens in ../shared.
scan-golden:
    cargo test -p scanner

# Every mutant of the trading core must be caught by a test; those whose name contains a text: `just mutants --only book/`.
mutants *arguments:
    cargo run --quiet -p mutants -- "$@"

# A broad sweep beside the list (needs cargo-mutants; about an hour): what it reports as missed is looked at by hand.
mutants-sweep *arguments:
    CARGO_PROFILE_DEV_OPT_LEVEL=0 PORTCULLIS_SHARED="$(realpath "${PORTCULLIS_SHARED:-../shared}")" cargo mutants --package trading --output target "$@"

# The Debian package, of a release build: target/deb/portcullis_VERSION_amd64.deb.
deb *arguments:
    packaging/deb/build {{arguments}}

# The parser of manifests (or `expression`, that of calendar expressions) against whatever a fuzzer thinks of, for so many seconds.
fuzz target="manifest" seconds="600" *arguments:
    fuzz/run "{{target}}" "{{seconds}}" {{arguments}}

# Check, render, diff and calendar of small and large manifests; with QUADLET=BINARY, podman's generator beside them.
unitgen-bench:
    cargo bench -p unitgen
