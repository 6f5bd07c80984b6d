# A package lets switches restart what holds positions.
# seen by: build
# says: foreign-drop-in
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/lib/systemd/system/execution.service.d/50-switch.conf")"
      printf '[Service]\nX-RestartIfChanged=true\n' > "$out/lib/systemd/system/execution.service.d/50-switch.conf"
    '')
  ];
}
