#: about a lingering login lays its own units: planned, refused while something is held, gone back by itself; its drift is found; all of it stands after a boot
#: deploy programs
#: venue --session 2026-10-15 --start 07:00
#: lists 2026-10-15
#: timeout 300
. /scenario/apply.sh
. /scenario/login.sh
UNITS=$units
GENERATIONS=$home/.local/state/portcullis/generations/avwap
MANIFEST=$home/.config/portcullis/avwap.toml
plans=$home/plans
unitgen() { as_trader "$BIN/unitgen" "$@"; }

# manifest NAME SECONDS [SED], planned NAME, lays NAME, is_laid SECONDS: as in apply.sh, of the login.
manifest() {
    {
        her_manifest "s/^EXECUTION_POLL_SECONDS.*/EXECUTION_POLL_SECONDS = \"$2\"/; ${3:-}"
        # Asks at an hour that this never sees.
        printf '\n[jobs.looks]\nprogram = "unitgen"\nargs = ["drift"]\nschedule = "Mon..Sun %s UTC"\ntimeout = "2m"\n' \
            "$(cat /scenario/out/hour)"
    } | as_trader tee "$plans/$1.toml" > /dev/null
}
planned() { ends 0 unitgen plan "$plans/$1.toml" -o "$plans/$1.plan"; }
lays() { planned "$1"; ends 0 unitgen apply "$plans/$1.plan" "${@:2}"; }
is_laid() {
    matches "$(shown execution.service Environment)" "EXECUTION_POLL_SECONDS=$1( |\$)"
    matches "$(cat $MANIFEST)" "^EXECUTION_POLL_SECONDS = \"$1\""
    expect "$(shown execution.service NeedDaemonReload)" no
    ends 0 unitgen verify
}
found() { ends 1 unitgen drift; for pattern in "$@"; do matches "$said" "$pattern"; done; }
settles() { ends 0 unitgen drift; matches "$said" "^avwap: [0-9]+ units and [0-9]+ properties"; }

