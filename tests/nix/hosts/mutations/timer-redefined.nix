# Another module moves a schedule.
# seen by: evaluation
# says: scan.timer is defined outside the manifest too
{ systemd.timers.scan.timerConfig.OnCalendar = "Mon..Fri 12:30"; }
