#: about timers and jobs of the documents run when nobody asked, or never, or in silence; ours do not
#: venue --session 2026-10-15 --start 10:30
#: lists 2026-10-15
. /scenario/hazards.sh

stand_in daily_paper_trading <<'S'
echo ran >> "/seeds/ran-$1"
S
for name in preflight trading data-fetch login after-skip; do
    seed "$name.service" <<S
[Service]
Type=oneshot
ExecStart=/seeds/daily_paper_trading $name
[Install]
WantedBy=default.target
S
done
seed preflight.timer <<'S'
[Unit]
Requires=seed-preflight.service
[Timer]
OnCalendar=Mon..Fri 07:30:00 America/Chicago
Persistent=true
S
seed data-fetch.timer <<'S'
[Timer]
OnCalendar=Mon..Fri 16:00:00 America/Chicago
Persistent=true
S
seed eod.service <<'S'
[Unit]
Requires=seed-trading.service
[Service]
Type=oneshot
ExecStart=/seeds/daily_paper_trading eod
S
# Their lines to the letter, remarks and all.
seed schedule.timer <<'S'
[Timer]
OnCalendar=Mon..Fri 07:30:00 America/Chicago  # Preflight
OnCalendar=Mon..Fri 08:00:00 America/Chicago  # Trading
Unit=seed-trading.service
[Install]
WantedBy=timers.target
S
seed zone.timer <<'S'
[Timer]
OnCalendar=Mon..Fri 08:30 America/New_Yrok
Unit=seed-trading.service
[Install]
WantedBy=timers.target
S
seed hang.service <<'S'
[Service]
Type=oneshot
ExecStart=/bin/sleep infinity
S
seed hang.timer <<'S'
[Timer]
OnActiveSec=10ms
OnUnitActiveSec=100ms
AccuracySec=1ms
S
# A day is a tenth of a second.
seed crash.service <<'S'
[Service]
Type=oneshot
ExecStart=/bin/bash -lc 'echo ran >> /seeds/ran-crash; exit 1'
S
seed crash.timer <<'S'
[Timer]
OnActiveSec=10ms
OnUnitInactiveSec=100ms
AccuracySec=1ms
S
seed skip.service <<'S'
[Unit]
OnSuccess=seed-after-skip.service
[Service]
Type=oneshot
ExecCondition=/bin/false
ExecStart=/bin/true
S
seed loop.service <<'S'
[Service]
ExecStart=/bin/sleep infinity
S
seed scan.service <<'S'
[Unit]
OnSuccess=seed-loop.service
[Service]
Type=oneshot
ExecStart=/bin/true
S
systemctl daemon-reload
OURS='scan.service execution-restart.service eod.service execution.service'
TIMERS='scan.timer execution-restart.timer eod.timer'
none_ran() {
    local unit
    for unit in $OURS; do is_shown "$unit" ExecMainStartTimestampMonotonic 0 || return 1; done
}

hazard timer-requires-its-service 'aurora-systemd-automation' 'Requires=paper-X.service in paper-X.timer'
systemctl start seed-preflight.timer
bites 'starting the timer (a boot, a deploy) runs the job then and there' ran preflight
systemctl start $TIMERS
ours 'timers are started and no job runs' none_ran

hazard catch-up-at-deploy 'aurora-systemd-automation' 'Persistent=true'
mkdir -p /var/lib/systemd/timers
touch -d '4 days ago' /var/lib/systemd/timers/stamp-seed-data-fetch.timer
systemctl start seed-data-fetch.timer
bites 'a stamp of last week: it fires the instant the timer starts, whatever the hour' ran data-fetch
systemctl stop $TIMERS
for timer in $TIMERS; do touch -d '4 days ago' "/var/lib/systemd/timers/stamp-$timer"; done
# In a container our timers wait for ever; the one that catches up shall look at its stamp.
rm /etc/systemd/system/scan.timer.d/90-venue.conf
systemctl daemon-reload
systemctl start $TIMERS
ours 'with such stamps no job runs: the one that may catch up asks its own gate how late it is, and fails' none_ran
ours 'and that is told' told scan.service 1
systemctl stop $TIMERS

