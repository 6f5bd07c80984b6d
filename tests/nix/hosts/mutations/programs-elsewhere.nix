# A manifest with programs of its own.
# seen by: evaluation
# says: release.programs.*services.portcullis.package
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/elsewhere.toml;
}
