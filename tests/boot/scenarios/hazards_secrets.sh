#: about keys and switches in environments are read by all, lost, or literal; ours are credentials
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
. /scenario/hazards.sh

stand_in tell_environment <<'S'
env > "/seeds/ran-$1"
[ "$2" != stay ] || exec sleep infinity
S
seed token.service <<'S'
[Service]
Environment=LIVE_CONFIRM_TOKEN=5ec2e7b0a1 DASHBOARD_PASS=admin
ExecStart=/seeds/tell_environment token stay
S
seed literal.service <<'S'
[Service]
Environment=ALPACA_API_KEY=${ALPACA_API_KEY}
ExecStart=/seeds/tell_environment literal stay
S
seed envfile.service <<'S'
[Service]
Environment=EXECUTION_MODE=paper
EnvironmentFile=/seeds/.env
ExecStart=/seeds/tell_environment envfile stay
S
cat > /seeds/.env <<'S'
export EODHD_API_KEY=demo
AT_WORKER_MODE=plan-only # or paper-send
EXECUTION_MODE=live
S
seed source.service <<'S'
[Service]
Type=oneshot
ExecStart=/bin/bash -lc 'source /seeds/paper-trading.env && /seeds/tell_environment source'
S
cat > /seeds/paper-trading.env <<'S'
APCA_API_KEY_ID="your_api_key"
IS_PAPER_TRADING="true"
S
seed credential.service <<'S'
[Service]
LoadCredential=APCA_API_SECRET_KEY
ExecStart=/seeds/tell_environment credential stay
S
# Their check of the connection, by its command line.
stand_in curl <<'S'
sleep infinity
exit
S
seed curl.service <<'S'
[Service]
EnvironmentFile=/seeds/paper-trading.env
ExecStart=/bin/bash -c '/seeds/curl -H "APCA-API-KEY-ID: $APCA_API_KEY_ID"; true'
S
systemctl daemon-reload
for name in token literal envfile source credential curl; do systemctl start "seed-$name.service"; done
has_line() { grep -qxF "$2" "/seeds/ran-$1"; }
lacks_name() { [ -e "/seeds/ran-$1" ] && ! grep -q "^$2=" "/seeds/ran-$1"; }
# Somebody without any right: no group, no capability.
anybody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
fresh_list
systemctl start execution.service

hazard token-in-the-environment 'avwap-live-trading-runbook, traderunner-debian-runbook' 'LIVE_CONFIRM_TOKEN and a password in Environment='
anybody_reads() { anybody systemctl show --property=Environment seed-token.service | grep -q "$1"; }
bites 'every user of the host reads them with systemctl show' anybody_reads 5ec2e7b0a1
holds_no_key() {
    ! { anybody systemctl show execution.service; anybody systemctl cat execution.service; tr '\0' '\n' < "/proc/$(show execution.service MainPID)/environ"; } | grep -E 'SIMKEY|SIMSECRET'
}
ours 'keys are credentials: in no property, no unit file, no environment' holds_no_key

hazard key-on-a-command-line 'aurora-systemd-automation' 'curl -H "APCA-API-KEY-ID: $APCA_API_KEY_ID"'
anybody_sees() { anybody ps -ww -eo args | grep -v grep | grep -q 'APCA-API-KEY-ID: your_api_key'; }
bites 'every user of the host reads it with ps' anybody_sees
no_key_on_a_line() { ! cat /proc/[0-9]*/cmdline | tr '\0' '\n' | grep -E 'SIMKEY|SIMSECRET'; }
ours 'no key on any command line' no_key_on_a_line

hazard variable-in-environment 'aurora-execution-integration' 'Environment=ALPACA_API_KEY=${ALPACA_API_KEY}'
bites 'systemd expands nothing there: the key is the text "${ALPACA_API_KEY}"' has_line literal 'ALPACA_API_KEY=${ALPACA_API_KEY}'
knows_its_key() { is_shown execution.service ActiveState active && [ "$(venue GET /sim/requests | jq '[.. | .status? // empty | select(. == 401 or . == 403)] | length')" -eq 0 ]; }
ours 'the key is the credential’s content, and the broker took it before READY' knows_its_key

hazard source-without-export 'aurora-systemd-automation' '"source paper-trading.env && ./daily_paper_trading.sh", with lines that export nothing'
bites 'the program sees no key' lacks_name source APCA_API_KEY_ID
bites 'nor that it is to trade paper' lacks_name source IS_PAPER_TRADING
stated_by_the_unit() { show execution.service Environment | tr ' ' '\n' | grep -qx EXECUTION_MODE=PAPER; }
ours 'the mode is the manifest’s, rendered into the unit' stated_by_the_unit

hazard environment-file-is-no-shell 'traderunner-debian-runbook' 'EnvironmentFile= on a file written for a shell'
bites 'a line with export is dropped' lacks_name envfile EODHD_API_KEY
bites 'a remark becomes part of the value' has_line envfile 'AT_WORKER_MODE=plan-only # or paper-send'
reads_no_file() { [ -z "$(show execution.service EnvironmentFiles)" ]; }
ours 'no unit of ours reads such a file' reads_no_file

hazard environment-file-wins 'aurora-execution-integration' '"paper only, hard-coded in the service": Environment=EXECUTION_MODE=paper beside a file'
bites 'the file’s EXECUTION_MODE=live is what counts' has_line envfile EXECUTION_MODE=live
stop_execution
echo 'EXECUTION_MODE=LIVE' > /seeds/.env
drop_in execution.service <<'S'
[Service]
EnvironmentFile=/seeds/.env
S
start_execution
is_refused() { is_shown execution.service ExecMainStatus 78 && is_shown execution.service NRestarts 0 && told execution.service 1; }
ours 'a mode that the manifest does not say is refused (78): no restart, one alert' is_refused
stop_execution
undo_drop_in execution.service

hazard credential-without-a-path '-' 'LoadCredential=NAME, and no such credential'
started_without() { is_shown seed-credential.service ActiveState active && [ -z "$(ls /run/credentials/seed-credential.service)" ]; }
bites 'the service starts without its key, and not a word' started_without
stop_execution
mv /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY /root/
cannot_start() { ! systemctl start execution.service; }
ours 'with a path: the start fails' cannot_start
is_final() { is_shown execution.service NRestarts 0 && is_shown execution.service ExecMainStatus 243 && is_shown execution.service ActiveState failed; }
ours 'with 243, which no restart follows' is_final
ours 'and one alert' told execution.service 2
