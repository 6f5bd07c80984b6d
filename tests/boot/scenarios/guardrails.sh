#: about every guardrail taken away by a drop-in on a running host: drift names it, from the file before the reload, and from what is loaded when the file is gone again
#: timeout 400
# Each `lose` is a line of docs/guardrails.md: the guardrail, the unit, the property by which systemd shows it (- where it
# shows none), and what a drop-in says to take it away.
rm -f /etc/systemd/system/*.d/90-venue.conf
systemctl daemon-reload
systemctl enable --quiet avwap.target
systemctl start avwap.target

# look: what drift finds; its exit code.
look() { "$BIN/unitgen" drift --json > /tmp/drift.json 2> /tmp/drift.err; }
found() { jq -e "$@" /tmp/drift.json > /dev/null; }
of_deployment='.deployments[0]'
# clean: nothing drifted.
clean() { look || fail "$1: $(jq -c "$of_deployment | [.findings, .guardrails_lost]" /tmp/drift.json) $(cat /tmp/drift.err)"; }
# drifts WHAT FILTER ARGUMENTS...: drift ends with 1, and the filter holds of what it found.
drifts() {
    local what=$1 code=0
    shift
    look || code=$?
    expect "$code" 1 "$what"
    found "$@" || fail "$what: $(jq -c "$of_deployment" /tmp/drift.json)"
}
losses=0 shown=0
# lose GUARDRAIL UNIT PROPERTY < DROP-IN
lose() {
    local file=/etc/systemd/system/$2.d/99-by-hand.conf
    install -D -m 644 /dev/stdin "$file"
    # Not reloaded yet: the files say it, and that nobody read them.
    drifts "$1 laid" --arg id "$1" --arg file "$file" "$of_deployment"' | any(.guardrails_lost[]; .guardrail == $id)
        and any(.findings[]; .code == "foreign-drop-in" and .subject == $file)'
    systemctl daemon-reload
    rm "$file"
    rmdir --ignore-fail-on-non-empty "${file%/*}"
    # The file is gone, and what it said is in force: only what systemd has loaded shows it.
    "$BIN/unitgen" verify > /tmp/verified || fail "$1: verify sees more than files: $(cat /tmp/verified)"
    drifts "$1 loaded" --arg unit "$2" "$of_deployment"' | any(.findings[]; .unit == $unit and .code == "reload-needed")'
    found "$of_deployment"' | all(.findings[]; .look == "loaded")' || fail "$1: $(cat /tmp/drift.json)"
    if [ "$3" != - ]; then
        found --arg unit "$2" --arg property "$3" "$of_deployment"' | any(.findings[]; .unit == $unit and .subject == $property)' ||
            fail "$1: $3 of $2 is as predicted: $(jq -c "$of_deployment.findings" /tmp/drift.json)"
        shown=$((shown + 1))
    fi
    systemctl daemon-reload
    clean "$1 is back"
    losses=$((losses + 1))
}

clean 'as installed'
cp /tmp/drift.json "$OUT/drift.json"
mapfile -t units < <(cd /etc/systemd/system && ls -d scan.* eod.* execution*.service execution*.timer avwap.target | grep -v '\.d$')
systemctl show --all --timestamp=unix -- "${units[@]}" > "$OUT/shown"
# As the deployment's user, without a privilege.
runuser -u trading -- "$BIN/unitgen" drift > /tmp/as-user || fail "$(cat /tmp/as-user)"
matches "$(cat /tmp/as-user)" 'are those of'

# The manifest that the programs read, edited in its place.
installed=/etc/portcullis/avwap.toml
cp -p "$installed" /tmp/manifest
echo '# later' >> "$installed"
drifts 'an edited manifest' "$of_deployment"' | any(.findings[]; .code == "installed-manifest-differs")'
! "$BIN/unitgen" verify > /tmp/verified || fail "verify sees no edited manifest: $(cat /tmp/verified)"
cp -p /tmp/manifest "$installed"
clean 'the manifest is back'

lose can-start execution.service - <<'U'
[Unit]
ConditionPathExists=/nowhere
U
lose gate execution.service ExecCondition <<'U'
[Service]
ExecCondition=
U
lose gate-heeded execution.service ExecCondition <<'U'
[Service]
ExecCondition=
ExecCondition=-/usr/lib/portcullis/bin/gate execution
U
lose refusal-seen execution.service SuccessExitStatus <<'U'
[Service]
SuccessExitStatus=TEMPFAIL
U
lose refusal-final execution.service RestartForceExitStatus <<'U'
[Service]
RestartForceExitStatus=75
U
lose comes-back execution.service Restart <<'U'
[Service]
Restart=no
U
lose no-start-limit execution.service StartLimitIntervalUSec <<'U'
[Unit]
StartLimitIntervalSec=10
U
lose stands-alone execution.service Requires <<'U'
[Unit]
Requires=dbus.service
U
lose readiness execution.service Type <<'U'
[Service]
Type=simple
U
lose watchdog execution.service - <<'U'
[Service]
WatchdogSec=0
U
lose time-to-end execution.service TimeoutStopUSec <<'U'
[Service]
TimeoutStopSec=1
U
lose alert execution.service ExecStopPost <<'U'
[Service]
ExecStopPost=
U
lose kept-over-switches execution.service - <<'U'
[Service]
X-RestartIfChanged=true
U
lose account-lock execution.service RuntimeDirectoryPreserve <<'U'
[Service]
RuntimeDirectoryPreserve=no
U
lose manifest-digest execution.service UnsetEnvironment <<'U'
[Service]
UnsetEnvironment=PORTCULLIS_MANIFEST_DIGEST
U
lose no-secret-in-environment execution.service Environment <<'U'
[Service]
Environment=APCA_API_SECRET_KEY=x
U
lose credentials-as-files execution.service - <<'U'
[Service]
LoadCredential=
LoadCredential=APCA_API_KEY_ID
U
lose unprivileged execution.service User <<'U'
[Service]
User=root
U
lose read-only-system execution.service ProtectSystem <<'U'
[Service]
ProtectSystem=no
U
lose kernel-shielded execution.service PrivateDevices <<'U'
[Service]
PrivateDevices=no
U
lose processes-apart execution.service ProtectProc <<'U'
[Service]
ProtectProc=default
U
lose calls-filtered execution.service SystemCallFilter <<'U'
[Service]
SystemCallFilter=
U
lose own-programs execution.service NoExecPaths <<'U'
[Service]
NoExecPaths=
U
lose network-bounded execution.service RestrictAddressFamilies <<'U'
[Service]
RestrictAddressFamilies=
U
lose private-files execution.service UMask <<'U'
[Service]
UMask=0022
U
lose single-start scan.timer Requires <<'U'
[Unit]
Requires=scan.service
U
lose zone scan.timer TimersCalendar <<'U'
[Timer]
OnCalendar=
OnCalendar=Mon..Fri 08:30
U
lose punctual scan.timer AccuracyUSec <<'U'
[Timer]
AccuracySec=1min
U
lose late-start execution-restart.timer Persistent <<'U'
[Timer]
Persistent=true
U
lose follows-success scan.service ExecCondition <<'U'
[Service]
ExecCondition=/usr/bin/test -e /nowhere
U
lose bounded-run scan.service TimeoutStartUSec <<'U'
[Service]
TimeoutStartSec=infinity
U
lose runs-each-time scan.service RemainAfterExit <<'U'
[Service]
RemainAfterExit=yes
U
lose restart-brings-back execution-restart.service OnFailureJobMode <<'U'
[Unit]
OnFailureJobMode=fail
U
figure guardrails "$losses"
figure properties "$shown"

# What no drop-in does.
systemctl disable --quiet avwap.target
drifts 'not enabled' "$of_deployment"' | any(.guardrails_lost[]; .guardrail == "starts-at-boot" and .unit == "avwap.target")
    and any(.findings[]; .code == "not-enabled")'
systemctl enable --quiet avwap.target
clean enabled

systemctl stop scan.timer
drifts 'a timer stopped by hand' "$of_deployment"' | any(.findings[]; .code == "not-active" and .unit == "scan.timer")'
systemctl start scan.timer
clean 'it runs again'

systemctl set-environment EXECUTION_MODE=LIVE
drifts 'the manager adds a variable' "$of_deployment"' | any(.findings[]; .code == "manager-environment" and .subject == "EXECUTION_MODE")'
systemctl unset-environment EXECUTION_MODE
clean 'it adds none'

systemctl set-property execution.service MemoryMax=64M
drifts 'a property set at run time' "$of_deployment"' | any(.findings[]; .code == "foreign-drop-in" and .unit == "execution.service")'
systemctl revert execution.service 2> /dev/null
rm -rf /etc/systemd/system.control
systemctl daemon-reload
# A revert takes away what lies beside the unit, ours too.
drifts 'reverted' "$of_deployment"' | any(.findings[]; .code == "drop-in-missing")'
"$BIN/unitgen" render /etc/portcullis/avwap.toml --target systemd --out /etc/systemd/system --without-ntp > /dev/null 2>&1 || true
systemctl daemon-reload
clean 'rendered again'

mv /etc/systemd/system/eod.timer /root/
ln -s /dev/null /etc/systemd/system/eod.timer
systemctl daemon-reload
drifts masked "$of_deployment"' | any(.guardrails_lost[]; .guardrail == "can-start" and .unit == "eod.timer")
    and any(.findings[]; .code == "unit-masked") and any(.findings[]; .code == "not-loaded")'
mv /root/eod.timer /etc/systemd/system/
systemctl daemon-reload
systemctl start eod.timer
clean unmasked
