# A manifest with programs of its own.
# seen by: evaluation
# says: release.programs.*services.portcullis.package
{ lib, portcullis, ... }:
{
  services.portcullis.manifest = lib.mkForce (
    builtins.toFile "avwap.toml" (
      builtins.replaceStrings [ "/usr/lib/portcullis/bin" ] [ "/opt/portcullis/bin" ] (
        builtins.readFile "${portcullis}/manifests/avwap.toml"
      )
    )
  );
}
