# A manifest of a later release.
# seen by: evaluation
# says: the manifest's schema is 2
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/later.toml;
}
