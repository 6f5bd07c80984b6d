# plan, apply, drift, verify, check --host and rollback of containers, and of what comes before or after them. desk and unitgen are
# the release's; the gate and what runs in the image stand in. $target comes from the header.
# shellcheck disable=SC2154
. /scenario/apply.sh
wait_for 20 systemctl is-system-running --wait
CONTAINERS=/etc/containers/systemd
# The programs of a machine cannot be written: one lies over another.
# shellcheck disable=SC2016
printf '#!/bin/bash\nexit "$(cat /run/gate 2>/dev/null || echo 0)"\n' | install -m 755 /dev/stdin /usr/local/bin/gate
mount --bind /usr/local/bin/gate "$BIN/gate"
# Whatever day it is, no timer fires.
for ahead in 2 3 4; do
    day=$(LC_ALL=C date -d "+$ahead days" +%a)
    [[ $day == S* ]] || break
done
rm -rf "$UNITS"/avwap* "$UNITS/multi-user.target.wants/avwap.target"

# made NAME SECONDS [SED]: a manifest of containers.
made() {
    sed -E "s/^EXECUTION_POLL_SECONDS.*/EXECUTION_POLL_SECONDS = \"$2\"/; s|^image = .*|image = \"$image\"|; s/Mon\.\.Fri/$day/; ${3:-}" /scenario/avwap.toml > "/root/$1.toml"
}
# tried CODE ARGUMENTS...: unitgen ends so, whatever clock this guest has.
tried() { ends "$1" unitgen "${@:2}"; }
plan() { tried "${2:-0}" plan "/root/$1.toml" -o "/root/$1.plan" --without-ntp "${@:3}"; }
apply() { tried "$1" apply "/root/$2.plan" --without-ntp --during-session "${@:3}"; }
# loaded SECONDS: systemd runs what the manifest of so many seconds says, and it is up.
loaded() {
    matches "$(show execution.service Environment)" "EXECUTION_POLL_SECONDS=$1( |\$)"
    expect_show execution.service ActiveState active
    expect_show execution.service NeedDaemonReload no
}
inside() {
    tr '\0' '\n' < "/proc/$(podman inspect --format '{{.State.Pid}}' avwap-execution)/environ" | sed -n 's/^EXECUTION_POLL_SECONDS=//p'
}
whole() {
    tried 0 drift
    matches "$said" 'systemd has loaded are those of'
    tried 0 verify
}
# drifted PATTERN...: all of these, and nothing when it is over.
drifted() {
    local pattern
    tried 1 drift
    for pattern in "$@"; do matches "$said" "$pattern"; done
}

# An image that is not there: nothing changes, and it says what to do.
made absent 60 's|@sha256:[0-9a-f]{4}|@sha256:ffff|'
plan absent 75 --target "$target"
matches "$said" '^host\[image-missing\]: localhost/portcullis@sha256:ffff'
matches "$said" 'podman pull localhost/portcullis@sha256:ffff'
expect "$(find $UNITS $CONTAINERS -name '*avwap*' -o -name 'execution*' 2>/dev/null)" ''

# Laid, made into units, started, waited for.
made first 60
tried 0 check /root/first.toml --host --target "$target" --without-ntp
plan first 0 --target "$target"
begun=$(date +%s%N)
apply 0 first
figure apply_ms $((($(date +%s%N) - begun) / 1000000))
expect "$(current)" 1
loaded 60
expect "$(inside)" 60 'what the program is told'
if [ "$target" = quadlet ]; then
    expect_show execution.service FragmentPath /run/systemd/generator/execution.service
    expect_show execution.service SourcePath $CONTAINERS/execution.container
fi
whole
apply 0 first
matches "$said" 'laid already'

