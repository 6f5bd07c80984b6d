# A manifest whose programs are in an image.
# seen by: evaluation
# says: the manifest is for containers
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/in-containers.toml;
}
