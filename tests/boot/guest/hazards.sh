# For scenarios of hazards: what the documents of the systems before this one had installed, shown to bite under the systemd
# of this guest, and then what is installed here, shown not to. `docs/boot-hazards.md` is made of these lines, so each
# claim stands in single quotes on one line, and what follows it is the command that proves it.

# hazard NAME DOCUMENT WHAT: the lines below are about it.
hazard() { HAZARD=$1 BITTEN='' HELD=''; say "$1 ($2): $3"; }
# bites CLAIM COMMAND...: becomes true within seconds.
bites() { proven bites "$@"; BITTEN=yes; }
# bites_on 12|13 CLAIM COMMAND...: on that Debian alone.
bites_on() { local debian=$1; shift; [ "$debian" != "$(debian)" ] || bites "$@"; }
# ours CLAIM COMMAND...
ours() { [ -n "$BITTEN" ] || fail "$HAZARD was not shown to bite"; proven ours "$@"; HELD=yes; }
proven() {
    local word=$1 claim=$2
    shift 2
    [ $# -gt 0 ] || fail "$HAZARD: nothing proves: $claim"
    holds "$@" || fail "$HAZARD: $word: not so: $claim ($*)"
    say "    $word: $claim"
}
holds() {
    local end=$(($(date +%s%N) + 10 * 1000000000))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s%N)" -lt "$end" ] || return 1
        pause
    done
}
debian() { (. /etc/os-release && echo "$VERSION_ID"); }

# seed UNIT < TEXT: a unit or drop-in as the documents have it, but for its name and its programs.
seed() { install -D -m 644 /dev/stdin "/etc/systemd/system/seed-$1"; }
# stand_in NAME < SCRIPT: a program of theirs, by its effect.
stand_in() { install -D -m 755 <(echo '#!/bin/bash'; cat) "/seeds/$1"; }
# drop_in UNIT < TEXT: an operator's drop-in for a unit of ours, under a name that sorts last.
drop_in() { install -D -m 644 /dev/stdin "/etc/systemd/system/$1.d/99-by-hand.conf"; systemctl daemon-reload; }
undo_drop_in() { rm -f "/etc/systemd/system/$1.d/99-by-hand.conf"; systemctl daemon-reload; }

# ran NAME [TIMES]: how often a stand-in left its mark.
ran() { [ "$(cat "/seeds/ran-$1" 2>/dev/null | wc -l)" -eq "${2:-1}" ]; }
ran_more_than() { [ "$(cat "/seeds/ran-$1" 2>/dev/null | wc -l)" -gt "$2" ]; }
is_not() { ! "$@"; }
is_same() { [ "$1" = "$2" ]; }
needs_no_unit() { ! grep -q '\.service' <<<"$(show execution.service Requires) $(show execution.service Requisite) $(show execution.service BindsTo)"; }

# told UNIT N: its end was told so often since the boot.
told() {
    [ "$(journal -u "$1" -p err | jq -rs '[.[] | select((.MESSAGE | strings) | startswith("ALERT"))] | length')" -eq "$2" ]
}
# orders: how many the venue was sent.
orders() { truth '.orders | length'; }

# stale_list: yesterday's, which vouches for yesterday.
stale_list() { lay_list 2026-10-14; }
fresh_list() { lay_list 2026-10-15; }

# stays_out ALERTS [STATE]: execution did not come up, has told so many alerts since the boot, is not coming back, and sent
# nothing.
stays_out() {
    is_shown execution.service MainPID 0 && is_shown execution.service NRestarts 0 &&
        is_shown execution.service SubState "${2:-dead}" && told execution.service "$1" && [ "$(orders)" -eq 0 ]
}
# start_execution: whatever comes of it.
start_execution() { systemctl start execution.service || true; }
# stop_execution: and forget how it ended; alerts are counted afresh.
stop_execution() {
    systemctl stop execution.service
    systemctl reset-failed execution.service 2>/dev/null || true
}

# hold_positions: by the list of the day execution comes to hold something, all of it under stops.
hold_positions() {
    fresh_list
    systemctl start execution.service
    pass 300 covered
}
# comes_back SIGNAL: execution is sent the signal, and is back as another process.
comes_back() {
    crash execution.service "$1"
    wait_for 20 is_up_anew execution.service "$PID"
}
# desk ARGUMENTS...: as the operator runs it.
desk() { runuser -u trading -- env STATE_DIRECTORY="$ROOT" "$BIN/desk" "$@"; }
# undo_venue UNIT: without the drop-in that points it at the venue, which lends an offline job a network.
undo_venue() { rm -f "/etc/systemd/system/$1.d/90-venue.conf"; systemctl daemon-reload; }