hazard job-at-login 'aurora-systemd-automation' 'WantedBy=default.target on jobs'
systemctl enable --quiet seed-login.service
systemctl start default.target
bites 'the job runs whenever that target starts: at boot, at login' ran login
systemctl start default.target
ours 'no job of ours is wanted by it' none_ran

hazard eod-starts-trading 'aurora-systemd-automation' 'the end of day depends on trading: Requires='
systemctl start seed-eod.service
bites 'the report at 15:15 starts trading' ran trading
fresh_list
systemctl start eod.service
ours 'eod reports, and starts nothing' is_shown execution.service ExecMainStartTimestampMonotonic 0

hazard mistyped-zone '-' 'OnCalendar= with America/New_Yrok'
systemctl enable --quiet seed-zone.timer
bites 'the target that wants the timer starts all the same, and nothing is failed' systemctl start timers.target
bites 'the timer is not loaded: the job never runs' is_shown seed-zone.timer LoadState bad-setting
refused() { ! sed -E "$1" /etc/portcullis/avwap.toml > /tmp/edited.toml && return 1; ! "$BIN/unitgen" check /tmp/edited.toml; }
ours 'unitgen knows the zones: it renders nothing' refused 's/America.New_York/America\/New_Yrok/'

hazard remark-in-a-schedule 'aurora-systemd-automation' 'OnCalendar=... # Preflight: systemd knows no remarks at a line’s end'
systemctl enable --quiet seed-schedule.timer
systemctl start timers.target
bites 'their timer, copied to the letter, is not loaded: nothing ever runs' is_shown seed-schedule.timer LoadState bad-setting
ours 'a schedule is read by unitgen, and what is none is refused' refused 's/^schedule = "Mon..Fri 08:30"/schedule = "Mon..Fri 08:30  # Preflight"/'

hazard job-without-a-bound 'aurora-systemd-automation' 'Type=oneshot has no timeout of its own'
systemctl start seed-hang.timer
is_stuck() { is_shown seed-hang.service ActiveState activating && is_shown seed-hang.timer NextElapseUSecMonotonic infinity; }
bites 'a job that hangs is "activating" for ever, and its timer never fires again' is_stuck
systemctl stop seed-hang.timer seed-hang.service
bounded() { local unit; for unit in scan eod execution-restart; do [ "$(show $unit.service TimeoutStartUSec)" != infinity ] || return 1; done; }
ours 'every job has a bound' bounded
drop_in eod.service <<'S'
[Service]
TimeoutStartSec=200ms
ExecStart=
ExecStart=/bin/sleep infinity
S
systemctl start eod.service || true
undo_drop_in eod.service
ours 'and one that meets it (shortened here) is an alert' told eod.service 1

hazard crash-in-silence 'aurora-systemd-automation' 'a job that fails every day, and nothing that tells'
systemctl start seed-crash.timer
bites 'day after day its timer is "active"' ran_more_than crash 4
bites 'and nothing ran that could tell anybody' is_shown seed-crash.service OnFailure ''
systemctl stop seed-crash.timer
no_list
systemctl start scan.service || true
ours 'a scan that fails tells it, each time' told scan.service 2

hazard on-success-of-a-skip '-' 'OnSuccess= of a unit that a condition skips'
systemctl start seed-skip.service
bites 'a skip counts as success: the next unit starts' ran after-skip
unconditional() { ! systemctl cat scan.service execution-restart.service | grep -E '^(ExecCondition|Condition|Assert)'; }
ours 'no unit of ours with OnSuccess= has a condition' unconditional
not_started() { is_shown execution-restart.service ExecMainStartTimestampMonotonic 0; }
ours 'and the scan that failed above started nothing' not_started

hazard restart-that-stops-nothing 'avwap-deployment' 'the fresh list’s OnSuccess= starts execution, which still runs'
systemctl start seed-loop.service
before=$(show seed-loop.service MainPID)
systemctl start seed-scan.service
bites 'nothing happens: yesterday’s process trades on with yesterday’s list' is_shown seed-loop.service MainPID "$before"
fresh_list
systemctl start execution.service
before=$(show execution.service MainPID)
systemctl start execution-restart.service
ours 'a unit that conflicts with execution stops it, and by its own success starts it afresh' is_up_anew execution.service "$before"
