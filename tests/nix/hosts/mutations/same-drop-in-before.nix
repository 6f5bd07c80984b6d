# Two packages bring the gate's drop-in; the other is named before ours.
# seen by: build
# says: execution.service.d/10-watchlist-gate.conf comes from .*foreign.* too
{ lib, pkgs, ... }:
{
  systemd.packages = lib.mkBefore [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$out/lib/systemd/system/execution.service.d"
      printf '[Service]\nExecCondition=\n' > "$out/lib/systemd/system/execution.service.d/10-watchlist-gate.conf"
    '')
  ];
}
