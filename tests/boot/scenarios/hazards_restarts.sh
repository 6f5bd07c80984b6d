#: about restart policies of the documents end in silence, for ever, or for the neighbour too; ours do not
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
. /scenario/hazards.sh

seed limit.service <<'S'
[Service]
StartLimitIntervalSec=0
ExecStart=/bin/false
Restart=on-failure
S
seed silent.service <<'S'
[Service]
ExecStart=/bin/false
Restart=on-failure
S
# The documents' 30 s between starts and systemd's 10 s of the limit, both a hundredth.
seed forever.service <<'S'
[Unit]
StartLimitIntervalSec=100ms
[Service]
ExecStart=/usr/bin/env ops/daily_paper_trading.py --mode trading
Restart=on-failure
RestartSec=300ms
S
seed api.service <<'S'
[Service]
ExecStart=/bin/sleep infinity
Restart=always
S
seed worker.service <<'S'
[Unit]
After=network.target seed-api.service
Requires=seed-api.service
[Service]
ExecStart=/bin/sleep infinity
S
# The interpreter starts, and the program ends with an error a moment later.
seed simple.service <<'S'
[Service]
Type=simple
ExecStart=/bin/bash -c 'exit 3'
S
seed session.service <<'S'
[Service]
ExecStart=/bin/sleep infinity
S
systemctl daemon-reload
systemctl start seed-limit.service seed-silent.service seed-forever.service
systemctl start seed-api.service seed-worker.service
worker=$(show seed-worker.service MainPID)
systemctl kill --signal=KILL seed-api.service
fresh_list
quicken execution.service
systemctl start execution.service
for _ in 1 2 3 4 5 6; do comes_back KILL; done

hazard start-limit-in-service '-' 'StartLimitIntervalSec=0 in [Service]'
bites 'ignored: it gives up after five restarts' is_shown seed-limit.service ActiveState failed
ours 'in [Unit], where it counts: six crashes in a few seconds, and it runs' is_shown execution.service NRestarts 6
ours 'systemd has loaded it so' is_shown execution.service StartLimitIntervalUSec 0

hazard start-limit-in-silence 'traderunner-debian-runbook' 'a service that nobody hears of when systemd gives up'
bites 'failed for good after five restarts in a second' is_shown seed-silent.service ActiveState failed
bites 'nothing ran that could tell anybody' is_shown seed-silent.service OnFailure ''
ours 'each of the six crashes is an alert, told as it happens' told execution.service 6

hazard restart-for-ever 'aurora-execution-integration' 'Restart=on-failure, RestartSec=30: the default limit of five in ten seconds is never met'
starts_for_ever() { [ "$(show seed-forever.service NRestarts)" -gt 6 ]; }
bites 'a program that is not there is started again for ever (times a hundredth of theirs)' starts_for_ever
mv /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY /root/
stop_execution
refused_to_start() { ! systemctl start execution.service; }
ours 'what no restart cures (here: no key) is final: systemctl start fails' refused_to_start
is_final() { is_shown execution.service NRestarts 0 && is_shown execution.service ActiveState failed && told execution.service 7; }
ours 'no restart follows, and one alert tells it' is_final
mv /root/APCA_API_SECRET_KEY /etc/portcullis/credentials/avwap/

hazard simple-is-not-ready 'traderunner-debian-runbook, aurora-execution-integration' 'Type=simple: started means that a process was made'
bites 'systemctl start succeeds for a program that ends with an error' systemctl restart seed-simple.service
ours 'Type=notify: it has started when it says so, having agreed with the broker' is_shown execution.service Type notify

hazard bounced-by-a-neighbour 'traderunner-debian-runbook' 'the worker that sends orders Requires= the API'
is_another() { is_shown seed-worker.service ActiveState active && [ "$(show seed-worker.service MainPID)" != "$worker" ]; }
bites 'a crash of the API restarts the worker' is_another
ours 'execution requires no service' needs_no_unit

hazard stop-is-not-latched 'aurora-execution-integration' '"emergency stop" is systemctl stop'
systemctl start seed-session.service
systemctl stop seed-session.service
systemctl start seed-session.service
bites 'whatever starts it next (its timer, a reboot) starts it trading' is_shown seed-session.service ActiveState active
stop_execution
desk kill --reason 'emergency stop' > /dev/null
start_execution
ours 'desk kill is latched on disk: a start is refused, and told, until desk clear' stays_out 8
