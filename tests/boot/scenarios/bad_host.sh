#: about a host that is too old, full, read-only or without time zones is refused before anything changes, with what to do
#: venue --session 2026-10-15 --start 09:00
. /scenario/hazards.sh
UNITS=/etc/systemd/system
manifest=/etc/portcullis/avwap.toml
# Another manifest than the installed one: rendering it would change the units.
sed 's/^EXECUTION_POLL_SECONDS.*/EXECUTION_POLL_SECONDS = "61"/' $manifest > /tmp/next.toml
! cmp -s $manifest /tmp/next.toml || fail 'the manifest is the same'
digest() { find $UNITS -path '*.d' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; }
chmod 600 /etc/portcullis/credentials/avwap/*
# What can be rendered when nothing is amiss; it is shown first and last.
sound() { "$BIN/unitgen" check /tmp/next.toml --host; }
sound || fail 'a sound host is refused'

# refuses CODE [MANIFEST]: by check and by render (ALL), with the code and what to do, and the units stay as they are.
ALL='check render'
refuses() {
    local text before manifest=${2:-/tmp/next.toml}
    before=$(digest)
    for command in $ALL; do
        case $command in
        check) command="check $manifest --host" ;;
        render) command="render $manifest --target systemd --out $UNITS" ;;
        esac
        # shellcheck disable=SC2086
        if text=$("$BIN/unitgen" $command 2>&1); then fail "$1: not refused by: $command"; fi
        grep -q "$1" <<< "$text" || fail "$command says nothing of $1: $text"
        grep -q 'help: ' <<< "$text" || fail "$command does not say what to do: $text"
    done
    expect "$(digest)" "$before" "units after $1"
    say "$1: $(grep -m1 -A1 "$1" <<< "$text" | tr -s ' \n' ' ')"
}

sed 's/^systemd = 252/systemd = 299/' /tmp/next.toml > /tmp/newer.toml
refuses systemd-too-old /tmp/newer.toml

mount -t tmpfs none /usr/share/zoneinfo
refuses no-time-zones
umount /usr/share/zoneinfo

cp -a $UNITS /tmp/units
mount -t tmpfs -o size=512k none $UNITS
cp -a /tmp/units/. $UNITS/
dd if=/dev/zero of=$UNITS/filler bs=4k 2>/dev/null || true
ALL=render refuses full
umount $UNITS

mount -t tmpfs -o size=64k none /var/lib
dd if=/dev/zero of=/var/lib/filler bs=4k 2>/dev/null || true
refuses full
umount /var/lib

read_only() {
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
}
read_only /var/lib
refuses read-only
umount /var/lib
read_only /etc
ALL=render refuses read-only
umount /etc

mv /etc/portcullis/credentials/avwap/APCA_API_KEY_ID /root/
refuses credential-missing
mv /root/APCA_API_KEY_ID /etc/portcullis/credentials/avwap/
chmod 644 /etc/portcullis/credentials/avwap/APCA_API_KEY_ID
refuses credential-open
chmod 600 /etc/portcullis/credentials/avwap/APCA_API_KEY_ID
mv "$BIN/gate" "$BIN/gate.away"
refuses program-missing
mv "$BIN/gate.away" "$BIN/gate"

# All at once.
mount -t tmpfs none /usr/share/zoneinfo
mv "$BIN/gate" "$BIN/gate.away"
refuses systemd-too-old /tmp/newer.toml
refuses no-time-zones /tmp/newer.toml
refuses program-missing /tmp/newer.toml
umount /usr/share/zoneinfo
mv "$BIN/gate.away" "$BIN/gate"

sound || fail 'the host is sound again, and refused'
before=$(digest)
"$BIN/unitgen" render /tmp/next.toml --target systemd --out $UNITS
[ "$(digest)" != "$before" ] || fail 'a sound host was rendered into, and nothing changed'
