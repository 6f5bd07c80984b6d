#: about keys are in no property, unit file, environment, command line, journal or file of the deployment
#: venue --session 2026-10-15 --start 09:00
#: lists 2026-10-15
. /scenario/hazards.sh
# As they are, in base64 (both are three letters longer than a whole number of its groups or not: any alignment), in hex.
forms() {
    local key cut
    for key in SIMKEY SIMSECRET; do
        echo "$key"
        for cut in 0 1 2; do printf '%s' "${key:cut}" | head -c $(((${#key} - cut) / 3 * 3)) | base64; done
        printf '%s' "$key" | od -An -tx1 | tr -d ' \n'; echo
    done
}
forms > /tmp/forms
# searched WHAT: fails when standard input holds a key in any form; tells the line without it.
searched() {
    local seen
    seen=$(cat | tee "/tmp/searched" | wc -c)
    [ "$seen" -gt 0 ] || fail "$1: nothing to search"
    ! grep -a -q -i -F -f /tmp/forms /tmp/searched || fail "a key is in $1"
    say "    $seen bytes of $1 hold no key"
}
# The search finds what it looks for.
! (printf 'x SIMSECRET y' | searched canary) 2>/dev/null || fail 'the search is blind'
! (printf 'yySIMSECRETzz' | base64 | searched canary) 2>/dev/null || fail 'the search is blind to base64'

fresh_list
systemctl start execution.service
systemctl start eod.service
pid=$(show execution.service MainPID)
for unit in execution eod scan execution-restart; do
    systemctl show $unit.service | searched "systemctl show $unit"
    systemctl cat $unit.service | searched "systemctl cat $unit"
done
tr '\0' '\n' < "/proc/$pid/environ" | searched "environment of execution"
cat /proc/[0-9]*/cmdline | tr '\0' '\n' | searched 'all command lines'
cat "/proc/$pid/maps" | searched 'maps of execution'
systemctl stop execution.service
journal | searched 'the journal'
find "$ROOT" /run/portcullis -type f -exec cat {} + | searched 'state and locks'
# Whom the credentials' directory lets in, while the unit runs.
systemctl start execution.service
directory=/run/credentials/execution.service
matches "$(stat -c %a $directory/APCA_API_SECRET_KEY)" '^4[04]0$'
anybody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
anybody cat /etc/hostname > /dev/null
! anybody cat $directory/APCA_API_SECRET_KEY 2>/dev/null || fail 'anybody reads the credential'
! anybody cat /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY 2>/dev/null || fail 'anybody reads the key’s file'
! anybody cat "/proc/$(show execution.service MainPID)/environ" 2>/dev/null || fail 'anybody reads the environment'
! systemctl cat scan.service execution-restart.service | grep Credential || fail 'an offline job is given a key'

# A key that the broker does not know: told, and not in the words.
systemctl stop execution.service
printf 'NOTTHEKEY00' > /etc/portcullis/credentials/avwap/APCA_API_SECRET_KEY
systemctl start execution.service && fail 'started with a wrong key' || true
systemctl stop execution.service
! journal | grep -q NOTTHEKEY00 || fail 'the wrong key is in the journal'
expect "$(journal -u execution.service | jq -rs '[.[] | select((.MESSAGE | strings) | startswith("ALERT"))] | length > 0')" true
