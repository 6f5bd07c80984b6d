# A package brings a drop-in that clears the gate.
# seen by: build
# says: foreign-drop-in
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/lib/systemd/system/execution.service.d/50-mine.conf")"
      printf '[Service]\nExecCondition=\n' > "$out/lib/systemd/system/execution.service.d/50-mine.conf"
    '')
  ];
}
