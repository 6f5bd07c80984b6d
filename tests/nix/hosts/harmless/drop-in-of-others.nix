# A package with units and drop-ins of its own, one for a service that has nothing to do with the deployment.
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "other" { } ''
      mkdir -p "$out/lib/systemd/system/other.service.d" "$out/lib/systemd/system/multi-user.target.wants"
      printf '[Service]\nExecStart=/bin/true\n' > "$out/lib/systemd/system/other.service"
      printf '[Service]\nNice=5\n' > "$out/lib/systemd/system/other.service.d/10-nice.conf"
      ln -s ../scan.service "$out/lib/systemd/system/multi-user.target.wants/scan.service"
    '')
  ];
}
