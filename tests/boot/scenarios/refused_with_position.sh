#: about the same lists with a position: started to manage, a stop taken away is placed again, nothing is opened
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-14 2026-10-15 2026-10-16
#: manifest s/^EXECUTION_POLL_SECONDS.*/&\nMAX_LIVE_POSITIONS = "1"/
quicken execution.service
hold_a_position
entries=$(bought)
systemctl stop execution.service

covered_anew() { covered && [ "$(stops)" != "$taken" ]; }
# manages WHAT: it starts, and does everything but open.
manages() {
    mark
    systemctl start execution.service
    expect_show execution.service ActiveState active
    matches "$(since -u execution.service | jq -r .MESSAGE)" '^MANAGE-ONLY: '
    # Somebody takes the stop away behind its back.
    taken=$(stops)
    venue DELETE "/v2/orders/$taken"
    pass 120 covered_anew
    expect "$(bought)" "$entries" "entries with a list that is $1"
    say "$1: $(since -u execution.service | jq -r .MESSAGE | grep -m1 '^MANAGE-ONLY')"
}

no_list
manages missing
# A crash while the gate refuses.
for signal in KILL ABRT; do
    crash execution.service "$signal"
    wait_for 10 is_up_anew execution.service "$PID"
    pass 60 covered
    expect "$(bought)" "$entries"
done
expect_show execution.service NRestarts 2
systemctl stop execution.service
lay_list 2026-10-14
manages stale
systemctl stop execution.service
lay_list 2026-10-16
manages future
systemctl stop execution.service
lay_list 2026-10-15
tail -n 1 "$ROOT/daily_candidates.csv" >> "$ROOT/daily_candidates.csv"
manages tampered
no_double
