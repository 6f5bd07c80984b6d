# An option of NixOS with a typing mistake.
# seen by: evaluation
# says: The option `systemd.services.execution.restartIfChange' does not exist
{ systemd.services.execution.restartIfChange = true; }
