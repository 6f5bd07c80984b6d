#: about the same lists with positions: started to manage, stops taken away are placed again, nothing of what is on offer is opened
#: venue --session 2026-10-15 --start 09:51
#: lists 2026-10-14 2026-10-15 2026-10-16
#: timeout 180
. /scenario/hazards.sh
quicken execution.service
# The first of what the list offers. The rest stays on offer, as is shown at the end.
hold_positions
entries=$(bought)
systemctl stop execution.service

covered_anew() { covered && [ "$(stops)" != "$taken" ]; }
# manages WHAT: it starts, and does everything but open.
manages() {
    local stop
    mark
    systemctl start execution.service
    expect_show execution.service ActiveState active
    matches "$(since -u execution.service | jq -r .MESSAGE)" '^MANAGE-ONLY: '
    # Somebody takes the stops away behind its back.
    taken=$(stops)
    for stop in $taken; do venue DELETE "/v2/orders/$stop"; done
    pass 120 covered_anew
    # And a look at what is on offer.
    pass 61
    expect "$(bought)" "$entries" "entries with a list that is $1"
    say "$1: $(since -u execution.service | jq -r .MESSAGE | grep -m1 '^MANAGE-ONLY')"
}

no_list
manages missing
# A crash while the gate refuses.
for signal in KILL ABRT; do
    comes_back "$signal"
    pass 61
    covered || fail "not covered after $signal"
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
fresh_list
tail -n 1 "$ROOT/daily_candidates.csv" >> "$ROOT/daily_candidates.csv"
manages tampered

systemctl stop execution.service
fresh_list
systemctl start execution.service
opens_more() { [ "$(bought)" -gt "$entries" ]; }
pass 120 opens_more
no_double
no_order_was_sent_twice
