# The units as they are rendered, laid by hand: gate, readiness, watchdog, keys, stop.
# A target that puts containers beside units lies below /etc.
to=/etc/systemd/system
[ ! -d /scenario/rendered/containers ] || to=/etc
find /scenario/rendered -type f -exec sed -i "s|registry.example/portcullis@sha256:[0-9a-f]*|$image|" {} +
cp -r /scenario/rendered/. "$to"
install -d "$BIN"
# shellcheck disable=SC2016
printf '#!/bin/bash\necho "gate for $(id -un)"\nexit "$(cat /run/gate 2>/dev/null || echo 0)"\n' > "$BIN/gate"
# shellcheck disable=SC2016
printf '#!/bin/bash\necho "alert for $(id -un): $SERVICE_RESULT ${EXIT_STATUS:-}"\n' > "$BIN/desk"
chmod 755 "$BIN"/*
mkdir -p /etc/systemd/system/execution.service.d
printf '[Service]\nRestartSec=1\nWatchdogSec=5\n' > /etc/systemd/system/execution.service.d/95-quick.conf
systemctl daemon-reload

# The gate stands outside, is the user's, and refuses before there is a container.
echo 75 > /run/gate
systemctl start execution.service
expect_show execution.service ActiveState inactive
expect "$(said execution.service 'inside:')" 0 'what ran although the gate refused'
[ "$(said execution.service 'alert for trading: exec-condition')" -eq 1 ] || fail 'the refusal is not told'
rm /run/gate

# READY comes from inside; systemd's main process is conmon, whose end is the program's.
systemctl start execution.service
expect_show execution.service ActiveState active
[ "$(said execution.service 'inside: ready')" -eq 1 ] || fail 'active before the program was ready'
expect "$(cat "/proc/$(pid_of execution.service)/comm")" conmon 'the main process'
inside=$(journal -u execution.service | jq -r '.MESSAGE | strings | select(startswith("inside: "))')
matches "$inside" "uid $(id -u trading) umask 0077 arguments run\$"
matches "$inside" 'capabilities 0000000000000000 new privileges 1'
matches "$inside" 'key SIMKEY, hidden 0$'
expect "$(grep -o 'can .*' <<<"$inside" | sed 's/ [^ ]*avwap/ STATE/' | sort | tr '\n' ',')" \
    'can write /run/portcullis/x,can write STATE/x,' 'what the program may do'
variables=$(sed -n 's/^inside: variables //p' <<<"$inside")
for variable in PORTCULLIS_MANIFEST_DIGEST EXECUTION_MODE STATE_DIRECTORY RUNTIME_DIRECTORY WATCHDOG_USEC CREDENTIALS_DIRECTORY; do
    matches " $variables" " $variable "
done
! grep -q FOREIGN <<<"$variables" || fail 'the image set a variable'
podman inspect avwap.execution > "$OUT/inspect"
! grep -Eq 'SIMKEY|SIMSECRET' "$OUT/inspect" || fail 'podman inspect shows a key'
expect "$(stat -c '%U %a' /run/execution.credentials/APCA_API_KEY_ID)" 'trading 400' 'the copy of the key'

# Signs of life come out, a second apart: more of them than the watchdog waits seconds, and nothing is restarted. Hung, it is
# replaced.
has_signs() { [ "$(grep -c alive "$ROOT/signs")" -ge 8 ]; }
wait_for 60 has_signs
expect_show execution.service NRestarts 0
touch "$ROOT/hang"
wait_for 40 is_shown execution.service NRestarts 1
rm "$ROOT/hang"
wait_for 20 is_shown execution.service ActiveState active

# A crash is followed by a start, a refusal by none.
podman kill -s KILL avwap.execution >/dev/null
wait_for 20 is_shown execution.service NRestarts 2
wait_for 20 is_shown execution.service ActiveState active
systemctl stop execution.service
expect_show execution.service Result success
[ "$(said execution.service 'inside: asked to end')" -ge 1 ] || fail 'it was not asked to end'
[ ! -e /run/execution.credentials ] || fail 'the copy of the keys is still there'
echo 65 > "$ROOT/code"
systemctl start execution.service || true
wait_for 10 is_shown execution.service ActiveState failed
expect_show execution.service ExecMainStatus 65
expect_show execution.service NRestarts 0
rm "$ROOT/code"
systemctl reset-failed

# Without a key nothing starts, and nothing is tried again.
mv /etc/portcullis/credentials/avwap/APCA_API_KEY_ID /root/
systemctl start execution.service || true
wait_for 10 is_shown execution.service ActiveState failed
expect_show execution.service ExecMainStatus 243
expect_show execution.service NRestarts 0
systemctl reset-failed
mv /root/APCA_API_KEY_ID /etc/portcullis/credentials/avwap/

# A job: without a network, with what it must not write read-only.
mark
systemctl start scan.service
expect_show scan.service Result success
inside=$(since -u scan.service | jq -r '.MESSAGE | strings | select(startswith("inside: "))')
matches "$inside" 'arguments scan$'
expect "$(grep -o 'can .*' <<<"$inside" | sed 's/ [^ ]*avwap/ STATE/' | sort | tr '\n' ',')" 'can write STATE/x,' 'what the scan may do'
