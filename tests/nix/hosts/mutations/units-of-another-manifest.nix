# Units rendered from a manifest that is not the installed one.
# seen by: build
# says: (unit-differs|manifest-differs)
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
      inherit (config.services.portcullis) unitgen;
      portcullis = config.services.portcullis.package;
      manifest = ../manifests/another.toml;
    }
  );
}
