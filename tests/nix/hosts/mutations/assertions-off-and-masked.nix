# Assertions thrown away, then the order-placing unit masked.
# seen by: build
# says: unit-masked
{ lib, ... }:
{
  assertions = lib.mkForce [ ];
  systemd.services.execution.enable = false;
}
