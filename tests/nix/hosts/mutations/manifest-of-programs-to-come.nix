# A manifest of programs that the release does not have.
# seen by: build
# says: not-in-this-release.*this release does not contain .marketdata.
{ lib, portcullis, ... }:
{
  services.portcullis.manifest = lib.mkForce "${portcullis}/manifests/traderunner.toml";
}
