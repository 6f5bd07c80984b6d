#: about a guest boots, units are loaded, the venue answers, execution is READY soon and stops
#: venue --session 2026-10-15 --start 09:30
#: lists 2026-10-15
# Each Debian has the systemd of which things are said.
declare -A VERSIONS=([12]=252 [13]=257)
matches "$(systemctl --version | head -n1 | tee /dev/stderr)" "^systemd ${VERSIONS[$(. /etc/os-release && echo "$VERSION_ID")]} "
lay_list 2026-10-15
expect_show execution.service LoadState loaded
# The second start finds its ledger: what a restart costs.
for name in "first READY ms" "READY ms"; do
    systemctl start execution.service
    expect_show execution.service ActiveState active
    expect "$(truth '.orders | length')" 0
    began=$(show execution.service InactiveExitTimestampMonotonic) ready=$(show execution.service ActiveEnterTimestampMonotonic)
    figure "$name" $(((ready - began) / 1000))
    # What of it no other work of the machine can lengthen.
    cpu=$(show execution.service CPUUsageNSec)
    say "of which computed: $((cpu / 1000000)) ms"
    systemctl stop execution.service
    expect_show execution.service Result success
done
