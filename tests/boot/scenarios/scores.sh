#: about systemd's own score of the installed units: at most 1.2 for what places orders, 1.0 for jobs
. /scenario/hazards.sh

for unit in execution eod scan execution-restart; do
    undo_venue "$unit.service"
    score=$(systemd-analyze security --no-pager "$unit.service" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    limit=1.0
    [ "$unit" != execution ] || limit=1.2
    figure "$unit" "$score"
    awk -v score="$score" -v limit=$limit 'BEGIN { exit !(score != "" && score <= limit) }' || late="${late:-} $unit:$score>$limit"
done
expect "${late:-}" '' 'exposed more than allowed'
# The score is of what is loaded: a drop-in that opens something is seen.
drop_in execution.service <<'S'
[Service]
ProtectSystem=no
SystemCallFilter=
S
opened=$(systemd-analyze security --no-pager execution.service | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
awk -v score="$opened" 'BEGIN { exit !(score > 1.2) }' || fail "a looser unit scores $opened"
