# Units without the drop-in that names the gate.
# seen by: build
# says: drop-in-missing
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
        rm execution.service.d/10-watchlist-gate.conf
      ''
    );
}
