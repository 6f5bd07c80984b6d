# A systemd older than the manifest's.
# seen by: evaluation
# says: the manifest needs systemd 252, this NixOS has 251
{ pkgs, ... }:
{
  systemd.package = pkgs.systemd // {
    version = "251";
  };
}
