#: about a process that hangs with a position: the watchdog ends it, it is told, started again, nothing doubled
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
quicken execution.service
# Two seconds instead of sixty.
printf '[Service]\nWatchdogSec=2s\n' > /etc/systemd/system/execution.service.d/96-watchdog.conf
systemctl daemon-reload
hold_a_position
before=$(stops)
mark
crash execution.service STOP
wait_for 20 is_up_anew execution.service "$PID"
expect_show execution.service NRestarts 1
# systemd 257 says it at that priority, too.
expect "$(alerts execution.service | grep ALERT | count)" 1 "alerts of a hang"
matches "$(alerts execution.service)" 'ALERT execution.service failed: watchdog'
pass 60 covered
expect "$(stops)" "$before"
expect "$(bought)" 1
no_order_was_sent_twice
