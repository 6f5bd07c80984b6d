# What a scenario has at hand. Sourced into bash with -euo pipefail: a command that fails ends the scenario, and the line
# that failed is told.
trap 'echo "line $LINENO: $BASH_COMMAND: ended $?" >&2' ERR
set -E

VENUE=http://127.0.0.1:8080
ROOT=/var/lib/avwap
BIN=/usr/lib/portcullis/bin

say() { printf '%s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# figure NAME VALUE: a measured number, for the table.
figure() { printf '%s %s\n' "$1" "$2" >> "$OUT/figures"; say "figure: $1 $2"; }

# show UNIT PROPERTY: one property of a unit as systemd has loaded it.
show() { systemctl show --property="$2" --value -- "$1"; }

# expect WHAT WANTED: both the same text.
expect() { [ "$1" = "$2" ] || fail "${3:-expected}: wanted '$2', got '$1' (line ${BASH_LINENO[0]})"; }

# expect_show UNIT PROPERTY WANTED
expect_show() { expect "$(show "$1" "$2")" "$3" "$1 $2"; }

# matches TEXT PATTERN: a regular expression is in the text.
matches() { grep -Eq -- "$2" <<<"$1" || fail "no /$2/ in: $1 (line ${BASH_LINENO[0]})"; }

# wait_for SECONDS COMMAND...: until the command succeeds; fails when it never does.
wait_for() {
    local bound=$1 end
    shift
    end=$(($(date +%s%N) + bound * 1000000000))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s%N)" -lt "$end" ] || fail "not so after $bound s: $*"
        pause
    done
}
# A moment between two looks.
pause() { read -rt 0.02 <> <(:) || true; }

# is_shown UNIT PROPERTY WANTED: a condition for wait_for.
is_shown() { [ "$(show "$1" "$2")" = "$3" ]; }

# journal ARGUMENTS...: records as JSON, one a line, of all boots.
journal() { journalctl --sync 2>/dev/null || true; journalctl -o json --no-pager --all "$@"; }

# said UNIT TEXT: how many records of the unit hold the text.
said() { journal -u "$1" | jq -rs --arg text "$2" '[.[] | select((.MESSAGE | strings) | contains($text))] | length'; }

# venue METHOD PATH [JSON]: with the key; the answer's body. Fails on an answer that is none of 2xx.
venue() {
    local body=()
    [ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data "$3")
    curl -sS --fail-with-body --max-time 20 -X "$1" -H 'APCA-API-KEY-ID: SIMKEY' -H 'APCA-API-SECRET-KEY: SIMSECRET' \
        "${body[@]}" "$VENUE$2"
}
# truth FILTER: a jq filter over everything the venue holds.
truth() { venue GET /sim/truth | jq -r "$1"; }

# lay_list DATE: the attested watchlist of that session becomes the deployment's.
lay_list() {
    install -d -o trading -g trading -m 700 "$ROOT"
    local file
    for file in /scenario/lists/"$1"/*; do
        [ "${file##*/}" = made-of ] || install -o trading -g trading -m 600 "$file" "$ROOT/"
    done
}
