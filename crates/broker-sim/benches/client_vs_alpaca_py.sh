#!/usr/bin/env bash
# Our broker client beside alpaca-py, one after the other against one release-built venue on loopback. Each prints one
# line of JSON. Usage: client_vs_alpaca_py.sh [--orders N] [--pages N]
set -euo pipefail
cd "$(dirname "$0")/../../.."
python=$(.ci/python)
cargo build --release --quiet -p broker-sim --bins --example client_bench
programs="${CARGO_TARGET_DIR:-target}/release"
log=$(mktemp)
"$programs/sim-broker" --listen 127.0.0.1:0 --orders-max 1000000 >"$log" &
venue=$!
trap 'kill "$venue"; rm -f "$log"' EXIT
until url=$(grep -om1 'http://[0-9.:]*' "$log"); do
    kill -0 "$venue" || exit 1
    sleep 0.1
done
"$programs/examples/client_bench" --url "$url" "$@"
"$python" -W ignore tests/alpaca-py/bench.py --url "$url" "$@"