if [ "$BOOT" = 1 ]; then
    wait_for 20 systemctl is-system-running --wait
    a_login
    her_keys
    as_trader mkdir "$plans"
    date -u -d '12 hours' +%H:%M > /scenario/out/hour
    manifest first 60

    say 'whose manager does not run is told what to do, and so is whoever is not that login'
    ends 75 unitgen plan $plans/first.toml -o $plans/first.plan
    matches "$said" 'refused\[no-manager\]: the manager of trader does not run'
    matches "$said" 'loginctl enable-linger trader'
    loginctl enable-linger trader
    wait_for 60 is_shown "user@$id.service" ActiveState active
    wait_for 20 hers is-system-running --wait
    ends 75 $BIN/unitgen plan $plans/first.toml -o /root/plan
    matches "$said" 'refused\[not-the-login\]: .* runs as user id 0'
    matches "$said" 'machinectl shell trader@'
    ends 75 as_trader env XDG_CONFIG_HOME=/home/trader/elsewhere $BIN/unitgen plan $plans/first.toml -o $plans/first.plan
    matches "$said" 'refused\[other-home\]: .* reads no units in /home/trader/elsewhere/systemd/user'

    say 'the search path is the one that its manager has'
    of_manager=$(hers show --property=UnitPath --value)
    expect "$of_manager" "$(as_trader systemd-analyze --user unit-paths | paste -sd ' ')" 'the search path'

    say 'the first is laid, enabled and well'
    planned first
    matches "$said" "write $units/default.target.wants/avwap.target"
    ends 0 unitgen apply $plans/first.plan --dry-run
    [ ! -e $units/avwap.target ] || fail 'files after --dry-run'
    ends 0 unitgen apply $plans/first.plan
    is_laid 60
    expect "$(current)" 1
    expect "$(hers is-enabled avwap.target)" enabled
    for unit in avwap.target scan.timer execution-restart.timer eod.timer; do is_hers $unit ActiveState active || fail "$unit"; done
    expect "$(stat -c '%a %U' $GENERATIONS)" '700 trader'
    [ ! -e $GENERATIONS/programs ] || fail "programs that are root's were kept"
    [ ! -e /var/lib/portcullis/generations ] || fail 'something was kept for the system'
    settles
    ends 0 unitgen apply $plans/first.plan
    matches "$said" 'this plan is laid already'
    say 'a job of its own finds the same, and its end is told'
    hers start looks.service || fail "$(journal_of looks.service)"
    matches "$(journal_of looks.service)" '^avwap: [0-9]+ units and [0-9]+ properties'
    hers set-property --runtime execution.service MemoryMax=1G
    ! hers start looks.service || fail 'it passed'
    matches "$(journal_of looks.service)" '^drift\[foreign-drop-in\]: execution.service '
    matches "$(journal_of looks.service)" 'ALERT looks.service failed: it ended with 1'
    rm -r /run/user/$id/systemd/user.control/execution.service.d
    hers daemon-reload
    hers reset-failed
    settles
    as_trader $BIN/unitgen diff $plans/first.toml host > /tmp/diff 2>&1 || fail "$(cat /tmp/diff)"

    say 'drift: foreign drop-ins, a masked timer, what is loaded and no file says'
    for folder in $units /etc/systemd/user /run/user/$id/systemd/user.control; do
        mkdir -p $folder/execution.service.d
        printf '[Service]\nExecCondition=\n' > $folder/execution.service.d/99-by-hand.conf
        chmod -R a+rX $folder/execution.service.d
        hers daemon-reload
        found '^lost: execution.service gate: ExecCondition= is cleared' \
            "^drift\[foreign-drop-in\]: execution.service .*$folder/execution.service.d/99-by-hand.conf" \
            '^drift\[property-differs\]: execution.service ExecCondition: '
        expect "$(grep -c '^drift' <<<"$said")" 2 "findings in $folder"
        rm $folder/execution.service.d/99-by-hand.conf
        found '^drift\[reload-needed\]: execution.service' '^drift\[loaded-drop-ins\]'
        hers daemon-reload
        settles
    done
    hers stop scan.timer
    mv $units/scan.timer /root/
    hers mask --quiet scan.timer
    found '^drift\[unit-masked\]: scan.timer' '^drift\[not-loaded\]: scan.timer: masked' '^lost: scan.timer '
    ends 73 unitgen plan $plans/first.toml -o $plans/first.plan
    hers unmask --quiet scan.timer
    found '^drift\[unit-missing\]: scan.timer'
    lays first
    expect "$(current)" 1 'what is restored is the generation that it was'
    hers set-environment APCA_API_BASE_URL=http://127.0.0.1:1
    found 'drift\[manager-environment\]: avwap.target APCA_API_BASE_URL'
    hers unset-environment APCA_API_BASE_URL
    hers disable --quiet avwap.target
    found 'drift\[not-enabled\]: avwap.target'
    lays first
    settles

    say 'another is laid and taken back'
    manifest second 50
    lays second
    is_laid 50
    expect "$(current)" 2
    ends 0 unitgen rollback
    is_laid 60
    expect "$(current)" 1
    matches "$(unitgen rollback --list)" '^\*   1 '

    say 'in the session, with something held, nothing is stopped'
    her_state
    echo "$state" > /scenario/out/state
    to_the_venue /etc/systemd/user execution eod scan execution-restart
    hers daemon-reload
    her_list 2026-10-15
    venue POST /sim/advance '{"to": "2026-10-15T09:40:00-04:00"}' > /dev/null
    hers start execution.service || fail "$(journal_of execution.service)"
    manifest third 40 's/PA30000000/PA30009999/'
    planned third
    ends 75 unitgen apply $plans/third.plan
    matches "$said" '^refused\[in-session\]'
    ends 1 unitgen apply $plans/third.plan --during-session
    matches "$said" '^failed +execution.service: it failed'
    matches "$said" '^went-back: '
    is_hers execution.service ActiveState active || fail "$(journal_of execution.service)"
    matches "$(shown execution.service Environment)" 'PORTCULLIS_ACCOUNT=PA30000000'
    pass 660
    pass 300 covered
    run="$(shown execution.service InvocationID) $(shown execution.service MainPID)"
    manifest fourth 30
    planned fourth
    ends 75 unitgen apply $plans/fourth.plan --during-session
    matches "$said" '^refused\[stops-orders\]: there is [0-9]+ positions'
    ends 75 unitgen rollback --to 2 --during-session
    matches "$said" '^refused\[stops-orders\]'
    ends 0 unitgen apply $plans/fourth.plan --during-session --keep-running
    expect "$(shown execution.service InvocationID) $(shown execution.service MainPID)" "$run" 'the run'
    covered || fail 'something is bare'
    no_double
    reboot_guest
fi

say 'after a boot, without a login, the same stands again'
wait_for 30 is_shown "user@$id.service" ActiveState active
wait_for 30 is_hers avwap.target ActiveState active
wait_for 30 is_hers execution.service ActiveState active
expect "$(loginctl list-sessions --no-legend | count)" 0 'sessions'
covered || fail 'something is bare'
found '^drift\[foreign-drop-in\]: execution.service /etc/systemd/user/execution.service.d/90-venue.conf'
rm -r /etc/systemd/user/*.d
hers daemon-reload
is_laid 30
settles
expect "$(unitgen rollback --list | count)" 4 'generations'
