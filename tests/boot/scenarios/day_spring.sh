#: about a whole day by timers, and the Monday after New York changed to summer time; Friday's process still runs
#: on vm
#: at 2026-03-06T13:00:00
#: venue --seed 8 --days 3
#: days 2026-03-06 2026-03-09
#: manifest s/EXECUTION_POLL_SECONDS = "60"/EXECUTION_POLL_SECONDS = "5"/
#: timeout 240
open_venue
bars 2026-03-06
systemctl enable --now avwap.target
expect "$(fires scan.timer)" '2026-03-06 13:30:00'
# Nothing was scanned yet: the target's start of execution is refused, and told.
expect_show execution.service ActiveState inactive

clock '2026-03-06 13:29:57'
wait_for 60 is_shown execution.service ActiveState active
expect_show scan.service Result success
first=$(show execution.service MainPID)

clock '2026-03-06 13:39:57'
wait_for 60 is_another execution.service "$first"
second=$(show execution.service MainPID)
expect "$(truth '.orders | length')" 0

clock '2026-03-06 14:50:50'
wait_for 120 are_held 2
every_position_has_its_stop

clock '2026-03-06 21:14:57'
wait_for 60 is_over eod.service
expect_show eod.service Result success
every_position_has_its_stop
expect_show execution.service MainPID "$second"
expect "$(fires scan.timer)" '2026-03-09 12:30:00'
expect "$(fires eod.timer)" '2026-03-09 20:15:00'

bars 2026-03-09
clock '2026-03-09 12:29:57'
wait_for 60 is_another execution.service "$second"
expect "$(times scan.service)" 2
expect "$(times execution-restart.service)" 3
matches "$(date -u '+%F %T')" '^2026-03-09 12:30:'
every_position_has_its_stop
no_order_was_sent_twice
