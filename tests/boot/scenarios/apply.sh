#: about plan, apply and rollback: what is refused, what is laid, what goes back by itself, and that what holds positions is never stopped
#: deploy programs
#: venue --session 2026-10-15 --start 07:00
#: lists 2026-10-15
#: timeout 300
. /scenario/apply.sh
fresh_host

# A fresh host, before the day begins.
manifest first 60
planned first
matches "$said" 'write /etc/systemd/system/multi-user.target.wants/avwap.target'
ends 0 unitgen apply /root/first.plan --dry-run
expect "$(find $UNITS -name 'avwap*')" '' 'files after --dry-run'
begun=$(date +%s%N)
ends 0 unitgen apply /root/first.plan
figure apply_ms $((($(date +%s%N) - begun) / 1000000))
matches "$said" '^well +execution.service: its gate refuses for now \(exited 75\), and nothing is held'
is_laid 60
expect "$(current)" 1
expect "$(systemctl is-enabled avwap.target)" enabled
for unit in avwap.target scan.timer execution-restart.timer eod.timer; do expect_show $unit ActiveState active; done
expect "$(stat -c '%a %U' $GENERATIONS)" '700 root'

# Another program in the gate's place, which no unit shows.
differs() { { unitgen drift --json || true; } | jq -e 'any(.deployments[0].findings[]; .code == "program-differs")' > /dev/null; }
! differs || fail 'the programs are those that were deployed'
cp -a $BIN/gate /root/gate
cp --remove-destination /bin/true $BIN/gate
differs || fail 'a gate that is another program'
cp -a --remove-destination /root/gate $BIN/gate

# Again: nothing to do, and nothing is done.
before=$(units_on_disk)
ends 0 unitgen apply /root/first.plan
matches "$said" 'this plan is laid already'
planned first
matches "$said" 'nothing to do'
ends 0 unitgen apply /root/first.plan
expect "$(units_on_disk)" "$before"
expect "$(current)" 1

# A plan that somebody was faster than; and what is lost by hand comes back.
manifest second 50
planned second
sed -i 's/08:30:00/09:29:00/' $UNITS/scan.timer
ends 75 unitgen apply /root/second.plan
matches "$said" 'refused\[stale\]: /etc/systemd/system/scan.timer: it was sha256:.*, and is sha256:'
lays first
matches "$said" '^wrote +/etc/systemd/system/scan.timer'
expect "$(units_on_disk)" "$before"
expect "$(current)" 1 'what is restored is the generation that it was'

# A hand-written unit is nobody's to replace.
rm $UNITS/eod.timer
ln -s /dev/null $UNITS/eod.timer
ends 73 unitgen plan /root/second.toml -o /root/second.plan
matches "$said" 'eod.timer was not rendered for this deployment'
rm $UNITS/eod.timer
lays first
systemctl is-active --quiet eod.timer || fail 'the timer that came back does not run'

# Flat, in the session: refused, unless it is meant.
lay_list 2026-10-15
venue POST /sim/advance '{"to": "2026-10-15T09:40:00-04:00"}' > /dev/null
systemctl start execution.service
expect_show execution.service ActiveState active
planned second
ends 75 unitgen apply /root/second.plan
matches "$said" '^refused\[in-session\]'
run=$(run_of_execution)
ends 0 unitgen apply /root/second.plan --during-session
is_laid 50
expect "$(current)" 2
[ "$(run_of_execution)" != "$run" ] || fail 'execution was not started afresh'
expect_show execution.service ActiveState active

# A start that fails goes back by itself: the number of somebody else's account.
manifest wrong 40 's/PA30000000/PA30009999/'
planned wrong
ends 1 unitgen apply /root/wrong.plan --during-session
matches "$said" '^failed +execution.service: it failed'
matches "$said" '^went-back: '
matches "$said" '^well +execution.service: running'
is_laid 50
expect "$(current)" 2
expect_show execution.service ActiveState active
matches "$(unitgen rollback --list)" ' 3 .* rolled back: execution.service: it failed'

# So does a program that does not start: units and program come back, and the ledger is as it was.
cp "$BIN/execution" /root/execution
printf '#!/bin/sh\nexit 1\n' > "$BIN/execution.new"
chmod 755 "$BIN/execution.new"
mv "$BIN/execution.new" "$BIN/execution"
planned second
matches "$said" 'restart execution.service, if it runs and nothing is held: its program was replaced'
ends 1 unitgen apply /root/second.plan --during-session --timeout 5
cmp /root/execution "$BIN/execution" || fail 'the program did not come back'
is_laid 50
wait_for 20 is_shown execution.service ActiveState active

# By hand.
ends 75 unitgen rollback
ends 0 unitgen rollback --during-session
is_laid 60
expect "$(current)" 1
expect_show execution.service ActiveState active
ends 0 unitgen rollback --to 2 --during-session
is_laid 50

