# The target is not wanted by multi-user.target.
# seen by: build
# says: not-enabled
{ lib, ... }:
{
  systemd.units."avwap.target".wantedBy = lib.mkForce [ ];
}
