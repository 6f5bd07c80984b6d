#: about a guest boots, units are loaded, the venue answers, execution becomes ready and stops
#: venue --session 2026-10-15 --start 09:30
#: lists 2026-10-15
wait_for 20 systemctl is-system-running --wait
systemctl --version | head -n1
lay_list 2026-10-15
expect_show execution.service LoadState loaded
systemctl start execution.service
expect_show execution.service ActiveState active
expect "$(truth '.orders | length')" 0
ready=$(( $(show execution.service ActiveEnterTimestampMonotonic) - $(show execution.service InactiveExitTimestampMonotonic) ))
figure "READY ms" $((ready / 1000))
systemctl stop execution.service
expect_show execution.service Result success
