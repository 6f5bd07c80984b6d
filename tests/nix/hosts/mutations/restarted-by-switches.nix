# Another module lets switches restart what holds positions.
# seen by: evaluation
# says: execution.service is defined outside the manifest too
{ systemd.services.execution.restartIfChanged = true; }
