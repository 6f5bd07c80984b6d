# A package brings a drop-in for every service.
# seen by: build
# says: foreign-drop-in
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/etc/systemd/system/service.d/10-all.conf")"
      printf '[Service]\nRestart=always\n' > "$out/etc/systemd/system/service.d/10-all.conf"
    '')
  ];
}
