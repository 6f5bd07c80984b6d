# A booted NixOS with one deployment: what evaluation and the build of a system cannot see. Run by
# `nix build .#checks.x86_64-linux.boot -L`; needs KVM and nixpkgs. docs/decisions/0025 says where it has been run.
self: {
  name = "portcullis";

  nodes.machine =
    { lib, pkgs, ... }:
    let
      inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) portcullis;
    in
    {
      imports = [ self.nixosModules.default ];
      services.portcullis = {
        enable = true;
        manifest = ../manifests/avwap.toml;
      };
      services.timesyncd.enable = lib.mkForce false;
      system.switch.enable = true;
      # Another release: the same programs at another path.
      specialisation.next.configuration.services.portcullis.package = lib.mkForce (
        pkgs.symlinkJoin {
          name = "portcullis-next";
          paths = [ portcullis ];
        }
      );
      virtualisation.memorySize = 2048;
    };

  testScript = ''
    timers = ["eod.timer", "execution-restart.timer", "scan.timer"]
    system = "/run/booted-system"
    exposure = "/var/lib/avwap/state/exposure.json"
    held = """{"schema": 1, "account": "PA30000000", "written_at": "2026-11-20T16:00:00Z", "session": "2026-11-20",
    "positions": [{"symbol": "AAPL", "qty": "5"}], "working_orders": 0, "unknown_outcomes": 0}"""

    machine.wait_for_unit("multi-user.target")

    with subtest("the one enabled unit brings everything else"):
        machine.succeed("systemctl is-active avwap.target")
        for timer in timers:
            machine.succeed(f"systemctl is-active {timer}")
            machine.succeed(f"systemctl show {timer} -p TimersCalendar | grep -F America/New_York")

    with subtest("what is installed is what the manifest renders"):
        machine.succeed("unitgen verify")
        machine.succeed("unitgen check /etc/portcullis/avwap.toml")
        lacking = machine.fail("unitgen check /etc/portcullis/avwap.toml --host --without-ntp 2>&1")
        assert "credential-missing" in lacking and "program-" not in lacking, lacking

    with subtest("a missing key stops the start and nothing loops"):
        machine.fail("systemctl start execution.service")
        machine.succeed("systemctl show execution.service -p ExecMainStatus -p NRestarts | grep -x NRestarts=0")

    with subtest("with keys and without a watchlist the gate refuses"):
        for key in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"]:
            machine.succeed(f"umask 077 && printf SIM > /etc/portcullis/credentials/avwap/{key}")
        machine.succeed("unitgen check /etc/portcullis/avwap.toml --host --without-ntp")
        machine.succeed("systemctl reset-failed execution.service; systemctl start execution.service")
        machine.fail("systemctl is-active execution.service")
        machine.succeed("journalctl -u execution.service -o cat | grep -F REFUSED")

    with subtest("the sandbox is the one that was scored"):
        machine.succeed("systemd-analyze security --threshold=12 execution.service")

    with subtest("no switch under what is held while the market is open"):
        machine.succeed("date -s '2026-11-20 17:00:00 UTC'")
        machine.succeed("install -d -o trading -g trading /var/lib/avwap/state")
        machine.succeed(f"printf '%s' '{held}' > {exposure}")
        refused = machine.fail(f"{system}/specialisation/next/bin/switch-to-configuration test 2>&1")
        assert "changes execution.service" in refused, refused
        machine.succeed("date -s '2026-11-20 22:00:00 UTC'")
        machine.succeed(f"{system}/specialisation/next/bin/switch-to-configuration test")
        machine.succeed("systemctl cat execution.service | grep -F portcullis-next")
  '';
}
