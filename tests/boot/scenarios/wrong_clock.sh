#: about an hour between two clocks opens nothing and moves no stop; a clock set back overnight: timers fire again, nothing is done twice
#: on vm
#: at 2026-10-15T12:25:00
#: venue --seed 8 --days 3
#: days 2026-10-15 2026-10-16
#: manifest s/EXECUTION_POLL_SECONDS = "60"/EXECUTION_POLL_SECONDS = "5"/
#: timeout 240
open_venue
bars 2026-10-15
systemctl start scan.timer
clock '2026-10-15 12:29:57'
wait_for 60 is_shown execution.service ActiveState active

# The broker's clock is an hour ahead: nothing is opened, and it says so once.
venue POST /sim/skew '{"seconds": 3600}' >/dev/null
clock '2026-10-15 13:50:50'
let_pass 30
expect "$(bought)" ''
expect "$(alerts execution.service)" 1
matches "$(journal -u execution.service -p err | jq -r '.MESSAGE | strings')" 'clocks .* disagree, nothing is opened'
venue POST /sim/skew '{"seconds": 0}' >/dev/null
wait_for 120 are_held 2
# An hour behind, with positions: their stops stay.
venue POST /sim/skew '{"seconds": -3600}' >/dev/null
let_pass 20
every_position_has_its_stop
venue POST /sim/skew '{"seconds": 0}' >/dev/null

clock '2026-10-16 03:00:00'
let_pass 10
every_position_has_its_stop
entries=$(bought)
manager=$(show execution.service MainPID)

# Set back behind yesterday's scan. systemd takes the slot for one that is still to come; the broker's clock goes on.
clock '2026-10-15 12:29:57'
wait_for 60 have_run scan.service 2
wait_for 60 is_another execution.service "$manager"
clock '2026-10-15 14:00:00'
let_pass 20
expect "$(bought)" "$entries"
every_position_has_its_stop

# Right again: the next morning is one like any other.
manager=$(show execution.service MainPID)
bars 2026-10-16
clock '2026-10-16 12:29:57'
wait_for 60 have_run scan.service 3
wait_for 60 is_another execution.service "$manager"
matches "$(journal -u execution.service | jq -r '.MESSAGE | strings' | tail -n 12)" 'OK: Watchlist is fresh .* session 2026-10-16'
expect "$(bought)" "$entries"
every_position_has_its_stop
no_order_was_sent_twice
