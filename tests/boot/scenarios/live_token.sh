#: about LIVE: armed, it trades; without its token it manages what it holds, opens nothing, and says which key fails
#: venue --session 2026-10-15 --start 09:51 --account 123456789
#: lists 2026-10-15
#: manifest s/^account = .*/account = "123456789"/
#: manifest s/^mode = "paper"/mode = "live"/
#: manifest s/^live = "never"/live = "armed"/
#: manifest s/^(keys = \[)/\1"LIVE_CONFIRM_TOKEN", /
. /scenario/hazards.sh
lay_list 2026-10-15
token=/etc/portcullis/credentials/avwap/LIVE_CONFIRM_TOKEN

# Flat and not armed: it does not start, once.
start_execution
expect_show execution.service ExecMainStatus 77
expect_show execution.service NRestarts 0
told execution.service 1 || fail 'a refused live start is not told'
stop_execution

# Armed by root as the runbook has it, the token given to the unit.
env STATE_DIRECTORY="$ROOT" PORTCULLIS_CLOCK=venue APCA_API_BASE_URL="$VENUE" \
    "$BIN/desk" arm --manifest /etc/portcullis/avwap.toml --yes-account 123456789
install -m 600 "$ROOT/state/live_confirm_token.txt" "$token"
secret=$(cat "$token")
hold_positions
matches "$(journal -u execution.service | jq -r .MESSAGE)" 'Gate mode=LIVE status=PASS'
[ "$(bought)" -gt 0 ] || fail 'armed, it bought nothing'

# Its token is lost: it starts, manages, opens nothing.
rm "$token"
entries=$(bought)
mark
systemctl restart execution.service
expect_show execution.service ActiveState active
matches "$(since -u execution.service | jq -r .MESSAGE)" 'LIVE_CONFIRM_TOKEN'
taken=$(stops)
for stop in $taken; do venue DELETE "/v2/orders/$stop"; done
covered_anew() { covered && [ "$(stops)" != "$taken" ]; }
pass 120 covered_anew
expect "$(bought)" "$entries" 'entries without the token'

# The token is nowhere to be read.
{ systemctl show execution.service; systemctl cat execution.service; cat /proc/[0-9]*/cmdline | tr '\0' '\n'; journal | jq -r '.MESSAGE | strings'
  tr '\0' '\n' < "/proc/$(pid_of execution.service)/environ"; } > /tmp/searched
! grep -q "$secret" /tmp/searched || fail 'the token is told'
