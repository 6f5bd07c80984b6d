# A package starts a job whenever the network is up.
# seen by: build
# says: started-by-others
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$out/lib/systemd/system/network-online.target.requires"
      ln -s ../scan.service "$out/lib/systemd/system/network-online.target.requires/scan.service"
    '')
  ];
}
