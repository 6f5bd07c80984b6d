# Two packages bring one unit.
# seen by: build
# says: execution.service.*File exists
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/lib/systemd/system/execution.service")"
      printf '[Service]\nExecStart=/bin/true\n' > "$out/lib/systemd/system/execution.service"
    '')
  ];
}
