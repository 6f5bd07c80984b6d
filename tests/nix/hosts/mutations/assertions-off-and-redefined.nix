# Assertions thrown away, then a unit changed.
# seen by: build
# says: foreign-drop-in
{ lib, ... }:
{
  assertions = lib.mkForce [ ];
  systemd.services.execution.serviceConfig.ExecCondition = "";
}
