# Another module switches the order-placing unit off.
# seen by: evaluation
# says: execution.service is masked
{ systemd.services.execution.enable = false; }
