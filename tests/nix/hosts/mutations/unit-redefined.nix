# Another module sets one option of a unit.
# seen by: evaluation
# says: execution.service is defined outside the manifest too
{ systemd.services.execution.serviceConfig.Restart = "no"; }
