#: about encrypted credentials: nothing at rest in plain, execution starts with them; of another host, or missing: final
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
#: manifest s/^keys = \[.*/&\nencrypted = true/
. /scenario/hazards.sh
lay_list 2026-10-15
store=/etc/portcullis/credentials/avwap
systemctl cat execution.service eod.service | grep -q '^LoadCredentialEncrypted=APCA_API_SECRET_KEY:' || fail 'not rendered encrypted'

# The key of this host; no TPM is needed.
systemd-creds setup > /dev/null 2>&1 || true
for name in APCA_API_KEY_ID APCA_API_SECRET_KEY; do
    path=$(systemctl show --property=FragmentPath --value execution.service |
        xargs sed -n "s/^LoadCredentialEncrypted=$name://p" | sed 's|^%E|/etc|')
    mkdir -p "$(dirname "$path")"
    systemd-creds encrypt --with-key=host --name=$name "$store/$name" "$path.new"
    rm "$store/$name"
    mv "$path.new" "$path"
done
! grep -raE 'SIMKEY|SIMSECRET' /etc/portcullis || fail 'a key lies in plain'
"$BIN/unitgen" check /etc/portcullis/avwap.toml --host

systemctl start execution.service
expect_show execution.service ActiveState active
systemctl start eod.service
expect_show eod.service Result success
{ systemctl show execution.service; systemctl cat execution.service; journal; tr '\0' '\n' < "/proc/$(pid_of execution.service)/environ"; } > /tmp/searched
! grep -aE 'SIMKEY|SIMSECRET' /tmp/searched || fail 'a key is told'
stop_execution

# Of another host: its key is not ours.
mv /var/lib/systemd/credential.secret /root/
mark
! systemctl start execution.service || fail 'started with what it cannot decrypt'
expect_show execution.service ExecMainStatus 243
expect_show execution.service NRestarts 0
expect "$(alerts execution.service | grep -c ALERT)" 1 'alerts'
mv /root/credential.secret /var/lib/systemd/
stop_execution
systemctl start execution.service
expect_show execution.service ActiveState active
