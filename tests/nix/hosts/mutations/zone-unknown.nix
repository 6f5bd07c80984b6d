# A system whose time zones lack the one of the schedules.
# seen by: build
# says: the zone America/New_York of the manifest is not in
{ lib, pkgs, ... }:
{
  environment.etc.zoneinfo.source = lib.mkForce (pkgs.runCommand "zones" { } "mkdir $out");
}
