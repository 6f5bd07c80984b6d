# The target is wanted by a unit that no server reaches.
# seen by: build
# says: not-enabled
{ lib, ... }:
{
  systemd.units."avwap.target".wantedBy = lib.mkForce [ "graphical.target" ];
}
