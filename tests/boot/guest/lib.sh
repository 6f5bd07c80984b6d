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

# venue METHOD PATH [JSON]: with the key; the answer's body. Fails on an answer that is none of 2xx, and the scenario with it,
# if only at its end: within "$(...)" nobody sees a failure, and no answer looks like an answer of nothing.
venue() {
    local body=()
    [ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data "$3")
    curl -sS --fail-with-body --max-time 20 -X "$1" -H 'APCA-API-KEY-ID: SIMKEY' -H 'APCA-API-SECRET-KEY: SIMSECRET' \
        "${body[@]}" "$VENUE$2" || { echo "$1 $2: ended $?" >> /scenario/unanswered; return 1; }
}
# truth FILTER: a jq filter over everything the venue holds.
truth() { venue GET /sim/truth | jq -r "$1"; }

# no_list: nothing of any scan is left.
no_list() { rm -f "$ROOT"/daily_candidates.* "$ROOT"/scan_run.json; }

# lay_list DATE: the attested watchlist of that session becomes the deployment's.
lay_list() {
    no_list
    install -d -o trading -g trading -m 700 "$ROOT"
    local file
    for file in /scenario/lists/"$1"/*; do
        [ "${file##*/}" = made-of ] || install -o trading -g trading -m 600 "$file" "$ROOT/"
    done
}

# quicken UNIT: restarts in a fifth of a second instead of the policy's ten, for scenarios that count restarts.
quicken() {
    mkdir -p "/etc/systemd/system/$1.d"
    printf '[Service]\nRestartSec=200ms\n' > "/etc/systemd/system/$1.d/95-quick.conf"
    systemctl daemon-reload
}

# mark: from here on; since ARGUMENTS...: what the journal of this boot got after it. (A cursor is of no use: with a filter
# journalctl 252 leaves out the first record after it.)
mark() {
    journalctl --sync
    MARK=$(journalctl -b -n 1 -o json | jq -r .__MONOTONIC_TIMESTAMP)
}
since() { journal -b "$@" | jq -c --argjson mark "$MARK" 'select((.__MONOTONIC_TIMESTAMP | tonumber) > $mark)'; }
# alerts UNIT: records of the unit at priority err or above since the mark, one a line.
alerts() { since -u "$1" -p err | jq -r '.MESSAGE'; }
# count: lines of its input.
count() { grep -c '' || true; }

# is_down UNIT: not running and nothing will start it: no automatic restart is due, no job waits.
is_down() {
    is_shown "$1" ActiveState inactive && is_shown "$1" SubState dead && ! systemctl list-jobs --no-legend | grep -qF "$1"
}
pid_of() { show "$1" MainPID; }
# is_up_anew UNIT PID: runs, and not as that process.
is_up_anew() { is_shown "$1" ActiveState active && [ "$(pid_of "$1")" != "$2" ] && [ "$(pid_of "$1")" != 0 ]; }

# The venue's clock, as it stands and when the first sleeper wants to be woken; seconds since 1970.
venue_now() { date -d "$(venue GET /sim/clock | jq -r .timestamp)" +%s; }
is_asleep() { venue GET /sim/sleepers | jq -e 'any(.sleepers[]; .participant == "execution")'; }
next_waking() {
    local until
    until=$(venue GET /sim/sleepers | jq -r '[.sleepers[].until] | min // empty')
    [ -z "$until" ] || date -d "$until" +%s
}
advance_to() { venue POST /sim/advance "{\"to\": \"$(date -u -d "@$1" +%FT%TZ)\"}" > /dev/null; }

# pass SECONDS [CONDITION...]: the venue's time goes by, from one waking of execution to the next, so that it acts as it
# would in real time; until so much has passed, or the condition holds, which then must.
pass() {
    local target next
    target=$(($(venue_now) + $1))
    shift
    while :; do
        wait_for 30 is_asleep
        [ $# -eq 0 ] || ! "$@" > /dev/null 2>&1 || return 0
        [ "$(venue_now)" -lt "$target" ] || break
        # The second after, so that the fraction of a second is not waited for in vain.
        next=$(next_waking)
        # Something else has woken it meanwhile.
        [ -n "$next" ] || continue
        next=$((next + 1))
        advance_to $((next < target ? next : target))
    done
    [ $# -eq 0 ] || fail "not so after that time of the venue's: $*"
}

# What the venue holds, as the guarantees have it.
OPEN='(.status | IN("Filled", "Canceled", "Expired", "Rejected", "Replaced", "DoneForDay") | not)'
is_true() { truth "$1" | grep -qx true; }
# covered: there are positions, every one in full under protective stops, and not under more.
covered() {
    is_true ". as \$all | (.positions | length > 0) and all(.positions[]; . as \$held
        | [\$all.orders[] | select(.symbol == \$held.symbol and .side == \"sell\" and .kind.type == \"stop\" and $OPEN)
           | (.qty | tonumber) - (.filled_qty | tonumber)] | add == (\$held.qty | tonumber))"
}
# settled: covered, and nothing is being bought.
settled() { covered && is_true "any(.orders[]; .side == \"buy\" and $OPEN) | not"; }
bought() { truth '[.orders[] | select(.side == "buy")] | length'; }
stops() { truth "[.orders[] | select(.kind.type == \"stop\" and $OPEN) | .id] | sort | join(\" \")"; }
# no_double: no symbol was bought twice.
no_double() {
    is_true '[.orders[] | select(.side == "buy") | .symbol] | length == (unique | length)' ||
        fail "a symbol was bought twice: $(truth '[.orders[] | select(.side == "buy")]')"
}

# no_order_was_sent_twice: every order that reached the venue's door had an id of its own. One that the venue refuses as known
# is none of its orders: the door alone tells.
no_order_was_sent_twice() {
    local sent
    sent=$(venue GET /sim/requests | jq -c 'if .[0].number == 1 then . else error("the first requests are forgotten") end
        | [.[] | select(.method == "POST" and .path == "/v2/orders") | .body | fromjson.client_order_id]')
    [ "$(jq length <<< "$sent")" -gt 0 ] || fail 'no order was sent at all'
    expect "$(jq -r 'group_by(.) | map(select(length > 1) | .[0]) | join(" ")' <<< "$sent")" '' 'sent twice'
}

# hold_a_position [DATE]: execution runs on the list of that session and has bought; stops lie at the venue.
hold_a_position() {
    lay_list "${1:-2026-10-15}"
    systemctl start execution.service
    expect_show execution.service ActiveState active
    pass 300 settled
    say "held: $(truth '[.positions[] | "\(.qty) \(.symbol)"] | join(", ")') at $(venue GET /sim/clock | jq -r .timestamp)"
}

# crash UNIT SIGNAL: its main process gets the signal; PID tells which one it was.
crash() {
    PID=$(pid_of "$1")
    [ "$PID" != 0 ] || fail "$1 has no process"
    kill -s "$2" "$PID"
}

# reboot_guest: down through systemd's own shutdown and up again; the scenario begins anew with BOOT one higher.
reboot_guest() {
    systemctl reboot
    # Ended with everything else.
    while :; do pause; done
}
