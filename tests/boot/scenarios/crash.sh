#: about a crash and an abort with a position: restarts as the policy says, every end told once, nothing doubled
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
# Bought, not filled yet: what fills while nobody runs is found.
lay_list 2026-10-15
systemctl start execution.service
being_bought() { is_true "any(.orders[]; .side == \"buy\" and $OPEN)"; }
pass 60 being_bought
mark
crash execution.service KILL
at=$(date +%s%N)
venue POST /sim/advance '{"seconds": 5}' > /dev/null
wait_for 20 is_up_anew execution.service "$PID"
figure "restart s" $((($(date +%s%N) - at) / 1000000000))
[ $((($(date +%s%N) - at) / 1000000)) -ge 9500 ] || fail "the policy waits ten seconds"
expect_show execution.service NRestarts 1
expect "$(alerts execution.service | count)" 1 "alerts of a kill"
matches "$(alerts execution.service)" 'ALERT execution.service failed: signal \(killed KILL\)'
pass 120 settled
expect "$(bought)" 1

quicken execution.service
mark
crash execution.service ABRT
wait_for 20 is_up_anew execution.service "$PID"
pass 60 covered
expect "$(alerts execution.service | count)" 1 "alerts of an abort"
expect "$(bought)" 1
no_order_was_sent_twice
