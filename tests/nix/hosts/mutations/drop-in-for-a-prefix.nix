# A package brings a drop-in for all units of a prefix.
# seen by: build
# says: foreign-drop-in
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/lib/systemd/system/execution-.service.d/10-prefix.conf")"
      printf '[Unit]\nConflicts=\n' > "$out/lib/systemd/system/execution-.service.d/10-prefix.conf"
    '')
  ];
}
