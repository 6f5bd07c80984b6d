# A manifest of a later release.
# seen by: evaluation
# says: the manifest's schema is 2
{ lib, portcullis, ... }:
{
  services.portcullis.manifest = lib.mkForce (
    builtins.toFile "avwap.toml" (
      builtins.replaceStrings [ "schema = 1" ] [ "schema = 2" ] (
        builtins.readFile "${portcullis}/manifests/avwap.toml"
      )
    )
  );
}
