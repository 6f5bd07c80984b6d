# Units that run programs of another package.
# seen by: build
# says: unit-differs
{
  config,
  lib,
  pkgs,
  portcullis,
  ...
}:
{
  services.portcullis.unitsPackage = lib.mkForce (
    pkgs.callPackage "${portcullis}/nixos/units.nix" {
      inherit (config.services.portcullis) manifest unitgen;
      portcullis = pkgs.runCommand "old" { } "mkdir $out";
    }
  );
}
