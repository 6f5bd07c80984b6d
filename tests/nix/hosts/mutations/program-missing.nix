# A package without the gate.
# seen by: build
# says: services.portcullis.package has no program gate
{
  lib,
  pkgs,
  portcullis,
  ...
}:
let
  ours = portcullis.packages.${pkgs.stdenv.hostPlatform.system}.portcullis;
in
{
  services.portcullis.package = lib.mkForce (
    pkgs.runCommand "incomplete" { } ''
      mkdir -p "$out/bin"
      ln -s ${ours}/bin/* "$out/bin/"
      rm "$out/bin/gate"
    ''
  );
}
