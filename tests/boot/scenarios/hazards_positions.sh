#: about with a position to protect, gates of the documents leave it alone; ours lets its manager back in
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-14 2026-10-15
#: timeout 180
. /scenario/hazards.sh

stand_in watchlist_is_fresh <<'S'
[ -e /seeds/fresh ]
S
seed execution.service <<'S'
[Service]
ExecStartPre=/seeds/watchlist_is_fresh
ExecStart=/bin/sleep infinity
Restart=on-failure
S
seed preflight.service <<'S'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/seeds/watchlist_is_fresh
S
seed session.service <<'S'
[Unit]
After=network.target seed-preflight.service
Requires=seed-preflight.service
[Service]
ExecStart=/bin/sleep infinity
Restart=on-failure
RestartSec=100ms
S
seed condition.service <<'S'
[Service]
ExecCondition=/seeds/watchlist_is_fresh
ExecStart=/bin/sleep infinity
Restart=on-failure
RestartSec=100ms
S
systemctl daemon-reload
touch /seeds/fresh
systemctl start seed-execution.service seed-session.service seed-condition.service
rm /seeds/fresh
systemctl restart seed-execution.service || true
systemctl kill --signal=KILL seed-session.service seed-condition.service

quicken execution.service
hold_positions
opened=$(bought)
stale_list
# It has had a minute to open what refused_with_position shows to be on offer.
manages() {
    pass 61
    is_shown execution.service ActiveState active && covered &&
        [ "$(bought)" -eq "$opened" ]
}

hazard restart-ends-the-manager 'avwap-deployment' 'execution is restarted at 08:40 whatever became of the scan, and its gate refuses'
bites 'what ran and managed positions is stopped, and not started' is_shown seed-execution.service ActiveState failed
before=$(show execution.service MainPID)
systemctl start execution-restart.service
wait_for 20 is_up_anew execution.service "$before"
ours 'the gate sees what there is to protect and answers manage-only: it runs, opens nothing' manages

hazard crash-behind-requires 'aurora-execution-integration' 'the session Requires= a preflight that runs again at every restart'
stays_down() { [ "$(show "$1" MainPID)" = 0 ] && said_so "$1" "$2"; }
said_so() { [ "$(said "$1" "$2")" -gt 0 ]; }
bites 'it crashes while the preflight fails: the restart is a failed dependency, and there is no other' stays_down seed-session.service "failed with result 'dependency'"
bites_on 12 'systemctl shows it inactive, Result=success' is_shown seed-session.service ActiveState inactive
waits_for_nothing() { is_shown seed-session.service SubState auto-restart-queued && ! systemctl list-jobs --no-legend | grep -q seed-session; }
bites_on 13 'systemctl shows it activating, with no job queued' waits_for_nothing
comes_back KILL
ours 'it comes back to manage what is held' manages

hazard crash-behind-a-condition '-' 'a crash while the gate refuses'
bites 'no restart, Result=success, no OnFailure=' stays_down seed-condition.service 'exec-condition'
comes_back ABRT
ours 'with exposure the gate lets the process in, and it opens nothing' manages
