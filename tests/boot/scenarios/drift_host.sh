#: about what a host does to a deployment without touching a file of it: drift finds it, as the deployment's user where it can; and what an operator may do by right it leaves alone
#: timeout 300
rm -f /etc/systemd/system/*.d/90-venue.conf
systemctl daemon-reload
systemctl enable --quiet avwap.target
systemctl start avwap.target

units=/etc/systemd/system
# look [AS...]: what drift finds; its exit code.
look() { "$@" "$BIN/unitgen" drift --json > /tmp/drift.json 2> /tmp/drift.err; }
as_user='runuser -u trading --'
clean() { look || fail "$1: $(jq -c '.deployments[0]' /tmp/drift.json) $(cat /tmp/drift.err)"; }
# drifts WHAT CODE SUBJECT-OR-UNIT [AS...]: drift ends with 1 and tells that.
drifts() {
    local what=$1 code=0
    look "${@:4}" || code=$?
    expect "$code" 1 "$what: $(cat /tmp/drift.err)"
    jq -e --arg code "$2" --arg at "$3" \
        'any(.deployments[0].findings[]; .code == $code and (.subject == $at or .unit == $at))' /tmp/drift.json > /dev/null ||
        fail "$what: $(jq -c '.deployments[0]' /tmp/drift.json)"
    found=$((found + 1))
}
found=0
clean 'as installed'

# Targets of others, which no file of ours shows.
printf '[Unit]\nWants=execution.service\nPropagatesStopTo=execution.service\n' > "$units/maintenance.target"
systemctl daemon-reload
systemctl start maintenance.target
# shellcheck disable=SC2086
drifts 'a target wants it' property-differs WantedBy $as_user
drifts 'a target ends it' property-differs StopPropagatedFrom
systemctl stop maintenance.target
printf '[Unit]\nConflicts=execution.service\n' > "$units/maintenance.target"
systemctl daemon-reload
systemctl start maintenance.target
drifts 'a target conflicts with it' property-differs ConflictedBy
systemctl stop maintenance.target
rm "$units/maintenance.target"
printf '[Unit]\nBefore=execution.service\n[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n' > "$units/hang.service"
systemctl daemon-reload
systemctl start --no-block hang.service
systemctl start --no-block execution.service
drifts 'a service goes before it and never ends' property-differs After
systemctl stop execution.service hang.service
rm "$units/hang.service"
systemctl daemon-reload
clean 'nobody is tied to it'

# Programs.
cp -a "$BIN/gate" /root/gate
rm "$BIN/gate"
# shellcheck disable=SC2086
drifts 'no gate' program-missing "$BIN/gate" $as_user
ln -s /bin/true "$BIN/gate"
drifts 'a gate that is a link to another program' program-differs "$BIN/gate"
rm "$BIN/gate"
cp -a /root/gate "$BIN/gate"
chmod o+w "$BIN/gate"
# shellcheck disable=SC2086
drifts 'a gate that anybody may write' program-exposed "$BIN/gate" $as_user
chmod o-w "$BIN/gate"
chown trading "$BIN"
drifts 'programs in a directory of the user' program-exposed "$BIN/gate"
chown root "$BIN"
clean 'programs as installed'

# Second runners.
printf '[Service]\nExecStart=/usr/lib/portcullis/bin/execution run\n' > "$units/second.service"
chmod 600 "$units/second.service"
# shellcheck disable=SC2086
drifts 'a unit that the user may not read' unreadable second.service $as_user
drifts 'a unit that root may read' foreign-run second.service
printf '[Service]\nExecStart=/bin/true\n' > "$units/second.service"
install -D -m 644 /dev/stdin "$units/second.service.d/x.conf" <<< $'[Service]\nExecStart=\nExecStart=/lib/portcullis/bin//execution run'
drifts 'a drop-in of a unit of others' foreign-run second.service
rm -r "$units"/second.service*
systemctl daemon-reload
clean 'one runner'

# Values.
install -D -m 644 /dev/stdin "$units/scan.service.d/x.conf" <<'U'
[Service]
Environment=APCA_API_SECRET_KEY=hunter2
ExecStartPost=/bin/echo --token=hunter2 "a\n\nNeedDaemonReload=no"
U
systemctl daemon-reload
drifts 'secrets in a drop-in' foreign-drop-in scan.service
! grep hunter2 /tmp/drift.json || fail 'a secret was told'
rm -r "$units/scan.service.d"
drifts 'an empty line in a value that is loaded' not-shown NeedDaemonReload
drifts 'and what it hides' reload-needed scan.service
! grep hunter2 /tmp/drift.json || fail 'a secret was told'
systemctl daemon-reload
clean 'no secret'

# The manager's own.
mkdir -p /etc/systemd/system.conf.d "$units/system.slice.d"
printf '[Manager]\nDefaultLimitNOFILE=512\nDefaultTasksMax=48\n' > /etc/systemd/system.conf.d/x.conf
systemctl daemon-reexec
drifts 'few files' property-differs LimitNOFILE
drifts 'few tasks' property-differs TasksMax
printf '[Manager]\nDefaultTimeoutStopSec=30s\nDefaultStartLimitBurst=7\n' > /etc/systemd/system.conf.d/x.conf
systemctl daemon-reexec
clean 'another time to stop in'
jq -e 'any(.deployments[0].notes[]; .file == "DefaultTimeoutStopUSec")' /tmp/drift.json > /dev/null ||
    fail "$(jq -c '.deployments[0].notes' /tmp/drift.json)"
rm /etc/systemd/system.conf.d/x.conf
systemctl daemon-reexec
printf '[Slice]\nMemoryMax=4G\n' > "$units/system.slice.d/x.conf"
systemctl daemon-reload
rm "$units/system.slice.d/x.conf"
drifts 'a limit of all services that lies nowhere any more' property-differs system.slice
drifts 'and was not reloaded' reload-needed system.slice
systemctl daemon-reload
clean 'no limit'
path=$(systemctl show-environment | sed -n 's/^PATH=//p')
systemctl set-environment "PATH=/opt/x:$path"
drifts 'the manager finds programs elsewhere' manager-environment PATH
systemctl set-environment "PATH=$path"

# What another release rendered the same.
sed -i '1s/by unitgen [^ ]*/by unitgen 0.0.1/' "$units"/{avwap.target,scan.timer,execution.service,execution.service.d/10-watchlist-gate.conf}
systemctl daemon-reload
clean 'rendered by another release'
figure found "$found"
