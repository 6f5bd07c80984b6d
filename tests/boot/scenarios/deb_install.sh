#: about the package installs programs, a user and directories, and starts, enables and loads nothing; a host that cannot have it is refused before anything changes
#: deploy nothing
#: packages 0.1.0
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
units() { systemctl list-units --all --no-legend --plain | awk '{print $1, $2, $3}' | grep -Ev '\.(mount|device|scope|slice)|scenario' | sort; }
enabled() { systemctl list-unit-files --no-legend | awk '{print $1, $2}' | sort; }
before=$(units) files=$(enabled)

# Hosts that are refused: each with what to do, and nothing of ours there afterwards.
nothing() {
    matches "$said" "$1"
    matches "$said" 'nothing was changed'
    expect "$(installed)" '' 'a package'
    [ ! -e /usr/lib/portcullis/bin/execution ] || fail "programs are there"
    if id trading > /dev/null 2>&1; then fail "a user is there"; fi
}
mkdir /tmp/old
printf '#!/bin/sh\necho "systemd 247 (247.3-7)"\n' > /tmp/old/systemctl
chmod +x /tmp/old/systemctl
refused env PATH="/tmp/old:$PATH" dpkg --install "$(package $OLD)"
nothing 'need systemd 252, here is 247'

for directory in /usr/lib/portcullis /var/lib/dpkg/info /etc/portcullis; do
    mkdir -p "$directory"
    cp -a "$directory" /tmp/aside
    mount -t tmpfs -o size=100m,nr_inodes=100000 tmpfs "$directory"
    cp -a /tmp/aside/. "$directory"
    fallocate -l "$(df --output=avail --block-size=1 "$directory" | tail -n1)" "$directory/full"
    refused dpkg --install "$(package $OLD)"
    nothing "$directory.*needs [0-9]+ KiB, .* has 0 KiB left"
    rm "$directory/full"
    mount -o remount,ro "$directory"
    refused dpkg --install "$(package $OLD)"
    # dpkg itself is first to miss its own directory.
    [ "$directory" = /var/lib/dpkg/info ] || nothing "$directory cannot be written to"
    umount "$directory"
    rm -r /tmp/aside
done
mkdir -p /var/lib/avwap/data
sqlite3 /var/lib/avwap/data/execution_v2.sqlite 'PRAGMA application_id = 1346587731; PRAGMA user_version = 99; CREATE TABLE t (x);'
refused dpkg --install "$(package $OLD)"
nothing 'schema 99; release 0.1.0 reads up to [0-9]+ and would not start'
rm -r /var/lib/avwap

dpkg --install "$(package $OLD)"
expect "$(installed)" 'installed 0.1.0'
expect "$(units)" "$before" 'units'
expect "$(enabled)" "$files" 'unit files'
expect_show avwap.target LoadState not-found
expect_show execution.service LoadState not-found
[ -z "$(pgrep -f /usr/lib/portcullis || true)" ] || fail "something of ours runs"
# A guest's dpkg leaves documentation out.
expect "$(dpkg --verify portcullis | grep -Ev '^missing +/usr/share/(doc|man)' || true)" '' 'files that are not as packaged'

modes=$(stat -c '%a %U:%G %n' /usr/lib/portcullis/bin/* /etc/portcullis /etc/portcullis/* /var/lib/avwap)
expect "$modes" "$(printf '%s\n' \
    '755 root:root /usr/lib/portcullis/bin/desk' '755 root:root /usr/lib/portcullis/bin/execution' \
    '755 root:root /usr/lib/portcullis/bin/gate' '755 root:root /usr/lib/portcullis/bin/scanner' \
    '755 root:root /usr/lib/portcullis/bin/unitgen' '755 root:root /etc/portcullis' \
    '755 root:root /etc/portcullis/arming' '700 root:root /etc/portcullis/credentials' \
    '700 trading:trading /var/lib/avwap')" 'modes'
expect "$(getent passwd trading | cut -d: -f6,7)" '/var/lib/avwap:/usr/sbin/nologin'
for program in /usr/lib/portcullis/bin/*; do "$program" --version; done
unitgen check /usr/share/portcullis/avwap.toml
complete=$(bash -c '. /usr/share/bash-completion/completions/desk && complete -p desk')
matches "$complete" '_desk'

# Once more changes nothing.
whole=$(digest_of_installed)
dpkg --install "$(package $OLD)"
expect "$(digest_of_installed)" "$whole" 'what is installed'
expect "$(units)" "$before" 'units'
