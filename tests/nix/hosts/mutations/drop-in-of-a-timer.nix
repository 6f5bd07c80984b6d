# A package moves a schedule.
# seen by: build
# says: foreign-drop-in
{ pkgs, ... }:
{
  systemd.packages = [
    (pkgs.runCommand "foreign" { } ''
      mkdir -p "$(dirname "$out/lib/systemd/system/scan.timer.d/50-later.conf")"
      printf '[Timer]\nOnCalendar=\nOnCalendar=daily\n' > "$out/lib/systemd/system/scan.timer.d/50-later.conf"
    '')
  ];
}
