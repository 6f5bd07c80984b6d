#: about an execution-restart that cannot start: what it has stopped comes back all the same, and manages what is held
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
hold_a_position
first=$(pid_of execution.service)
held=$(stops)
mkdir -p /etc/systemd/system/execution-restart.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/lib/portcullis/bin/gone\n' \
    > /etc/systemd/system/execution-restart.service.d/95-gone.conf
systemctl daemon-reload
mark
! systemctl start execution-restart.service || fail "a program that is not there was started"
wait_for 20 is_up_anew execution.service "$first"
expect_show execution-restart.service Result exit-code
expect "$(alerts execution-restart.service | grep -c ALERT)" 1 "alerts"
wait_for 30 is_asleep
expect "$(stops)" "$held" "stops over the restart"
covered || fail "covered"
expect "$(bought)" 1
no_order_was_sent_twice
