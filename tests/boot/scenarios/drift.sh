#: about a drop-in laid by hand: the drift timer's next run fails and is told; taken away and not reloaded it fails still; reloaded it passes
#: on vm
#: at 2026-10-15T03:00:00
#: manifest s/^\[jobs\.eod\]/[jobs.avwap-drift]\nprogram = "unitgen"\nargs = ["drift"]\nschedule = "Mon..Sun 00:00..23:45\/15m UTC"\ntimeout = "2m"\n\n&/
rm -f /etc/systemd/system/*.d/90-venue.conf
systemctl daemon-reload
systemctl enable --now avwap.target 2>/dev/null
expect "$(fires avwap-drift.timer)" '2026-10-15 03:15:00'
failed() { [ "$(alerts avwap-drift.service)" -ge "$1" ]; }
messages() { journal -u avwap-drift.service | jq -r '.MESSAGE | strings'; }

clock '2026-10-15 03:14:57'
wait_for 60 have_run avwap-drift.service 1
expect_show avwap-drift.service Result success
expect "$(alerts avwap-drift.service)" 0
matches "$(messages)" '^avwap: .* that systemd has loaded are those of'

by_hand=/etc/systemd/system/execution.service.d/99-by-hand.conf
printf '[Service]\nExecCondition=\n' > "$by_hand"
systemctl daemon-reload
clock '2026-10-15 03:29:57'
wait_for 60 failed 1
matches "$(messages)" '^lost: execution.service gate: ExecCondition= is cleared'
matches "$(messages)" '^drift\[foreign-drop-in\]: execution.service '
matches "$(messages)" '^drift\[property-differs\]: execution.service ExecCondition: '
matches "$(messages)" '^ALERT avwap-drift.service failed: it ended with 1'

# Gone from the disk, and still in force: no file shows it.
rm "$by_hand"
mark
clock '2026-10-15 03:44:57'
wait_for 60 failed 2
matches "$(since -u avwap-drift.service | jq -r '.MESSAGE | strings')" '^drift\[reload-needed\]: execution.service'
systemctl daemon-reload
clock '2026-10-15 03:59:57'
wait_for 60 have_run avwap-drift.service 2
expect_show avwap-drift.service Result success
expect "$(alerts avwap-drift.service)" 2
