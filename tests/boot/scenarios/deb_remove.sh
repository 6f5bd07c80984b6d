#: about removal is refused while anything of ours runs or is enabled; state, manifest, keys and units outlive a purge; installed again they go on
#: deploy nothing
#: packages 0.1.0 0.2.0
#: venue --session 2026-10-15 --start 09:30
#: lists 2026-10-15
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
dpkg --install "$(package $OLD)"
deploy
lay_list 2026-10-15
systemctl enable avwap.target
whole=$(digest_of_installed)

still_there() {
    matches "$said" "$1"
    matches "$said" 'not removed, and nothing was changed'
    expect "$(installed)" 'installed 0.1.0'
    expect "$(digest_of_installed)" "$whole" 'what is installed'
}
refused dpkg --remove portcullis
still_there 'avwap.target is enabled'
systemctl start execution.service
run=$(run_of_execution)
systemctl disable avwap.target
refused dpkg --purge portcullis
still_there 'execution \(pid [0-9]+\) runs'
matches "$said" 'execution.service is active'
expect "$(run_of_execution)" "$run" 'the run'

systemctl stop execution.service
ledger=$(sha256sum "$ROOT/data/execution_v2.sqlite")
units=$(units_on_disk)
dpkg --remove portcullis
[ ! -e /usr/lib/portcullis ] || fail "programs are still there"
[ -e /etc/needrestart/conf.d/portcullis.conf ] || fail "a removal is no purge"
kept=$(dpkg --purge portcullis 2>&1)
say "$kept"
for path in /var/lib/avwap /etc/portcullis /etc/systemd/system/execution.service; do
    matches "$kept" "kept $path"
done
expect "$(sha256sum "$ROOT/data/execution_v2.sqlite")" "$ledger" 'the ledger'
expect "$(units_on_disk)" "$units" 'units'
expect "$(cat /etc/portcullis/credentials/avwap/APCA_API_KEY_ID)" SIMKEY
expect "$(stat -c %U "$ROOT/data/execution_v2.sqlite")" trading
expect "$(installed)" ''
[ ! -e /etc/needrestart/conf.d/portcullis.conf ] || fail "a conffile is left"
[ ! -e /usr/share/portcullis ] || fail "something of ours is left in /usr"

dpkg --install "$(package $NEXT)"
expect_show execution.service ActiveState inactive
systemctl start execution.service
expect_show execution.service ActiveState active
