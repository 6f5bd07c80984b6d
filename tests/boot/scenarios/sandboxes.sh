#: about each installed sandbox is in force: what its program may write, reach, run and see
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
. /scenario/hazards.sh

# The prober lies where the release's programs do, so that execution's sandbox lets it run: bash, and what it calls.
cp /bin/bash "$BIN/probe"
cp /usr/bin/{unshare,renice,chmod,timeout,setarch,cp,id,perl} "$BIN/"
# A program of another package, beside the libraries; and a process of the same user.
helper=/usr/lib/apt/apt-helper
"$helper" --version > /dev/null
systemd-run --quiet --unit=neighbour --uid=trading --property=Type=exec /bin/sleep infinity
install -d -m 777 /etc/open /var/lib/open /home/open "$BIN/open"
touch /tmp/of-the-host
fresh_list
systemctl start execution.service
systemctl stop execution.service
install -d -o trading -g trading "$ROOT/ledger"
printf 'neighbour=%s helper=%s\n' "$(pid_of neighbour.service)" "$helper" > "$BIN/probe.sh"
cat >> "$BIN/probe.sh" <<'S'
programs=/usr/lib/portcullis/bin
can() { local name=$1; shift; if ("$@") >/dev/null 2>&1; then echo "probe: $name yes"; else echo "probe: $name no"; fi; }
write() { : >> "$1/probe"; }
reach() { exec 3<> /dev/tcp/127.0.0.1/8080; }
read_from() { local line; read -r line < "$1" || [ -n "$line" ]; }
# What still listens after a while has been let.
listen() { $programs/timeout 2 $programs/sim-broker --listen 127.0.0.1:9999; [ $? -eq 124 ]; }
make_setuid() { write /var/lib/avwap && $programs/chmod 4755 /var/lib/avwap/probe; }
run_written() { $programs/cp $programs/id "$1/id" && "$1/id"; }
# Written to a file that has no name, and run from there; ends well only as the other program.
run_memory() {
    $programs/perl -e 'my ($name, $none) = ("x", ""); my $file = syscall(319, $name, 0); exit 8 if $file < 0;
        open(my $in, "<", "/usr/lib/portcullis/bin/id"); local $/; my $program = <$in>;
        open(my $out, ">&=", $file); print $out $program; $out->flush; $^F = 99; syscall(322, $file, $none, 0, 0, 0x1000); exit 9'
}
make_ring() { $programs/perl -e 'my $what = "\0" x 120; exit(syscall(425, 4, $what) < 0)'; }
signal() { kill -0 "$neighbour"; }
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
can read-key-file read_from /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY
can read-own-key read_from "$CREDENTIALS_DIRECTORY/APCA_API_SECRET_KEY"
can reach-venue reach
can listen listen
can run-shell /bin/sh -c true
can run-other "$helper" --version
for place in state:/var/lib/avwap locks:/run/portcullis tmp:/tmp var-tmp:/var/tmp shm:/dev/shm; do
    can run-from-${place%%:*} run_written "${place#*:}"
done
can run-from-memory run_memory
can make-ring make_ring
can signal-neighbour signal
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
run-other          yes        no        no  no   no
run-from-state     yes        no        no  no   no
run-from-locks     yes        no        no  no   no
run-from-tmp       yes        no        no  no   no
run-from-var-tmp   yes        no        no  no   no
run-from-shm       yes        no        no  no   no
run-from-memory    yes        no        no  no   no
make-ring          yes        no        no  no   no
signal-neighbour   yes        yes       no  no   no
make-namespace     yes        no        no  no   no
change-priority    yes        no        no  no   no
change-personality yes        no        no  no   no
make-setuid        yes        no        no  no   no
S