# What somebody does by hand is found, and gone when it is taken away.
by_hand=$UNITS/execution.service.d/99-by-hand.conf
printf '[Service]\nExecCondition=\n' > "$by_hand"
systemctl daemon-reload
drifted '^lost: execution.service gate: ExecCondition= is cleared' '^drift\[foreign-drop-in\]: execution.service '
rm "$by_hand"
systemctl daemon-reload
whole
if [ "$target" = quadlet ]; then
    mkdir -p $CONTAINERS/execution.container.d
    printf '[Container]\nPodmanArgs=--privileged\n' > $CONTAINERS/execution.container.d/10-by-hand.conf
    systemctl daemon-reload
    drifted '^lost: execution.service kernel-shielded: --privileged' '^drift\[foreign-drop-in\]: execution.service .*10-by-hand.conf' \
        '^drift\[property-differs\]: execution.service ExecStart: it runs with --privileged'
    rm -r $CONTAINERS/execution.container.d
    drifted '^drift\[generated-differs\]: execution.service '
    systemctl daemon-reload
    whole
    cp $CONTAINERS/execution.container /root/
    sed -i 's/^ReadOnly=true/ReadOnly=false/' $CONTAINERS/execution.container
    systemctl daemon-reload
    drifted '^lost: execution.service read-only-system: --read-only is missing' \
        "^drift\\[unit-differs\\]: execution.service $CONTAINERS/execution.container" \
        '^drift\[property-differs\]: execution.service ExecStart: it runs with(out)? --read-only'
    cp /root/execution.container $CONTAINERS/
    systemctl daemon-reload
    whole
    printf '[Service]\nExecStart=/bin/sleep infinity\n' > $UNITS/execution.service
    systemctl daemon-reload
    drifted '^drift\[unit-shadowed\]: execution.service' '^lost: execution.service readiness'
    rm $UNITS/execution.service
    mkdir -p /run/containers/systemd
    ln -s /dev/null /run/containers/systemd/eod.container
    systemctl daemon-reload
    drifted '^drift\[unit-masked\]: eod.service' '^drift\[not-generated\]: eod.service' '^drift\[not-loaded\]: eod.service'
    rm /run/containers/systemd/eod.container
else
    sed -i 's/--cap-drop=all/--cap-add=SYS_ADMIN/' $UNITS/execution.service
    systemctl daemon-reload
    drifted '^lost: execution.service unprivileged' "^drift\\[unit-differs\\]: execution.service $UNITS/execution.service" \
        '^drift\[property-differs\]: execution.service ExecStart: it runs with --cap-add=SYS_ADMIN'
    plan first 0
    matches "$said" 'held: execution.service unprivileged'
    apply 0 first
fi
systemctl daemon-reload
whole

# A change: the container is started afresh, once.
made second 50
plan second
apply 0 second
loaded 50
expect "$(inside)" 50
expect "$(podman ps --format '{{.Names}}' | grep -c execution)" 1 'containers'
whole

# What the generator makes nothing of is caught after the reload and taken back, and so is a program that does not start.
if [ "$target" = quadlet ]; then
    generator=$(realpath /usr/lib/systemd/system-generators/podman-system-generator)
    mv "$generator" "$generator.real"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\ngrep -q "SECONDS=40" %s/execution.container && rm -f "$1"/*.service && exit 1\nexec %s "$@"\n' $CONTAINERS "$generator.real" > "$generator"
    chmod 755 "$generator"
    made third 40
    plan third
    apply 1 third
    matches "$said" 'execution.service: it is not loaded: not-found'
    matches "$said" '^went-back: '
    mv "$generator.real" "$generator"
    loaded 50
    whole
fi
made fourth 41
plan fourth
echo 65 > "$ROOT/code-41"
apply 1 fourth
matches "$said" '^failed +execution.service: it failed'
matches "$said" '^went-back: '
loaded 50
expect "$(inside)" 50
expect "$(current)" 2

# By hand.
tried 0 rollback --during-session
loaded 60
expect "$(inside)" 60
expect "$(current)" 1

# From containers to programs of the host and back: one process, and nothing of the other target.
container=$(podman inspect --format '{{.State.Pid}}' avwap-execution)
echo 75 > /run/gate
made native 60
plan native 0 --target systemd
apply 0 native
[ ! -e "/proc/$container" ] || fail 'the container still runs'
expect "$(find $CONTAINERS -name '*.container' 2>/dev/null)" ''
expect_show execution.service FragmentPath $UNITS/execution.service
matches "$(show execution.service ExecStart)" 'path=/usr/lib/portcullis/bin/execution '
whole
rm /run/gate
tried 0 rollback --during-session --to 1
[ "$target" != quadlet ] || [ ! -e $UNITS/execution.service ] || fail 'the unit of the other target is still there'
loaded 60
expect "$(inside)" 60
whole

# An image that was removed: nothing is laid that could not start.
plan second
podman untag "$image" 2>/dev/null || true
podman rmi -f localhost/portcullis:1 > /dev/null 2>&1 || true
if podman image exists "$image"; then say 'the image is in use'; fi
made gone 45 's|@sha256:[0-9a-f]{4}|@sha256:fffe|'
plan gone 75
tried 0 rollback --list
