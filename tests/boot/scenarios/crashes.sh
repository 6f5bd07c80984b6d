#: about many crashes in a row: it keeps coming back and each is told; with a start limit nobody would manage
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
quicken execution.service
hold_a_position
before=$(stops)
mark
for crashes in {1..12}; do
    crash execution.service KILL
    wait_for 20 is_up_anew execution.service "$PID"
done
expect_show execution.service NRestarts "$crashes"
expect "$(alerts execution.service | count)" "$crashes" alerts
pass 60 covered
expect "$(stops)" "$before"

# The limit of hand-written units: three starts in five minutes.
printf '[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=3\n' > /etc/systemd/system/execution.service.d/97-limit.conf
systemctl daemon-reload
for _ in {1..4}; do
    is_shown execution.service ActiveState active || break
    crash execution.service KILL
    given_up() { is_shown execution.service ActiveState failed; }
    over() { given_up || is_up_anew execution.service "$PID"; }
    wait_for 20 over
done
expect_show execution.service ActiveState failed
expect "$(pid_of execution.service)" 0
covered || fail "stops lie at the venue whoever runs"
expect "$(stops)" "$before"
expect "$(bought)" 1
no_order_was_sent_twice
