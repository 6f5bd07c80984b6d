#: about units of a lingering login run from boot on, behind the gate, with keys of their own and a home that is empty to them
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
#: timeout 180

. /scenario/login.sh

if [ "$BOOT" = 1 ]; then
    a_login
    mkdir -p $home/.config/portcullis/credentials/avwap
    manifest=$home/.config/portcullis/avwap.toml
    MANIFEST_OF=/etc/portcullis/avwap.toml her_manifest > $manifest
    printf '[jobs.status]\nprogram = "desk"\nargs = ["status"]\nschedule = "Mon..Fri 09:30..16:00/5m"\n' >> $manifest
    unitgen=$BIN/unitgen

    say 'a login that does not linger is no host'
    ! $unitgen check $manifest --host --without-ntp > /tmp/check 2>&1 || fail 'it passed'
    matches "$(cat /tmp/check)" 'host\[no-linger\]: trader'
    matches "$(cat /tmp/check)" 'host\[credential-missing\]: ~/.config/portcullis/credentials/avwap/APCA_API_KEY_ID'
    loginctl enable-linger trader
    wait_for 60 is_shown "user@$id.service" ActiveState active
    her_keys
    echo hush > $home/.config/portcullis/credentials/avwap/OF_SOMEBODY_ELSE
    chmod -R go= $home/.config/portcullis
    echo private > $home/letter
    chown -R trader: $home
    $unitgen check $manifest --host --without-ntp > /tmp/check 2>&1 || fail "$(cat /tmp/check)"

    say 'a render says what their manager cannot hold'
    as_trader $unitgen render $manifest --target systemd --out $units > /tmp/render 2>&1 || fail "$(cat /tmp/render)"
    for directive in IPAddressDeny SocketBindDeny DevicePolicy ProtectKernelLogs; do
        matches "$(cat /tmp/render)" "note: this target cannot hold $directive=:"
    done
    to_the_venue $units execution eod scan status
    to_the_venue $units execution-restart
    rm -r $units/execution-restart.service.d $units/execution.timer.d
    chown -R trader: $units
    hers daemon-reload
    hers enable --quiet avwap.target
    hers start avwap.target

    say 'flat and without a list the gate keeps it from starting'
    is_hers execution.service ActiveState inactive || fail "$(hers status execution.service --no-pager)"
    is_hers execution.service Result exec-condition || matches "$(journal_of execution.service)" 'refused'

    say 'a job that reads'
    hers start status.service || fail "$(journal_of status.service)"
    matches "$(journal_of status.service)" 'REFUSED: there is no watchlist'

    say 'with a list of today it starts'
    her_state
    say "state: $state"
    echo "$state" > /scenario/out/state
    her_list 2026-10-15
    hers start execution.service || fail "$(journal_of execution.service)"
    is_hers execution.service ActiveState active || fail "$(journal_of execution.service)"

    say 'its sandbox: nothing of the home but state and manifest, no other key, no way to the manager'
    pid=$(shown execution.service MainPID)
    [ -n "$pid" ] && [ "$pid" != 0 ] || fail 'no process'
    inside() { nsenter --target "$pid" --mount -- "$@"; }
    expect "$(find "/proc/$pid/root$home" -type f ! -path '*/avwap/*' | sed "s|/proc/$pid/root||")" $manifest 'files of the home'
    expect "$(ls -A "/proc/$pid/root/run/user/$id/systemd")" notify "what it reaches of the manager"; [ ! -e "/proc/$pid/root/run/user/$id/systemd/private" ] || fail 'it reaches the manager that could run anything for it'
    [ ! -e "/proc/$pid/root/run/user/$id/bus" ] || fail 'it reaches the bus'
    expect "$(grep -E '^(NoNewPrivs|Seccomp):' /proc/"$pid"/status | tr -s '\t\n' ' ')" 'NoNewPrivs: 1 Seccomp: 2 ' 'privileges'
    expect "$(grep ^CapBnd: /proc/"$pid"/status | tr -d '\t')" 'CapBnd:0000000000000000' capabilities
    ! tr '\0' '\n' < "/proc/$pid/environ" | grep -E 'SIMKEY|SIMSECRET' || fail 'a key is in the environment'
    [ -d "/proc/$pid/root/run/user/$id/portcullis" ] || fail 'no place for the lock of the account'

    say 'a crash is followed by a start, and its end is told'
    kill -KILL "$pid"
    is_anew() { is_hers execution.service ActiveState active && [ "$(shown execution.service MainPID)" != "$pid" ]; }
    wait_for 30 is_anew
    hers stop execution.service
    reboot_guest
fi

say 'after a boot, without a login, they stand again'
wait_for 30 is_shown "user@$id.service" ActiveState active
wait_for 30 is_hers avwap.target ActiveState active
for timer in scan execution-restart eod status; do expect "$(shown $timer.timer ActiveState)" active $timer.timer; done
wait_for 30 is_hers execution.service ActiveState active
expect "$(loginctl list-sessions --no-legend | count)" 0 'sessions'
