# A service that has nothing to do with the deployment, and one that only looks as if.
{ pkgs, ... }:
{
  systemd.services.backup.serviceConfig.ExecStart = "${pkgs.coreutils}/bin/true";
  systemd.services.execution-report = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig.ExecStart = "${pkgs.coreutils}/bin/true";
  };
}
