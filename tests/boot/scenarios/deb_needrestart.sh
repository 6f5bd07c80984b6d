#: about a library is replaced under running programs: needrestart, told to restart all by itself, leaves what unitgen rendered alone
#: deploy nothing
#: packages 0.1.0
#: venue --session 2026-10-15 --start 09:30
#: lists 2026-10-15
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
dpkg --install "$(package $OLD)"
deploy
# Somebody else's service, and one of ours by another name.
for unit in bystander renamed; do
    {
        [ $unit = bystander ] || head -n1 /etc/systemd/system/execution.service
        printf '[Service]\nEnvironment=LD_PRELOAD=libgcc_s.so.1\nExecStart=/bin/sleep infinity\n'
    } > /etc/systemd/system/$unit.service
done
systemctl daemon-reload
lay_list 2026-10-15
systemctl start execution.service bystander.service renamed.service
# The scenario itself is not what is looked at.
echo '$nrconf{override_rc}{qr(^scenario\.service$)} = 0;' > /etc/needrestart/conf.d/scenario.conf

# replace: what every running program has mapped of libgcc is a deleted file from now on.
replace() {
    local library
    library=$(realpath /lib/x86_64-linux-gnu/libgcc_s.so.1)
    cp -p "$library" "$library.new"
    mv "$library.new" "$library"
}
invocations() { for unit in "$@"; do show $unit.service InvocationID; done; }
restart_what_needs_it() { NEEDRESTART_SUSPEND='' DEBIAN_FRONTEND=noninteractive needrestart -l -r a 2>&1; }

replace
ours=$(invocations execution renamed) other=$(invocations bystander)
said=$(restart_what_needs_it)
say "$said"
matches "$said" 'systemctl restart .*bystander.service'
expect "$(invocations execution renamed)" "$ours" 'our runs'
[ "$(invocations bystander)" != "$other" ] || fail "needrestart restarted nothing: the test shows nothing"

# Without the package's word it would have.
rm /etc/needrestart/conf.d/portcullis.conf
restart_what_needs_it
for unit in execution renamed; do
    matches "$ours" "^.{32}"
    ! grep -q "$(show $unit.service InvocationID)" <<< "$ours" || fail "$unit was left alone by chance"
done
