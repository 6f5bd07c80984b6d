#: about each installed sandbox is in force: what its program may write, reach, run and see
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
. /scenario/hazards.sh

# The prober lies where the release's programs do, so that execution's sandbox lets it run: bash, and what it calls.
cp /bin/bash "$BIN/probe"
cp /usr/bin/{unshare,renice,chmod,timeout,setarch} "$BIN/"
install -d -m 777 /etc/open /var/lib/open /home/open "$BIN/open"
touch /tmp/of-the-host
fresh_list
systemctl start execution.service
systemctl stop execution.service
install -d -o trading -g trading "$ROOT/ledger"
cat > "$BIN/probe.sh" <<'S'
programs=/usr/lib/portcullis/bin
can() { local name=$1; shift; if ("$@") >/dev/null 2>&1; then echo "probe: $name yes"; else echo "probe: $name no"; fi; }
write() { : >> "$1/probe"; }
reach() { exec 3<> /dev/tcp/127.0.0.1/8080; }
read_from() { local line; read -r line < "$1" || [ -n "$line" ]; }
# What still listens after a while has been let.
listen() { $programs/timeout 2 $programs/sim-broker --listen 127.0.0.1:9999; [ $? -eq 124 ]; }
make_setuid() { write /var/lib/avwap && $programs/chmod 4755 /var/lib/avwap/probe; }
can write-state write /var/lib/avwap
can write-kill-switch write /var/lib/avwap/state
can write-database write /var/lib/avwap/data
can write-ledger write /var/lib/avwap/ledger
can write-locks write /run/portcullis
can write-etc write /etc/open
can write-programs write $programs/open
can write-var write /var/lib/open
can see-home test -e /home/open
can see-tmp test -e /tmp/of-the-host
can see-devices test -e /dev/net/tun
can see-processes test -e /proc/1/status
can see-memory read_from /proc/meminfo
can read-key-file read_from /etc/portcullis/credentials/APCA_API_SECRET_KEY
can read-own-key read_from "$CREDENTIALS_DIRECTORY/APCA_API_SECRET_KEY"
can reach-venue reach
can listen listen
can run-shell /bin/sh -c true
can make-namespace $programs/unshare --user $programs/probe -c :
can change-priority $programs/renice -n 1 -p $$
can change-personality $programs/setarch --addr-no-randomize $programs/probe -c :
can make-setuid make_setuid
exit 3
S

# The same user without any sandbox: what the prober can see is not for want of eyes.
seed plain.service <<'S'
[Service]
Type=oneshot
User=trading
S
# probed UNIT: the prober in the sandbox of the installed unit, a line "NAME yes|no" each. It ends with 3: a success would
# start what the unit's OnSuccess= names.
probed() {
    undo_venue "$1"
    install -D -m 644 /dev/stdin "/etc/systemd/system/$1.d/99-probe.conf" <<'S'
[Service]
Type=oneshot
Restart=no
ExecCondition=
ExecStart=
ExecStart=/usr/lib/portcullis/bin/probe /usr/lib/portcullis/bin/probe.sh
S
    systemctl daemon-reload
    systemctl start "$1" 2>/dev/null || true
    expect_show "$1" ExecMainStatus 3
    journal -u "$1" | jq -r '.MESSAGE | strings | select(startswith("probe: ")) | .[7:]'
}
aligned() { awk '{ printf "%-18s %-10s %-9s %-3s %-4s %s\n", $1, $2, $3, $4, $5, $6 }'; }
column() { probed "$1" > "/tmp/$1"; [ -s "/tmp/$1" ] || fail "the prober tells nothing in $1"; }
for unit in seed-plain execution eod scan execution-restart; do column $unit.service; done
{
    echo 'probe seed-plain execution eod scan execution-restart'
    cut -d' ' -f1 /tmp/seed-plain.service |
        paste -d' ' - <(cut -d' ' -f2 /tmp/seed-plain.service) <(cut -d' ' -f2 /tmp/execution.service) \
            <(cut -d' ' -f2 /tmp/eod.service) <(cut -d' ' -f2 /tmp/scan.service) <(cut -d' ' -f2 /tmp/execution-restart.service)
} | aligned > /tmp/measured
cat /tmp/measured
diff -u - /tmp/measured <<'S' || fail 'a sandbox is not what it should be'
probe              seed-plain execution eod scan execution-restart
write-state        yes        yes       yes yes  yes
write-kill-switch  yes        yes       yes no   no
write-database     yes        yes       yes no   no
write-ledger       yes        yes       yes no   no
write-locks        yes        yes       yes no   no
write-etc          yes        no        no  no   no
write-programs     yes        no        no  no   no
write-var          yes        no        no  no   no
see-home           yes        no        no  no   no
see-tmp            yes        no        no  no   no
see-devices        yes        no        no  no   no
see-processes      yes        no        no  no   no
see-memory         yes        no        no  no   no
read-key-file      no         no        no  no   no
read-own-key       no         yes       yes no   no
reach-venue        yes        yes       yes no   no
listen             yes        no        no  no   no
run-shell          yes        no        no  no   no
make-namespace     yes        no        no  no   no
change-priority    yes        no        no  no   no
change-personality yes        no        no  no   no
make-setuid        yes        no        no  no   no
S
