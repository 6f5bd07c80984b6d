# Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
# Do not edit: change the manifest and render again.
#
# imports = [ (import ./avwap.nix { }) ];
# imports = [ (import ./avwap.nix { programs = "${the-programs}/bin"; }) ];
{
  programs ? "/usr/lib/portcullis/bin",
}:
{ ... }:
{
  # NixOS looks at no [Install] section.
  systemd.units."avwap.target".wantedBy = [ "multi-user.target" ];
  systemd.units."avwap.target".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: everything of it that runs by itself
    # The one unit to enable. Wants= and never Requires=: with that, whatever stops or fails here would take the
    # target and its timers along.
    Wants=execution.service
    Wants=eod.timer
    Wants=execution-restart.timer
    Wants=scan.timer
    # Its stop would be that of the services that are PartOf= it.
    X-StopOnRemoval=false

    [Install]
    WantedBy=multi-user.target
  '';

  systemd.units."eod.service".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: eod
    PartOf=avwap.target
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=oneshot
    TimeoutStartSec=600
    # A catch-up run that comes too late fails, where people see it. Not ExecCondition=: a skip is a success to
    # systemd, and OnSuccess= would fire.
    ExecStartPre=${programs}/gate late-start --on Mon,Tue,Wed,Thu,Fri --at 16:15:00 --at-most-seconds 21600
    ExecStart=${programs}/desk eod
    # Tells how it ended when that was no success, a gate's skip included: a scheduled job once crashed every day
    # in silence.
    ExecStopPost=${programs}/desk alert --unit %n
    User=trading
    Group=trading
    StateDirectory=avwap
    StateDirectoryMode=0700
    # Account locks lie here: one process acts for an account, whichever unit it belongs to.
    RuntimeDirectory=portcullis
    RuntimeDirectoryMode=0700
    RuntimeDirectoryPreserve=yes
    # With a path a missing credential stops the start; without one systemd would skip it silently.
    LoadCredential=APCA_API_KEY_ID:%E/portcullis/credentials/avwap/APCA_API_KEY_ID
    LoadCredential=APCA_API_SECRET_KEY:%E/portcullis/credentials/avwap/APCA_API_SECRET_KEY
    Environment=PORTCULLIS_MANIFEST=%E/portcullis/avwap.toml
    Environment=PORTCULLIS_MANIFEST_DIGEST=sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583
    Environment=PORTCULLIS_ARMING_DIR=%E/portcullis/arming
    Environment=AVWAP_STATE_DIR=%S/avwap/state
    Environment=EXECUTION_V2_DB=%S/avwap/data/execution_v2.sqlite
    Environment=EXECUTION_MODE=PAPER
    Environment=PORTCULLIS_ACCOUNT=PA30000000
    Environment=APCA_API_BASE_URL=https://paper-api.alpaca.markets
    Environment=APCA_API_DATA_URL=https://data.alpaca.markets
    # Sandbox of a job that talks to the broker: calls out to single hosts, listens nowhere, runs nothing but the
    # release's programs.
    NoNewPrivileges=yes
    CapabilityBoundingSet=
    AmbientCapabilities=
    UMask=0077
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    PrivateDevices=yes
    DevicePolicy=closed
    PrivateUsers=yes
    PrivateMounts=yes
    ProtectProc=invisible
    ProcSubset=pid
    ProtectClock=yes
    ProtectHostname=yes
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectControlGroups=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    RemoveIPC=yes
    KeyringMode=private
    LimitCORE=0
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    SystemCallFilter=~@privileged @resources listen memfd_create io_uring_setup
    SystemCallErrorNumber=EPERM
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
    SocketBindDeny=any
    SystemCallFilter=~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo
    IPAddressDeny=any
    IPAddressAllow=0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 ::/1 8000::/2 c000::/3 e000::/4 f000::/5 f800::/6 fc00::/7 fe00::/8
    ReadOnlyPaths=/run
    NoExecPaths=/ /tmp /var/tmp -/dev/shm %S/avwap -%t/portcullis
    BindReadOnlyPaths=${programs} -/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store
  '';

  systemd.units."eod.timer".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: eod at Mon..Fri 16:15 New York
    PartOf=avwap.target

    [Timer]
    OnCalendar=Mon..Fri *-*-* 16:15:00 America/New_York
    # systemd's own slack is a minute.
    AccuracySec=1s
    # A slot missed while the host was off starts the instant the timer does, at boot or at deploy; the unit's own
    # ExecStartPre= judges how late that may be.
    Persistent=true
    Unit=eod.service
  '';

  systemd.units."execution-restart.service".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: execution-restart
    PartOf=avwap.target
    # Starting a service that still runs does nothing. This unit stops it, ends, and by its success starts it
    # afresh, through its gate; no privilege is needed for that.
    Conflicts=execution.service
    After=execution.service
    OnSuccess=execution.service
    OnSuccessJobMode=replace
    # However its own start fails, the service was stopped already and something may be held: it comes back all
    # the same, through its gate. A oneshot is never restarted by itself, so this fires once, on 257 too.
    OnFailure=execution.service
    OnFailureJobMode=replace

    [Service]
    Type=oneshot
    TimeoutStartSec=900
    ExecStart=${programs}/gate --version
    # Tells how it ended when that was no success, a gate's skip included: a scheduled job once crashed every day
    # in silence.
    ExecStopPost=${programs}/desk alert --unit %n
    User=trading
    Group=trading
    StateDirectory=avwap
    StateDirectoryMode=0700
    Environment=PORTCULLIS_MANIFEST=%E/portcullis/avwap.toml
    Environment=PORTCULLIS_MANIFEST_DIGEST=sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583
    Environment=PORTCULLIS_ARMING_DIR=%E/portcullis/arming
    Environment=AVWAP_STATE_DIR=%S/avwap/state
    Environment=EXECUTION_V2_DB=%S/avwap/data/execution_v2.sqlite
    # Sandbox of an offline job: no network, the kill switch, the database and the ledger are read-only to it, and
    # it runs nothing but the release's programs.
    NoNewPrivileges=yes
    CapabilityBoundingSet=
    AmbientCapabilities=
    UMask=0077
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    PrivateDevices=yes
    DevicePolicy=closed
    PrivateUsers=yes
    PrivateMounts=yes
    ProtectProc=invisible
    ProcSubset=pid
    ProtectClock=yes
    ProtectHostname=yes
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectControlGroups=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    RemoveIPC=yes
    KeyringMode=private
    LimitCORE=0
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    SystemCallFilter=~@privileged @resources listen memfd_create io_uring_setup
    SystemCallErrorNumber=EPERM
    RestrictAddressFamilies=AF_UNIX
    SystemCallFilter=~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo
    PrivateNetwork=yes
    IPAddressDeny=any
    ReadOnlyPaths=/run -%S/avwap/state -%S/avwap/data -%S/avwap/ledger
    NoExecPaths=/ /tmp /var/tmp -/dev/shm %S/avwap
    BindReadOnlyPaths=${programs} -/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store
  '';

  systemd.units."execution-restart.timer".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: execution-restart at Mon..Fri 08:40 New York
    PartOf=avwap.target

    [Timer]
    OnCalendar=Mon..Fri *-*-* 08:40:00 America/New_York
    # systemd's own slack is a minute.
    AccuracySec=1s
    # A catch-up run would start the instant the timer does, at boot or at deploy, whatever the hour.
    Persistent=false
    Unit=execution-restart.service
  '';

  systemd.units."execution.service".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: execution, order placing for PA30000000
    PartOf=avwap.target
    Wants=network-online.target
    After=network-online.target
    # No limit: systemd would give up in silence after five quick crashes, and positions would have no manager. In
    # [Unit], because in [Service] it is ignored and five starts in ten seconds would be the limit.
    StartLimitIntervalSec=0
    StartLimitBurst=5
    # A NixOS configuration without this unit takes away what may be opened, since the manifest goes too, and
    # never the manager of what is held: stop it by hand.
    X-StopOnRemoval=false

    [Service]
    Type=notify
    NotifyAccess=main
    WatchdogSec=60
    TimeoutStartSec=120
    # No start without today's attested watchlist, in the session's window, with the kill switch released. A
    # failed scan once wrote nothing, and the stale list was traded. A refusal (75) skips the start; with a
    # position to protect the gate lets the process in to manage it, and it opens nothing.
    ExecCondition=${programs}/gate execution
    ExecStart=${programs}/execution run
    # Tells how it ended when that was no success, a gate's skip included: a scheduled job once crashed every day
    # in silence.
    ExecStopPost=${programs}/desk alert --unit %n
    KillSignal=SIGTERM
    TimeoutStopSec=60
    # A crash must not leave positions without their manager; a refusal, which no restart cures, is final (243: a
    # credential is missing). There is no SuccessExitStatus=: a refusal's code in it would let a refusing gate
    # pass.
    Restart=on-failure
    RestartSec=10
    RestartPreventExitStatus=64 65 75 76 77 78 243
    # A switch of the system's configuration never restarts what holds positions.
    X-RestartIfChanged=false
    User=trading
    Group=trading
    StateDirectory=avwap
    StateDirectoryMode=0700
    # Account locks lie here: one process acts for an account, whichever unit it belongs to.
    RuntimeDirectory=portcullis
    RuntimeDirectoryMode=0700
    RuntimeDirectoryPreserve=yes
    # With a path a missing credential stops the start; without one systemd would skip it silently.
    LoadCredential=APCA_API_KEY_ID:%E/portcullis/credentials/avwap/APCA_API_KEY_ID
    LoadCredential=APCA_API_SECRET_KEY:%E/portcullis/credentials/avwap/APCA_API_SECRET_KEY
    Environment=PORTCULLIS_MANIFEST=%E/portcullis/avwap.toml
    Environment=PORTCULLIS_MANIFEST_DIGEST=sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583
    Environment=PORTCULLIS_ARMING_DIR=%E/portcullis/arming
    Environment=AVWAP_STATE_DIR=%S/avwap/state
    Environment=EXECUTION_V2_DB=%S/avwap/data/execution_v2.sqlite
    Environment=EXECUTION_MODE=PAPER
    Environment=PORTCULLIS_ACCOUNT=PA30000000
    Environment=APCA_API_BASE_URL=https://paper-api.alpaca.markets
    Environment=APCA_API_DATA_URL=https://data.alpaca.markets
    Environment=EXECUTION_POLL_SECONDS=60
    # Sandbox of an order executor: calls the broker, listens nowhere, runs nothing but the release's programs.
    # Keys never end in a core file.
    NoNewPrivileges=yes
    CapabilityBoundingSet=
    AmbientCapabilities=
    UMask=0077
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    PrivateDevices=yes
    DevicePolicy=closed
    PrivateUsers=yes
    PrivateMounts=yes
    ProtectProc=invisible
    ProcSubset=pid
    ProtectClock=yes
    ProtectHostname=yes
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectControlGroups=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    RemoveIPC=yes
    KeyringMode=private
    LimitCORE=0
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    SystemCallFilter=~@privileged @resources listen memfd_create io_uring_setup
    SystemCallErrorNumber=EPERM
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
    SocketBindDeny=any
    ReadOnlyPaths=/run
    NoExecPaths=/ /tmp /var/tmp -/dev/shm %S/avwap -%t/portcullis
    BindReadOnlyPaths=${programs} -/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store
  '';

  systemd.units."scan.service".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: scan
    PartOf=avwap.target
    # Safe to rely on: this unit has no condition, so its success is never that of a skip.
    OnSuccess=execution-restart.service
    OnSuccessJobMode=replace

    [Service]
    Type=oneshot
    TimeoutStartSec=540
    # A catch-up run that comes too late fails, where people see it. Not ExecCondition=: a skip is a success to
    # systemd, and OnSuccess= would fire.
    ExecStartPre=${programs}/gate late-start --on Mon,Tue,Wed,Thu,Fri --at 08:30:00 --at-most-seconds 2700
    ExecStart=${programs}/scanner scan
    # Tells how it ended when that was no success, a gate's skip included: a scheduled job once crashed every day
    # in silence.
    ExecStopPost=${programs}/desk alert --unit %n
    User=trading
    Group=trading
    StateDirectory=avwap
    StateDirectoryMode=0700
    Environment=PORTCULLIS_MANIFEST=%E/portcullis/avwap.toml
    Environment=PORTCULLIS_MANIFEST_DIGEST=sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583
    Environment=PORTCULLIS_ARMING_DIR=%E/portcullis/arming
    Environment=AVWAP_STATE_DIR=%S/avwap/state
    Environment=EXECUTION_V2_DB=%S/avwap/data/execution_v2.sqlite
    # Sandbox of an offline job: no network, the kill switch, the database and the ledger are read-only to it, and
    # it runs nothing but the release's programs.
    NoNewPrivileges=yes
    CapabilityBoundingSet=
    AmbientCapabilities=
    UMask=0077
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    PrivateDevices=yes
    DevicePolicy=closed
    PrivateUsers=yes
    PrivateMounts=yes
    ProtectProc=invisible
    ProcSubset=pid
    ProtectClock=yes
    ProtectHostname=yes
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectControlGroups=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    RemoveIPC=yes
    KeyringMode=private
    LimitCORE=0
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    SystemCallFilter=~@privileged @resources listen memfd_create io_uring_setup
    SystemCallErrorNumber=EPERM
    RestrictAddressFamilies=AF_UNIX
    SystemCallFilter=~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo
    PrivateNetwork=yes
    IPAddressDeny=any
    ReadOnlyPaths=/run -%S/avwap/state -%S/avwap/data -%S/avwap/ledger
    NoExecPaths=/ /tmp /var/tmp -/dev/shm %S/avwap
    BindReadOnlyPaths=${programs} -/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store
  '';

  systemd.units."scan.timer".text = ''
    # Rendered by unitgen 0.1.0 from the manifest of avwap (sha256:5849228bc4ced85c21ab281901c8c3d2381242a0ccc15cc4cd14341938114583).
    # Do not edit: change the manifest and render again.

    [Unit]
    Description=avwap: scan at Mon..Fri 08:30 New York
    PartOf=avwap.target

    [Timer]
    OnCalendar=Mon..Fri *-*-* 08:30:00 America/New_York
    # systemd's own slack is a minute.
    AccuracySec=1s
    # A slot missed while the host was off starts the instant the timer does, at boot or at deploy; the unit's own
    # ExecStartPre= judges how late that may be.
    Persistent=true
    Unit=scan.service
  '';

  environment.etc."portcullis/avwap.toml".source = ./avwap.manifest.toml;

  users.users.trading = {
    isSystemUser = true;
    group = "trading";
    description = "Portcullis, deployment avwap";
  };
  users.groups.trading = { };

  systemd.tmpfiles.settings."10-portcullis" = {
    "/etc/portcullis/arming".d = {
      mode = "0755";
      user = "root";
      group = "root";
    };
    "/etc/portcullis/credentials".d = {
      mode = "0700";
      user = "root";
      group = "root";
    };
    "/etc/portcullis/credentials/avwap".d = {
      mode = "0700";
      user = "root";
      group = "root";
    };
    "/var/lib/avwap".d = {
      mode = "0700";
      user = "trading";
      group = "trading";
    };
    "/var/lib/avwap/cache".d = {
      mode = "0700";
      user = "trading";
      group = "trading";
    };
  };
}
