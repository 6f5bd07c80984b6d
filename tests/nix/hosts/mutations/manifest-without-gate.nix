# A manifest that leaves a gate out.
# seen by: build
# says: missing-guardrail.*without the gate .watchlist.
{ lib, ... }:
{
  services.portcullis.manifest = lib.mkForce ../manifests/without-gate.toml;
}
