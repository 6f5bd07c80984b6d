# Another module switches a schedule off.
# seen by: evaluation
# says: eod.timer is masked
{ systemd.timers.eod.enable = false; }
