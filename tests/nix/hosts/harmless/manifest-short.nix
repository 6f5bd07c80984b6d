# A manifest that leaves out what has a default: group and host.
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/short.toml;
}
