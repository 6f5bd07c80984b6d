#: about a host that was off: a scan made up for in time, a late one that fails; between them New York changes to winter time
#: on vm
#: at 2026-10-30T11:55:00
#: venue --seed 8 --days 4
#: days 2026-10-30 2026-11-02
#: timeout 240
if [ "$BOOT" = 1 ]; then
    open_venue
    bars 2026-10-30
    systemctl enable --now avwap.target
    expect "$(fires scan.timer)" '2026-10-30 12:30:00'

    # Off from eight to nine: half an hour late is in time.
    switch_off
    clock '2026-10-30 13:00:00'
    switch_on
    wait_for 60 is_shown execution.service ActiveState active
    expect "$(times scan.service)" 1
    expect "$(fires scan.timer)" '2026-11-02 13:30:00'

    switch_off
    clock '2026-10-30 20:30:00'
    switch_on
    bars 2026-11-02
    # Half past eight by the summer's time.
    clock '2026-11-02 12:29:57'
    let_pass 8
    expect "$(times scan.service)" 1
    clock '2026-11-02 13:29:57'
    wait_for 60 is_shown execution.service ActiveState active
    expect "$(times scan.service)" 2
    matches "$(date -u '+%F %T')" '^2026-11-02 13:30:'

    # Off until eleven: on Debian 12 the boot is a real one, which takes as long as all the rest.
    off_at=$(date -u '+%F %T')
    if systemctl --version | grep -q '^systemd 252 '; then
        systemctl stop avwap.target
        timedatectl set-time '2026-11-03 16:00:00'
        say "-- off at $off_at"
        systemctl reboot
        sleep infinity
    fi
    switch_off
    clock '2026-11-03 16:00:00'
    switch_on
fi
say "-- on at $(date -u '+%F %T') UTC"
wait_for 60 is_shown scan.service ActiveState failed
expect_show scan.service Result exit-code
expect "$(alerts scan.service)" 1
expect "$(times scan.service)" 2
# Neither was execution started by a scan that failed, nor did its gate let it in.
expect "$(times execution-restart.service)" 2
wait_for 30 is_over_with execution.service exec-condition
expect_show execution.service ActiveState inactive
expect "$(fires scan.timer)" '2026-11-04 13:30:00'
matches "$(journal -u scan.service | jq -r '.MESSAGE | strings')" '^late: the run of 08:30 of 2026-11-03 is 2 h'
