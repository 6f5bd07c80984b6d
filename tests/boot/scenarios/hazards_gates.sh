#: about what was believed to be a gate lets a stale list through, or storms; ours refuses once, aloud
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-14 2026-10-15
. /scenario/hazards.sh

# The documents' gate: the list is there, and its file is of today in New York.
stand_in check_watchlist_today <<'S'
echo ran >> "/seeds/ran-gate-$1"
list=/seeds/daily_candidates.csv
[ -f $list ] && [ "$(TZ=America/New_York date -r $list +%F)" = "$(TZ=America/New_York date +%F)" ]
S
# It trades whatever list there is.
stand_in execution <<'S'
cat /seeds/daily_candidates.csv >> "/seeds/ran-$1"
exec sleep infinity
S
age_list() { touch -d '7 days ago' /seeds/daily_candidates.csv; }
echo 'the list of last week' > /seeds/daily_candidates.csv
age_list

seed storm.service <<'S'
[Service]
ExecStartPre=/seeds/check_watchlist_today storm
ExecStart=/seeds/execution storm
Restart=on-failure
S
seed storm.service.d/restart-storm.conf <<'S'
[Service]
RestartPreventExitStatus=1
S
# As it was deployed where nobody ran the second script.
seed bare.service <<'S'
[Service]
ExecStart=/seeds/execution bare
Restart=on-failure
S
seed touched.service <<'S'
[Service]
ExecStartPre=/seeds/check_watchlist_today touched
ExecStart=/seeds/execution touched
S
seed missing.service <<'S'
[Service]
ExecCondition=/seeds/never-installed
ExecStart=/seeds/execution missing
S
seed gate.service <<'S'
[Service]
Type=oneshot
ExecStart=/seeds/check_watchlist_today unit
S
seed unordered.service <<'S'
[Unit]
Requires=seed-gate.service
[Service]
ExecStart=/seeds/execution unordered
S
seed skipped-gate.service <<'S'
[Service]
Type=oneshot
ExecCondition=/seeds/check_watchlist_today skipped
ExecStart=/bin/true
S
seed behind-a-skip.service <<'S'
[Unit]
Requires=seed-skipped-gate.service
After=seed-skipped-gate.service
[Service]
ExecStart=/seeds/execution behind-a-skip
S
seed preflight.service <<'S'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/bin/bash -lc 'echo ran >> /seeds/ran-preflight; exit 1'
S
seed trading.service <<'S'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/bin/bash -lc 'echo ran >> /seeds/ran-trading'
S
systemctl daemon-reload
started=' '
for unit in storm bare missing unordered behind-a-skip preflight trading; do
    ! systemctl start "seed-$unit.service" 2>/dev/null || started+="$unit "
done
was_started() { [[ $started = *" $1 "* ]]; }
stale_list

hazard restart-storm 'avwap-deployment' 'ExecStartPre= gate under Restart=on-failure, its code in RestartPreventExitStatus='
bites 'the gate runs five times in a second: its code is not the main process’s' ran gate-storm 5
wait_for 10 is_shown seed-storm.service ActiveState failed
touch /seeds/daily_candidates.csv
refused_by_its_limit() { ! systemctl start seed-storm.service && ran gate-storm 5; }
bites 'a list that comes a moment later does not start it: the start limit refuses' refused_by_its_limit
age_list
start_execution
ours 'the gate runs once; nothing started, one alert, no order' stays_out 1
fresh_list
systemctl start execution.service
ours 'a fresh list starts it at once' is_shown execution.service ActiveState active
stop_execution
stale_list

hazard drop-in-forgotten 'avwap-deployment' 'the gate stands in a drop-in that the deploy script does not install'
bites 'no gate, no word of it, and the stale list is traded' ran bare
gate_is_in_the_unit() { grep -q '^ExecCondition=/usr/lib/portcullis/bin/gate execution' "$(show execution.service FragmentPath)"; }
ours 'the gate stands in the unit itself' gate_is_in_the_unit
start_execution
ours 'without any drop-in the stale list starts nothing' stays_out 2

hazard touched-list 'avwap-deployment' 'a gate that asks for the date of the list’s file'
cp /seeds/daily_candidates.csv /seeds/copy && mv /seeds/copy /seeds/daily_candidates.csv
systemctl start seed-touched.service
bites 'a copy (a checkout, a restore) of the stale list is of today, and is traded' ran touched
age_list
touch "$ROOT"/*
start_execution
ours 'a list is of the day that its attestation vouches for, whenever it was written' stays_out 3

hazard missing-gate '-' 'the gate’s program is not installed'
bites 'systemctl start succeeds and the unit shows Result=success' was_started missing
bites 'nothing was started, nothing failed, nobody is told' is_shown seed-missing.service ActiveState inactive
mv "$BIN/gate" "$BIN/gate.away"
start_execution
ours 'nothing starts, and that is told at priority err' stays_out 4
mv "$BIN/gate.away" "$BIN/gate"

hazard requires-without-after '-' 'Requires= on a gate unit, without After='
bites 'both start at once: the gate fails, the stale list is traded' ran unordered
ours 'the gate is no unit: execution requires none' needs_no_unit

hazard skipped-gate-unit '-' 'Requires= and After= on a gate unit that ExecCondition= skips'
bites 'a skip is no failure: the stale list is traded' ran behind-a-skip
ours 'the condition is the service’s own, and a skip is final' needs_no_unit

hazard preflight-blocks-nothing 'aurora-systemd-automation' 'a preflight that "blocks trading if it fails", in a template that names only network.target'
bites 'the preflight fails and trading runs' ran trading
install -d -o trading -g trading -m 700 "$ROOT"
no_list
systemctl start scan.service || true
start_execution
ours 'a scan that fails is told' told scan.service 1
ours 'and leaves nothing to start with' stays_out 5
