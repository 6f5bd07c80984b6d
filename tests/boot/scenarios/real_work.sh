#: about each program does its real work in its installed sandbox: scan, gate, execution, restart, eod, alert
#: venue --session 2026-10-15 --start 09:51
#: inputs 2026-10-15
#: timeout 180
. /scenario/hazards.sh

# The scan has no network, so no venue to ask for the time: it is told the day of its data, and nothing of its sandbox is
# changed.
undo_venue scan.service
install -D -m 644 /dev/stdin /etc/systemd/system/scan.service.d/99-day.conf <<'S'
[Service]
ExecStart=
ExecStart=/usr/lib/portcullis/bin/scanner scan --as-of 2026-10-14
S
systemctl daemon-reload
expect_show scan.service PrivateNetwork yes
install -d -o trading -g trading -m 700 "$ROOT" "$ROOT/cache"
install -o trading -g trading -m 600 /scenario/inputs/cache/* "$ROOT/cache/"

# By the scan's success the restart, by the restart's success execution, through its gate.
systemctl start scan.service
wait_for 30 is_shown execution.service ActiveState active
expect_show scan.service Result success
expect "$(stat -c '%U %a' "$ROOT/daily_candidates.attest.json")" 'trading 600' 'the attestation'
rows=$(($(wc -l < "$ROOT/daily_candidates.csv") - 1))
[ "$rows" -gt 5 ] || fail "the scan found $rows candidates"
figure candidates "$rows"
expect_show execution-restart.service Result success
matches "$(journal -t gate | jq -r .MESSAGE)" '^OK: Watchlist is fresh'
[ "$(said execution.service 'READY: reconciled with the broker')" -eq 1 ] || fail 'execution did not agree with the broker'

# It trades: recorded, sent, filled, protected.
pass 300 covered
ledger() { sqlite3 -readonly "$ROOT/data/execution_v2.sqlite" "$1"; }
[ "$(ledger 'SELECT count(*) FROM intents')" -ge "$(orders)" ] || fail 'an order without its intent'
[ "$(ledger 'SELECT count(*) FROM executions')" -gt 0 ] || fail 'no execution is recorded'
figure orders "$(orders)"
figure positions "$(truth '.positions | length')"

# A crash, told by desk in the same sandbox; and the loop goes on.
quicken execution.service
comes_back KILL
told execution.service 1 || fail 'the crash is not told'
covered || fail 'a position lost its stop'

# The end of the day. No entry is left that could be filled on the way there.
desk kill --reason 'the day is over' > /dev/null
pass 120 settled
venue POST /sim/advance '{"to":"2026-10-15T16:15:00-04:00"}' > /dev/null
covered_or_flat() { covered || is_true '.positions | length == 0'; }
pass 120 covered_or_flat
systemctl start eod.service
expect_show eod.service Result success
[ "$(journal -u eod.service | jq -rs '[.[] | select(._COMM == "desk")] | length')" -gt 0 ] || fail 'eod says nothing'
systemctl stop execution.service
expect_show execution.service Result success

# No sandbox was met on the way. (systemd 252 sets up a loopback of a new network as a user who may not.)
met=$(journal _SYSTEMD_UNIT=execution.service + _SYSTEMD_UNIT=scan.service + _SYSTEMD_UNIT=eod.service \
    + _SYSTEMD_UNIT=execution-restart.service + _PID=1 |
    jq -r '.MESSAGE | strings' | grep -v 'configure loopback network device' |
    grep -iE 'not permitted|permission denied|EPERM|EACCES|SIGSYS|bad system call|read-only file system' || true)
expect "$met" '' 'words of a sandbox'
