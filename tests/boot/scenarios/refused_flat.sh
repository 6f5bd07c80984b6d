#: about a missing, stale, future or tampered list: no start, no loop, one alert; then a fresh one starts
#: venue --session 2026-10-15 --start 09:40
#: lists 2026-10-14 2026-10-15 2026-10-16
quicken execution.service

# refused WHAT: a start is skipped by its gate, for good, and told once.
refused() {
    mark
    systemctl start execution.service
    wait_for 5 is_down execution.service
    expect_show execution.service NRestarts 0
    expect "$(alerts execution.service | count)" 1 "alerts of a list that is $1"
    matches "$(alerts execution.service)" 'ALERT execution.service was not started: its gate refused'
    matches "$(since -u execution.service | jq -r .MESSAGE)" "^REFUSED: .*$2"
    expect "$(truth '.orders | length')" 0
    say "$1: $(since -u execution.service | jq -r .MESSAGE | grep '^REFUSED')"
}

install -d -o trading -g trading -m 700 "$ROOT"
refused missing 'there is no watchlist'
lay_list 2026-10-14
refused stale 'the watchlist is for 2026-10-14, today is 2026-10-15'
lay_list 2026-10-16
refused future 'the watchlist is for 2026-10-16, today is 2026-10-15'
lay_list 2026-10-15
tail -n 1 "$ROOT/daily_candidates.csv" >> "$ROOT/daily_candidates.csv"
refused tampered 'is there twice'

lay_list 2026-10-15
mark
systemctl start execution.service
expect_show execution.service ActiveState active
expect "$(alerts execution.service | count)" 0
