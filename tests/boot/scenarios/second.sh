#: about a second execution for the account refuses with 76, by hand and as another unit, and disturbs nothing
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-15
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nALLOWLIST_SYMBOLS = "BRZQ"/
hold_a_position
pid=$(pid_of execution.service) invocation=$(show execution.service InvocationID)

by_hand() {
    local environment
    read -ra environment <<< "$(show execution.service Environment)"
    setpriv --reuid trading --regid trading --clear-groups env -i "${environment[@]}" STATE_DIRECTORY="$ROOT" \
        RUNTIME_DIRECTORY=/run/portcullis APCA_API_KEY_ID=SIMKEY APCA_API_SECRET_KEY=SIMSECRET "$BIN/execution" run
}
code=0
by_hand > /tmp/by-hand 2>&1 || code=$?
expect "$code" 76 "by hand"
cat /tmp/by-hand

cp -r /etc/systemd/system/execution.service /etc/systemd/system/other.service
cp -r /etc/systemd/system/execution.service.d /etc/systemd/system/other.service.d
systemctl daemon-reload
mark
systemctl start other.service && fail "two run"
failed() { is_shown other.service ActiveState failed; }
wait_for 10 failed
expect_show other.service ExecMainStatus 76
expect_show other.service NRestarts 0
expect "$(alerts other.service | grep -c 'ALERT other.service failed: it ended with 76')" 1

expect "$(pid_of execution.service)" "$pid"
expect_show execution.service InvocationID "$invocation"
[ -d /run/portcullis ] || fail "the locks are gone"
pass 60 covered
expect "$(bought)" 1
no_order_was_sent_twice
