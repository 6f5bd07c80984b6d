# A manifest that leaves a gate out.
# seen by: build
# says: gates
{ lib, portcullis, ... }:
{
  services.portcullis.manifest = lib.mkForce (
    builtins.toFile "avwap.toml" (
      builtins.replaceStrings
        [ "gates = [\"watchlist\", \"session-window\", \"kill-switch\"]" ]
        [ "gates = [\"session-window\", \"kill-switch\"]" ]
        (builtins.readFile "${portcullis}/manifests/avwap.toml")
    )
  );
}
