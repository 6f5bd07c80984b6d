#!/bin/sh
# Measures `gate execution` beside gate_shell.sh on the same fresh state directory with 200 candidates.
# Usage: gate_vs_shell.sh GATE [GATE...]       needs: hyperfine
# Outside a session the gate refuses after doing all its work, so exit codes are ignored and printed first.
set -eu
[ $# -gt 0 ] || { echo "usage: $0 GATE [GATE...]" >&2; exit 64; }
command -v hyperfine >/dev/null || { echo "needs hyperfine (apt-get install hyperfine)" >&2; exit 69; }
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

day() { TZ=America/New_York date -d "$1" +%F; }
today=$(day today)
yesterday=$(day yesterday)
{
    echo "SchemaVersion,ScanDate,Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,TrendScore,Sector"
    for first in A B C D E F G H I J; do
        for second in A B C D E F G H I J K L M N O P Q R S T; do
            echo "1,$yesterday,$first$second,Long,66.5,66.06,0.66,63.26,67.76,69.01,72.676538,\"Health Care\""
        done
    done
} >"$root/daily_candidates.csv"
digest=$(sha256sum "$root/daily_candidates.csv")
cat >"$root/daily_candidates.attest.json" <<JSON
{
  "schema": 1,
  "run_id": "bench",
  "session": "$today",
  "as_of": "$yesterday",
  "newest_bar": "$yesterday",
  "bars_sha256": "-",
  "universe_sha256": "-",
  "feed": "sip",
  "verdicts": {},
  "candidates": 200,
  "scanner_version": "bench",
  "rules_sha256": "-",
  "written_at": "${today}T12:31:00Z",
  "csv_sha256": "${digest%% *}"
}
JSON
cat >"$root/scan_run.json" <<JSON
{ "schema": 1, "run_id": "bench", "session": "$today", "as_of": "$yesterday", "started_at": "${today}T12:30:00Z", "status": "finished" }
JSON
mkdir "$root/state"

set -- "$@" --
while [ "$1" != -- ]; do
    gate=$1
    shift
    printf '%s: %s bytes: ' "$gate" "$(stat -c %s "$gate")"
    "$gate" execution --root "$root" 2>/dev/null | head -1
    set -- "$@" "$gate execution --root $root"
done
shift
printf 'shell: '
sh "$here/gate_shell.sh" "$root"
hyperfine --shell=none --ignore-failure --warmup 20 --runs 500 --output=pipe "$@" "sh $here/gate_shell.sh $root" 2>/dev/null
