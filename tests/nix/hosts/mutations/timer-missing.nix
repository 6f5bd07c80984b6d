# Units without a schedule.
# seen by: build
# says: unit-missing
{
  config,
  lib,
  pkgs,
  portcullis,
  ...
}:
{
  services.portcullis.unitsPackage =
    let
      rendered = pkgs.callPackage "${portcullis}/nixos/units.nix" {
        inherit (config.services.portcullis) manifest unitgen;
        portcullis = config.services.portcullis.package;
      };
    in
    lib.mkForce (
      pkgs.runCommand "edited" { } ''
        cp -r ${rendered} "$out"
        chmod -R u+w "$out"
        cd "$out/lib/systemd/system"
        rm scan.timer
      ''
    );
}
