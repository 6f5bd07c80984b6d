#!/bin/sh
# The gate as a careful administrator would write it in shell: only two processes beside the shell itself (date,
# sha256sum). It checks session date, digest and kill switch; no calendar, window, scan state, data age or exposure.
set -u
root=$1
refuse() {
    echo "REFUSED: $1"
    exit 75
}
list=$root/daily_candidates.csv
attest=$root/daily_candidates.attest.json
[ -f "$list" ] || refuse "there is no watchlist"
[ -f "$attest" ] || refuse "nothing attests the watchlist"
[ ! -e "$root/state/KILL_SWITCH" ] || refuse "the kill switch is latched"
session= attested=
while read -r key value; do
    value=${value%,}
    value=${value#\"}
    value=${value%\"}
    case $key in
    '"session":') session=$value ;;
    '"csv_sha256":') attested=$value ;;
    esac
done <"$attest"
today=$(TZ=America/New_York date +%F)
[ "$session" = "$today" ] || refuse "the watchlist is for $session, today is $today (NY)"
digest=$(sha256sum "$list")
[ "${digest%% *}" = "$attested" ] || refuse "the watchlist is not the one that was attested"
echo "OK: Watchlist is fresh for today (NY)"
