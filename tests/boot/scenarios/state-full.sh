#: about execution on a full or read-only disk opens nothing, and what it holds keeps stop and manager
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
#: timeout 180
. /scenario/hazards.sh

install -d -o trading -g trading -m 700 "$ROOT"
mount -t tmpfs -o size=64m,mode=700,uid="$(id -u trading)",gid="$(id -g trading)" state "$ROOT"
hold_positions
bought() { truth '[.orders[] | select(.side == "buy")] | length'; }
fill() { dd if=/dev/zero of="$ROOT/filler" bs=64k 2>/dev/null || true; dd if=/dev/zero of="$ROOT/filler2" bs=1 count=65536 2>/dev/null || true; }
later() { venue POST /sim/advance '{"seconds":60}' > /dev/null; }
fill
expect "$(df --output=avail "$ROOT" | tail -n1 | tr -d ' ')" 0 'room left'
before=$(bought)
for _ in 1 2 3 4 5; do later; pause; done
expect "$(bought)" "$before" 'openings with a full disk'
wait_for 20 every_position_has_its_stop
expect_show execution.service ActiveState active
expect_show execution.service NRestarts 0

# A crash on a full disk: it comes back and manages.
drop_in execution.service <<'S'
[Service]
RestartSec=200ms
S
crash KILL
for _ in 1 2 3; do later; pause; done
expect "$(bought)" "$before" 'openings after a crash with a full disk'
wait_for 20 every_position_has_its_stop
