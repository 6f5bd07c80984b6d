#: about upgrade and downgrade while execution holds positions: the process, its run and its stops stay; the next start takes the other program
#: deploy nothing
#: packages 0.1.0 0.2.0
#: venue --session 2026-10-15 --start 09:48
#: lists 2026-10-15
#: timeout 180
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
dpkg --install "$(package $OLD)"
deploy
systemctl enable avwap.target
lay_list 2026-10-15
systemctl start execution.service
hold_a_position
run=$(run_of_execution) stops=$(stops) manifest=$(sha256sum /etc/portcullis/avwap.toml) units=$(units_on_disk)
untouched() {
    expect "$(run_of_execution)" "$run" 'the run'
    stops_stay "$stops"
    is_protected
    expect "$(sha256sum /etc/portcullis/avwap.toml)" "$manifest" 'the manifest'
    expect "$(units_on_disk)" "$units" 'units'
}

# moves TO: what dpkg said is in $told; nothing that runs is touched until execution starts again.
moves() {
    forget_the_venue
    told=$(dpkg --install "$(package "$1")" 2>&1)
    point_at_the_venue
    say "$told"
    expect "$(installed)" "installed $1"
    matches "$told" "execution \(pid [0-9]+\) runs on as it was; its next start takes $1"
    untouched
    expect "$(program_of_execution)" '/usr/lib/portcullis/bin/execution (deleted)'
    # What an upgrade of systemd itself does.
    systemctl daemon-reexec
    systemctl daemon-reload
    untouched
    systemctl start execution-restart.service
    wait_for 20 is_shown execution.service ActiveState active
    expect "$(program_of_execution)" /usr/lib/portcullis/bin/execution
    [ "$(run_of_execution)" != "$run" ] || fail "execution did not start again"
    stops_stay "$stops"
    is_protected
    run=$(run_of_execution)
}
is_told_of_units() { grep -q "units are not as unitgen $1 renders them" <<< "$told"; }

moves $NEXT
is_told_of_units $NEXT && fail "units are as they were, and the upgrade says they are not"
# Units of another unitgen, which says something else: told, and run as they are. Its name alone is nothing to tell.
grep -rl '^# Rendered by unitgen ' /etc/systemd/system | xargs sed -i 's/^# Rendered by unitgen [0-9.]*/# Rendered by unitgen 0.0.1/'
forget_the_venue
told=$(/usr/lib/portcullis/bin/unitgen verify 2>&1) || fail "the name of a release is taken for a difference: $told"
point_at_the_venue
sed -i 's/^RestartSec=10$/RestartSec=9/' /etc/systemd/system/execution.service /etc/systemd/system/execution.service.d/*.conf
units=$(units_on_disk)
moves $OLD
is_told_of_units $OLD || fail "nobody is told that units are another unitgen's"
matches "$told" "going back from $NEXT to $OLD"

# A ledger of a release that is newer than the package: refused while it would still do no harm.
dpkg --install "$(package $NEXT)"
ledger=$ROOT/data/execution_v2.sqlite
schema=$(sqlite3 -readonly "$ledger" 'PRAGMA user_version')
# The number as bytes of the file, without what lies in the WAL.
in_the_file() { od -An -tu1 -j60 -N4 "$ledger" | tr -d ' '; }
expect "$(in_the_file)" "000$schema" 'the schema that the file itself says, while execution runs'
systemctl stop execution.service
# As a migration leaves it that was killed before it was written back.
printf '.dbconfig no_ckpt_on_close on\nPRAGMA user_version = 99;\n' | sqlite3 "$ledger" > /dev/null
expect "$(in_the_file)" "000$schema" 'the schema that the file itself still says'
whole=$(digest_of_installed)
refused dpkg --install "$(package $OLD)"
matches "$said" "schema 99; release $OLD reads up to $schema and would not start"
expect "$(digest_of_installed)" "$whole" 'what is installed'
expect "$(installed)" "installed $NEXT"
# The programs refuse it too, and are not restarted over it.
systemctl start execution.service && fail "execution runs over a ledger it does not know"
expect_show execution.service ExecMainStatus 78
expect_show execution.service NRestarts 0
stops_stay "$stops"

# The ledger is of this release again, in the file and in the WAL.
sqlite3 "$ledger" "PRAGMA user_version = $schema; PRAGMA wal_checkpoint(TRUNCATE);" > /dev/null
# A manifest that the new release cannot read: the package goes in, and says so.
echo 'no_such_key = 1' >> /etc/portcullis/avwap.toml
told=$(dpkg --install "$(package $NEXT)" 2>&1)
expect "$(installed)" "installed $NEXT"
matches "$told" "ATTENTION: unitgen $NEXT rejects /etc/portcullis/avwap.toml"
