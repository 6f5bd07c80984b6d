# A manifest that leaves a gate out.
# seen by: build
# says: gates
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/without-gate.toml;
}
