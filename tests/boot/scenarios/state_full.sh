#: about execution on a full disk and on a read-only one opens nothing; what it holds keeps its stops and its manager
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: timeout 180
. /scenario/hazards.sh

install -d -o trading -g trading -m 700 "$ROOT"
mount -t tmpfs -o size=64m,mode=700,uid="$(id -u trading)",gid="$(id -g trading)" state "$ROOT"
hold_positions
quicken execution.service
entries=$(bought)

# manages WHAT: time goes by, somebody takes the stops away behind its back, it crashes; nothing is opened, all is covered.
manages() {
    local taken stop
    pass 40
    taken=$(stops)
    for stop in $taken; do venue DELETE "/v2/orders/$stop"; done
    covered_anew() { covered && [ "$(stops)" != "$taken" ]; }
    pass 120 covered_anew
    comes_back KILL
    pass 120 covered
    expect "$(bought)" "$entries" "entries with a state that is $1"
}

dd if=/dev/zero of="$ROOT/filler" bs=64k 2>/dev/null || true
dd if=/dev/zero of="$ROOT/crumbs" bs=1 count=65536 2>/dev/null || true
expect "$(df --output=avail "$ROOT" | tail -n1 | tr -d ' ')" 0 'room left'
manages full
rm "$ROOT/filler" "$ROOT/crumbs"
# With room it opens what was on offer all the time.
opens_more() { [ "$(bought)" -gt "$entries" ]; }
pass 120 opens_more
pass 120 settled
entries=$(bought)

# Nothing can be recorded, so nothing is sent: it ends with 73, which a restart may cure, tells each end, and stays at it.
kept=$(stops)
systemctl stop execution.service
mount -o remount,ro "$ROOT"
! touch "$ROOT/x" 2>/dev/null || fail 'the state can be written'
mark
systemctl start execution.service || true
expect_show execution.service ExecMainStatus 73
tries_again() { [ "$(show execution.service NRestarts)" -ge 2 ]; }
wait_for 20 tries_again
matches "$(alerts execution.service)" 'it ended with 73, cannot write state'
expect "$(stops)" "$kept" 'stops with a read-only state'
expect "$(bought)" "$entries" 'entries with a read-only state'
mount -o remount,rw "$ROOT"
wait_for 20 is_shown execution.service ActiveState active
pass 120 covered
no_order_was_sent_twice
