#: about shutdown and boot with a position: the end is clean, the stop stays, execution manages it again by itself
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
if [ "$BOOT" = 1 ]; then
    systemctl enable --quiet avwap.target
    hold_a_position
    stops > "$OUT/before"
    reboot_guest
fi
wait_for 20 is_shown execution.service ActiveState active
wait_for 30 is_asleep
expect "$(stops)" "$(cat "$OUT/before")" "stops over the reboot"
covered || fail "covered"
expect "$(bought)" 1
messages() { journal -b "$1" -u execution.service | jq -r '.MESSAGE'; }
matches "$(messages -1)" 'execution.service: Deactivated successfully'
expect "$(journal -b -1 -u execution.service -p err | count)" 0 "errors at shutdown"
matches "$(messages 0)" '^OK: Watchlist is fresh'
# It does not only run: a stop that is taken away is placed again.
taken=$(stops)
venue DELETE "/v2/orders/$taken"
covered_anew() { covered && [ "$(stops)" != "$taken" ]; }
pass 120 covered_anew
expect "$(bought)" 1
no_order_was_sent_twice
