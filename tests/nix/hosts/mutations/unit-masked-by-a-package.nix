# A package masks a unit.
# seen by: build
# says: scan.timer.*File exists
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$out/etc/systemd/system"
      ln -s /dev/null "$out/etc/systemd/system/scan.timer"
    '')
  ];
}
