#: about a scan's success starts execution without waiting for a timer, also in place of yesterday's process; stops stay
#: venue --session 2026-10-14 --start 09:51
#: lists 2026-10-13 2026-10-14
#: inputs 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nMAX_LIVE_POSITIONS = "1"/
# Yesterday's list refuses a start today.
lay_list 2026-10-13
mark
systemctl start execution.service
wait_for 5 is_down execution.service
expect "$(alerts execution.service | count)" 1

# Yesterday, as it should be: a position, and a process that runs on into the next day.
hold_a_position 2026-10-14
entries=$(bought) before=$(stops) invocation=$(show execution.service InvocationID)
advance_to "$(date -d '2026-10-15 08:31 EDT' +%s)"
wait_for 30 is_asleep
covered || fail "the stop is good till cancelled"
expect_show execution.service InvocationID "$invocation"

# The scan of today.
install -d -o trading -g trading "$ROOT/cache"
install -o trading -g trading /scenario/inputs/cache/* "$ROOT/cache/"
mark
systemctl start scan.service
expect_show scan.service Result success
is_anew() { is_shown execution.service ActiveState active && ! is_shown execution.service InvocationID "$invocation"; }
wait_for 20 is_anew
wait_for 30 is_asleep
expect_show execution-restart.service Result success
expect "$(stops)" "$before" "stops at the venue"
expect "$(bought)" "$entries"
expect "$(alerts execution.service | count)" 0
matches "$(since -u execution.service | jq -r .MESSAGE)" '^OK: Watchlist is fresh for today \(NY\): session 2026-10-15'
matches "$(since -u execution.service | jq -r .MESSAGE)" 'Stopped|Deactivated successfully'
no_order_was_sent_twice
