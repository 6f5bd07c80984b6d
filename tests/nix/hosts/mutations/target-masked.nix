# The target is masked.
# seen by: build
# says: unit-masked
{ lib, ... }:
{
  systemd.units."avwap.target" = {
    enable = false;
    overrideStrategy = lib.mkForce "asDropinIfExists";
  };
}
