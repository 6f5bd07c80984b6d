# A manifest whose units are a login's.
# seen by: evaluation
# says: the manifest's scope is not "system"
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/of-a-login.toml;
}
