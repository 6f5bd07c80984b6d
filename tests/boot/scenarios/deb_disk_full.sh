#: about the disk fills while the package is unpacked: dpkg fails, the old version stays whole and runs on; with room again the upgrade goes through
#: deploy nothing
#: packages 0.1.0 0.2.0
#: venue --session 2026-10-15 --start 09:30
#: lists 2026-10-15
. /scenario/deb.sh
wait_for 20 systemctl is-system-running --wait
mkdir -p /usr/lib/portcullis
mount -t tmpfs -o size=160m tmpfs /usr/lib/portcullis
dpkg --install "$(package $OLD)"
deploy
lay_list 2026-10-15
systemctl start execution.service
run=$(run_of_execution) whole=$(digest_of_installed)

# Room that is there when it is looked at, and gone when it is needed: some of the new programs fit, not all.
mkdir /tmp/lying
printf '#!/bin/sh\nprintf "Filesystem 1024-blocks Used Available Capacity Mounted\\nx 999999999 0 999999999 0%%%% /\\n"\n' > /tmp/lying/df
chmod +x /tmp/lying/df
free=$(df --output=avail --block-size=1M /usr/lib/portcullis | tail -n1)
fallocate -l "$((free - 14))M" /usr/lib/portcullis/ballast
refused env PATH="/tmp/lying:$PATH" dpkg --install "$(package $NEXT)"
matches "$said" 'No space left on device'
rm /usr/lib/portcullis/ballast
expect "$(digest_of_installed)" "$whole" 'what is installed'
expect "$(installed)" 'installed 0.1.0'
expect "$(dpkg --audit)" ''
expect "$(run_of_execution)" "$run" 'the run'
# Also the next start finds a whole program.
systemctl start execution-restart.service
wait_for 20 is_shown execution.service ActiveState active
expect "$(program_of_execution)" /usr/lib/portcullis/bin/execution

dpkg --install "$(package $NEXT)"
expect "$(installed)" 'installed 0.2.0'
expect_show execution.service ActiveState active

# No room in /etc while it is configured: told, and done with once there is.
run=$(run_of_execution)
mount -t tmpfs -o nr_inodes=2 tmpfs /etc/portcullis
refused env PATH="/tmp/lying:$PATH" dpkg --install "$(package $NEXT)"
matches "$said" 'No space left on device'
expect "$(installed)" 'half-configured 0.2.0'
umount /etc/portcullis
dpkg --configure --pending
expect "$(installed)" 'installed 0.2.0'
expect "$(run_of_execution)" "$run" 'the run'