# Two at once.
manifest third 30
planned third
unitgen apply /root/third.plan --during-session > /root/third.said 2>&1 &
first=$!
wait_for 10 test -e $GENERATIONS/apply.state
ends 76 unitgen apply /root/third.plan --during-session
wait $first || fail "the first of two: $(cat /root/third.said)"
is_laid 30

# The plug is pulled in the middle: the same plan goes on, anything else goes back first.
# pulled NAME: an apply of it is killed while its journal is there.
pulled() {
    planned "$1"
    unitgen apply "/root/$1.plan" --during-session > /dev/null 2>&1 &
    local pid=$!
    wait_for 10 grep -q '"phase": "units"' $GENERATIONS/apply.state
    kill -KILL $pid
    wait $pid 2> /dev/null || true
    [ -e $GENERATIONS/apply.state ] || fail 'it was over already'
}
manifest fourth 29
pulled fourth
ends 0 unitgen apply /root/fourth.plan --during-session
matches "$said" '^resumed '
is_laid 29
manifest fifth 28
pulled fifth
ends 0 unitgen rollback --during-session
matches "$said" '^recovered '
is_laid 29
manifest sixth 27
planned sixth
pulled fifth
ends 75 unitgen plan /root/fourth.toml -o /root/late.plan
matches "$said" 'interrupted'
ends 0 unitgen apply /root/sixth.plan --during-session
matches "$said" '^recovered '
is_laid 27
[ ! -e $GENERATIONS/apply.state ] || fail 'the journal is still there'

# Something is held. (Entries begin twenty minutes after the open.)
pass 660
pass 300 covered
run=$(run_of_execution) lying=$(stops)
untouched() {
    expect "$(run_of_execution)" "$run" 'the run'
    expect "$(stops)" "$lying" 'stops at the venue'
    covered || fail 'something is bare'
}
manifest seventh 26
planned seventh
before=$(units_on_disk)
ends 75 unitgen apply /root/seventh.plan
matches "$said" '^refused\[stops-orders\]: there is [0-9]+ positions .* and execution.service would be stopped'
matches "$said" '^refused\[holding\]'
matches "$said" '^refused\[in-session\]'
ends 75 unitgen apply /root/seventh.plan --during-session
matches "$said" '^refused\[stops-orders\]'
ends 75 unitgen rollback --during-session
expect "$(units_on_disk)" "$before"
untouched
# Nobody can tell: as bad as held.
mv "$ROOT/state/exposure.json" /root/
ends 75 unitgen apply /root/seventh.plan --during-session
matches "$said" 'no telling what is held'
mv /root/exposure.json "$ROOT/state/"
# What is lost comes back at any time, and nothing that holds is stopped for it.
sed -i '/^ExecCondition=/d' $UNITS/execution.service
rm -r $UNITS/execution.service.d
systemctl daemon-reload
planned sixth
matches "$said" 'held: execution.service gate: '
ends 0 unitgen apply /root/sixth.plan
expect "$(units_on_disk)" "$before"
matches "$(show execution.service ExecCondition)" 'gate execution'
untouched
# Laid while it runs on: its next start takes it.
planned seventh
ends 0 unitgen apply /root/seventh.plan --during-session --keep-running
is_laid 26
untouched

# No room for a generation: nothing changes.
before=$(units_on_disk)
mkdir /root/kept
cp -a /var/lib/portcullis/. /root/kept/
mount -t tmpfs -o size=64k none /var/lib/portcullis
mkdir -p $GENERATIONS
cp -a /root/kept/generations/avwap/{current,"$(current 2> /dev/null || readlink /root/kept/generations/avwap/current)"} $GENERATIONS/
dd if=/dev/zero of=/var/lib/portcullis/filler bs=4k 2> /dev/null || true
manifest eighth 25
planned eighth
ends 73 unitgen apply /root/eighth.plan --during-session --keep-running
expect "$(units_on_disk)" "$before"
umount /var/lib/portcullis
# Nor for units.
cp -a $UNITS /root/units
mount -t tmpfs -o size=512k none $UNITS
cp -a /root/units/. $UNITS/
dd if=/dev/zero of=$UNITS/filler bs=4k 2> /dev/null || true
ends 75 unitgen plan /root/eighth.toml -o /root/eighth.plan
matches "$said" 'full'
rm $UNITS/filler
planned eighth
dd if=/dev/zero of=$UNITS/filler bs=4k 2> /dev/null || true
ends 75 unitgen apply /root/eighth.plan --during-session --keep-running
expect "$(units_on_disk)" "$before"
umount $UNITS

# Five that did well are kept, and two that did not beside them.
for seconds in 24 23 22; do
    manifest more $seconds
    lays more --during-session --keep-running
done
expect "$(find $GENERATIONS -maxdepth 1 -name '[0-9]*' | wc -l)" 7 'generations'
untouched
no_double
