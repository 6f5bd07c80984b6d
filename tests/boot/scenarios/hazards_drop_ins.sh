#: about a drop-in that disarms a gate or a switch bites the documents' units; ours ask inside again
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-14 2026-10-15
. /scenario/hazards.sh

stand_in check_watchlist_today <<'S'
exit 1
S
stand_in execution <<'S'
env > "/seeds/ran-$1"
exec sleep infinity
S
seed cleared.service <<'S'
[Service]
ExecStartPre=/seeds/check_watchlist_today
ExecStart=/seeds/execution cleared
S
seed cleared.service.d/override.conf <<'S'
[Service]
ExecStartPre=
S
install -D -m 644 /dev/stdin /etc/systemd/system/service.d/50-defaults.conf <<'S'
[Service]
Environment=DRY_RUN=0
S
seed swallowed.service <<'S'
[Service]
SuccessExitStatus=1
ExecStartPre=/seeds/check_watchlist_today
ExecStart=/seeds/execution swallowed
S
seed dashed.service <<'S'
[Service]
ExecStartPre=-/seeds/check_watchlist_today
ExecStart=/seeds/execution dashed
S
seed switch.service <<'S'
[Service]
ExecStart=/seeds/execution switch
S
# The runbook's own words, put where it says.
seed switch.service.d/kill.conf <<'S'
[Service]
KILL_SWITCH=1
DRY_RUN=1
S
seed service-wide.service <<'S'
[Service]
ExecStart=/seeds/execution service-wide
S
seed service-wide.service.d/10-dry-run.conf <<'S'
[Service]
Environment=DRY_RUN=1
S
systemctl daemon-reload
systemctl start seed-service-wide.service
rm -r /etc/systemd/system/service.d
systemctl daemon-reload
for unit in cleared swallowed dashed switch; do systemctl start "seed-$unit.service"; done
started() { [ -e "/seeds/ran-$1" ]; }
has_line() { grep -qxF "$2" "/seeds/ran-$1"; }
lacks_name() { started "$1" && ! grep -q "^$2=" "/seeds/ran-$1"; }
verify_names() { ! "$BIN/unitgen" verify /etc/systemd/system --manifest /etc/portcullis/avwap.toml > /tmp/verified 2>&1 && grep -qF "$1" /tmp/verified; }
stale_list

hazard drop-in-clears-the-gate 'avwap-live-trading-runbook' '"all changes by drop-ins": one that clears the gate'
bites 'no file of the deployment changed, and it starts without its gate' started cleared
drop_in execution.service <<'S'
[Service]
ExecCondition=
S
start_execution
ours 'execution asks the same gate inside: it ends with 75 and is not restarted, one alert, no order' stays_out 1 failed
ours 'unitgen verify names the file' verify_names execution.service.d/99-by-hand.conf
stop_execution
undo_drop_in execution.service

hazard refusal-as-success '-' 'a preflight’s WARN in SuccessExitStatus=, and with it the refusal'
bites 'the refusing gate passes' started swallowed
drop_in execution.service <<'S'
[Service]
SuccessExitStatus=75
S
start_execution
ours 'the gate passes, execution asks it again and ends unready: failed, one alert, no restart, no order' stays_out 2 failed
stop_execution
undo_drop_in execution.service

hazard dash '-' 'a dash before the gate’s path'
bites 'the refusing gate passes' started dashed
drop_in execution.service <<'S'
[Service]
ExecCondition=
ExecCondition=-/usr/lib/portcullis/bin/gate execution
S
start_execution
ours 'execution asks the gate again and ends with 75, one alert, no order' stays_out 3 failed
stop_execution
undo_drop_in execution.service

hazard service-wide-drop-in 'avwap-live-trading-runbook' '"force DRY_RUN" in execution.service.d/, beside a file in service.d/'
bites 'drop-ins sort by file name across directories: service.d/50-defaults.conf beats execution.service.d/10-dry-run.conf' has_line service-wide DRY_RUN=0
install -D -m 644 /dev/stdin /etc/systemd/system/service.d/50-defaults.conf <<'S'
[Service]
ExecCondition=
Environment=EXECUTION_MODE=LIVE
S
systemctl daemon-reload
start_execution
ours 'a gate cleared from there is asked inside; a mode that the manifest does not say is refused; no order' stays_out 4 failed
ours 'unitgen verify names the file' verify_names service.d/50-defaults.conf
rm -r /etc/systemd/system/service.d
systemctl daemon-reload
stop_execution

hazard switch-as-a-directive 'avwap-live-trading-runbook' 'KILL_SWITCH=1 and DRY_RUN=1 as lines of a drop-in, as its emergency procedure writes them'
bites 'unknown keys: systemd ignores them, the reload and the restart succeed' is_shown seed-switch.service ActiveState active
bites 'no kill switch' lacks_name switch KILL_SWITCH
bites 'no dry run' lacks_name switch DRY_RUN
desk kill --reason 'by the runbook' > /dev/null
no_list
lay_list 2026-10-15
start_execution
ours 'desk kill latches a file: no drop-in, no reload, no restart, and no start' stays_out 5
