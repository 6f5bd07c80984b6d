#: about out of memory with positions: killed, told, back, nothing sent twice, stops where they were
#: on vm
#: at 2026-10-15T13:50:50
#: venue --seed 8 --days 2
#: lists 2026-10-15
#: manifest s/EXECUTION_POLL_SECONDS = "60"/EXECUTION_POLL_SECONDS = "5"/
#: timeout 150
# No limit of tasks is tried: the process is one.
open_venue
lay_list 2026-10-15
systemctl start execution.service
wait_for 120 are_held 2
killed=$(show execution.service MainPID)
expect_show execution.service TasksCurrent 1
figure 'memory KiB' $(($(show execution.service MemoryCurrent) / 1024))

# Less than the process cannot give back.
systemctl set-property --runtime execution.service MemoryMax=2M
wait_for 60 is_shown execution.service Result oom-kill
systemctl set-property --runtime execution.service MemoryMax=infinity
every_position_has_its_stop
wait_for 60 is_another execution.service "$killed"
expect_show execution.service NRestarts 1
let_pass 20
every_position_has_its_stop
expect "$(bought | uniq -d)" '' 'bought twice'
no_order_was_sent_twice
expect "$(alerts execution.service)" 1
