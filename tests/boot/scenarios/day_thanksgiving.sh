#: about a holiday on which timers fire and nothing is opened, and the half-day after it
#: on vm
#: at 2026-11-25T21:30:00
#: venue --seed 8 --days 3
#: days 2026-11-25 2026-11-27
#: manifest s/EXECUTION_POLL_SECONDS = "60"/EXECUTION_POLL_SECONDS = "5"/
#: timeout 240
open_venue
bars 2026-11-27
systemctl enable --now avwap.target

clock '2026-11-26 13:29:57'
wait_for 60 have_run execution-restart.service 1
wait_for 30 was_refused 2
clock '2026-11-26 13:39:57'
wait_for 60 have_run execution-restart.service 2
wait_for 30 was_refused 3
clock '2026-11-26 21:14:57'
wait_for 60 is_over eod.service
expect_show eod.service Result success
expect_show execution.service ActiveState inactive
expect "$(truth '.orders | length')" 0
matches "$(journal -u execution.service | jq -r '.MESSAGE | strings')" 'Thanksgiving'

clock '2026-11-27 13:29:57'
wait_for 60 is_shown execution.service ActiveState active
first=$(show execution.service MainPID)
clock '2026-11-27 13:39:57'
wait_for 60 is_another execution.service "$first"
clock '2026-11-27 14:50:50'
wait_for 120 are_held 2
every_position_has_its_stop

# Half an hour before the close at one, and after the close.
clock '2026-11-27 17:29:50'
let_pass 30
expect "$(open_buys)" ''
entries=$(bought)
matches "$entries" '[A-Z]'
every_position_has_its_stop
clock '2026-11-27 17:59:50'
let_pass 30
expect "$(bought)" "$entries"
clock '2026-11-27 21:14:57'
wait_for 60 have_run eod.service 2
expect_show eod.service Result success
every_position_has_its_stop
expect "$(uniq -d <<<"$entries")" '' 'bought twice'
no_order_was_sent_twice
