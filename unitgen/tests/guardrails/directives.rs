//! Every directive of every guardrail, said the wrong way: a guardrail that the catalogue says a directive unmakes is lost by it.

use unitgen::guardrails::Guardrail;

use crate::host::Host;

const EXECUTION: &str = "execution.service";
const SCAN: &str = "scan.service";
const RESTART: &str = "execution-restart.service";

/// Guardrail, the unit that a drop-in is laid for, section, and the assignments that take the guardrail away.
pub const CONTRARY: &[(Guardrail, &str, &str, &str)] = &[
    (Guardrail::CanStart, EXECUTION, "Service", "ExecStart="),
    (Guardrail::CanStart, EXECUTION, "Unit", "RefuseManualStart=yes"),
    (Guardrail::CanStart, EXECUTION, "Unit", "ConditionPathExists=/nowhere\nAssertPathExists="),
    (Guardrail::CanStart, EXECUTION, "Unit", "AssertPathExists=/nowhere"),
    (Guardrail::Gate, EXECUTION, "Service", "ExecCondition="),
    (Guardrail::Gate, EXECUTION, "Service", "ExecCondition=\nExecCondition=/usr/bin/env true"),
    (Guardrail::Gate, EXECUTION, "Service", "ExecCondition=\nExecCondition=/usr/bin/env A=b -i true"),
    (
        Guardrail::Gate,
        EXECUTION,
        "Service",
        "ExecCondition=\nExecCondition=/bin/sh -c \"/usr/lib/portcullis/bin/gate execution || true\"",
    ),
    (Guardrail::Gate, EXECUTION, "Service", "ExecCondition=\nExecCondition=/bin/bash -lc true"),
    (Guardrail::Gate, EXECUTION, "Service", "ExecCondition=\nExecStartPre=/bin/true"),
    (Guardrail::Gate, EXECUTION, "Service", "BindReadOnlyPaths=/usr/bin/true:/usr/lib/portcullis/bin/gate"),
    (Guardrail::Gate, EXECUTION, "Service", "BindPaths=/srv/mine:/usr/lib/portcullis"),
    (Guardrail::Gate, EXECUTION, "Service", "RootDirectory=/srv/other"),
    (Guardrail::Gate, EXECUTION, "Service", "RootImage=/srv/other.raw"),
    (Guardrail::Gate, EXECUTION, "Service", "TemporaryFileSystem=/usr/lib/portcullis/bin"),
    (
        Guardrail::GateHeeded,
        EXECUTION,
        "Service",
        "ExecCondition=\nExecCondition=-/usr/lib/portcullis/bin/gate execution",
    ),
    (Guardrail::GateHeeded, EXECUTION, "Service", "ExecStartPre=-/opt/ask"),
    (Guardrail::Gate, EXECUTION, "Service", "MountImages=/srv/other.raw:/usr/lib/portcullis"),
    (Guardrail::Gate, EXECUTION, "Service", "ExtensionImages=/srv/other.raw"),
    (Guardrail::Gate, EXECUTION, "Service", "ExtensionDirectories=/srv/other"),
    (Guardrail::RefusalSeen, EXECUTION, "Service", "SuccessExitStatus=75"),
    (Guardrail::RefusalSeen, SCAN, "Service", "SuccessExitStatus=TEMPFAIL"),
    (Guardrail::RefusalFinal, EXECUTION, "Service", "RestartPreventExitStatus="),
    (Guardrail::RefusalFinal, EXECUTION, "Service", "RestartForceExitStatus=75"),
    (Guardrail::RefusalFinal, EXECUTION, "Service", "Restart=always\nRestartPreventExitStatus="),
    (Guardrail::RefusalFinal, EXECUTION, "Service", "ExecStartPre=/opt/ask"),
    (Guardrail::ComesBack, EXECUTION, "Service", "Restart=no"),
    (Guardrail::ComesBack, EXECUTION, "Service", "SuccessExitStatus=SIGSEGV"),
    (Guardrail::ComesBack, EXECUTION, "Service", "SuccessExitStatus=SEGV"),
    (Guardrail::ComesBack, EXECUTION, "Service", "RestartPreventExitStatus=KILL ABRT"),
    (Guardrail::ComesBack, EXECUTION, "Service", "RestartPreventExitStatus=FAILURE"),
    (Guardrail::ComesBack, EXECUTION, "Service", "RestartSec=infinity"),
    (Guardrail::ComesBack, EXECUTION, "Service", "RestartSec=2h"),
    (Guardrail::ComesBack, EXECUTION, "Service", "RestartSteps=3\nRestartMaxDelaySec=1h"),
    (Guardrail::NoStartLimit, EXECUTION, "Unit", "StartLimitIntervalSec=10\nStartLimitBurst=5"),
    (Guardrail::NoStartLimit, EXECUTION, "Unit", "StartLimitInterval=10"),
    (Guardrail::NoStartLimit, EXECUTION, "Service", "StartLimitInterval=10"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "Requires=other.service"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "Requires=other.socket"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "Requisite=other.target"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "BindsTo=network-online.target"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "PartOf=multi-user.target"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "StopPropagatedFrom=other.service"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "Conflicts=other.target"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "StopWhenUnneeded=yes"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "FailureAction=poweroff-immediate"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "SuccessAction=exit"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "StartLimitAction=reboot"),
    (Guardrail::StandsAlone, EXECUTION, "Unit", "JobTimeoutAction=reboot"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "RuntimeMaxSec=10"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "MemoryMax=1M"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "MemoryLimit=1M"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "OOMScoreAdjust=1000"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "ManagedOOMSwap=kill"),
    (Guardrail::StandsAlone, EXECUTION, "Service", "ManagedOOMMemoryPressure=kill"),
    (Guardrail::Readiness, EXECUTION, "Service", "Type=simple"),
    (Guardrail::Readiness, EXECUTION, "Service", "NotifyAccess=none"),
    (Guardrail::Watchdog, EXECUTION, "Service", "WatchdogSec="),
    (Guardrail::Watchdog, EXECUTION, "Service", "NotifyAccess=none"),
    (Guardrail::Watchdog, EXECUTION, "Service", "WatchdogSignal=SIGCONT"),
    (Guardrail::TimeToEnd, EXECUTION, "Service", "TimeoutStopSec=1"),
    (Guardrail::TimeToEnd, EXECUTION, "Service", "TimeoutSec=1"),
    (Guardrail::TimeToEnd, EXECUTION, "Service", "KillSignal=SIGKILL"),
    (Guardrail::TimeToEnd, EXECUTION, "Service", "KillMode=process"),
    (Guardrail::TimeToEnd, EXECUTION, "Service", "ExecStop=/bin/kill -KILL $MAINPID"),
    (Guardrail::Alert, EXECUTION, "Service", "ExecStopPost="),
    (Guardrail::Alert, EXECUTION, "Service", "ExecStopPost=\nExecStopPost=/bin/true alert"),
    (Guardrail::Alert, EXECUTION, "Service", "StandardOutput=null"),
    (Guardrail::Alert, EXECUTION, "Service", "StandardError=null"),
    (Guardrail::Alert, SCAN, "Service", "LogLevelMax=crit"),
    (Guardrail::KeptOverSwitches, EXECUTION, "Service", "X-RestartIfChanged=true"),
    (Guardrail::KeptOverSwitches, EXECUTION, "Unit", "X-StopOnRemoval=true"),
    (Guardrail::AccountLock, EXECUTION, "Service", "RuntimeDirectory="),
    (Guardrail::AccountLock, EXECUTION, "Service", "RuntimeDirectoryPreserve=no"),
    (Guardrail::ManifestDigest, EXECUTION, "Service", "Environment=PORTCULLIS_MANIFEST_DIGEST=sha256:00"),
    (Guardrail::ManifestDigest, EXECUTION, "Service", "UnsetEnvironment=PORTCULLIS_MANIFEST"),
    (Guardrail::NoSecretInEnvironment, EXECUTION, "Service", "Environment=APCA_API_SECRET_KEY=x"),
    (Guardrail::NoSecretInEnvironment, EXECUTION, "Service", "EnvironmentFile=/etc/default/execution"),
    (Guardrail::NoSecretInEnvironment, EXECUTION, "Service", "PassEnvironment=APCA_API_SECRET_KEY"),
    (
        Guardrail::NoSecretInEnvironment,
        EXECUTION,
        "Service",
        "ExecStart=\nExecStart=/usr/lib/portcullis/bin/execution run --key PKABCDEFGH1234567890",
    ),
    (Guardrail::CredentialsAsFiles, EXECUTION, "Service", "LoadCredential="),
    (Guardrail::CredentialsAsFiles, EXECUTION, "Service", "LoadCredential=\nLoadCredential=APCA_API_KEY_ID"),
    (Guardrail::CredentialsAsFiles, EXECUTION, "Service", "LoadCredentialEncrypted=APCA_API_KEY_ID"),
    (Guardrail::CredentialsAsFiles, EXECUTION, "Service", "SetCredential=APCA_API_KEY_ID:x"),
    (Guardrail::CredentialsAsFiles, EXECUTION, "Service", "ImportCredential=portcullis.*"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "User=root"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "NoNewPrivileges=no"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "CapabilityBoundingSet=CAP_SYS_ADMIN"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "AmbientCapabilities=CAP_SYS_ADMIN"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "RestrictSUIDSGID=no"),
    (Guardrail::Unprivileged, EXECUTION, "Service", "PermissionsStartOnly=yes"),
    (Guardrail::ReadOnlySystem, EXECUTION, "Service", "ProtectSystem=full"),
    (Guardrail::ReadOnlySystem, EXECUTION, "Service", "ProtectHome=no"),
    (Guardrail::ReadOnlySystem, EXECUTION, "Service", "PrivateTmp=no"),
    (Guardrail::ReadOnlySystem, EXECUTION, "Service", "ReadWritePaths=/usr"),
    (Guardrail::ReadOnlySystem, EXECUTION, "Service", "ReadOnlyPaths="),
    (Guardrail::KernelShielded, EXECUTION, "Service", "PrivateDevices=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "DevicePolicy=auto"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectClock=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectHostname=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectKernelTunables=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectKernelModules=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectKernelLogs=no"),
    (Guardrail::KernelShielded, EXECUTION, "Service", "ProtectControlGroups=no"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "ProtectProc=default"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "ProcSubset=all"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "PrivateUsers=no"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "PrivateMounts=no"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "KeyringMode=shared"),
    (Guardrail::ProcessesApart, EXECUTION, "Service", "RemoveIPC=no"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "SystemCallFilter="),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "SystemCallFilter=@mount @module @reboot @debug"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "SystemCallFilter=ptrace"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "SystemCallFilter=@resources"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "SystemCallArchitectures="),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "RestrictNamespaces=no"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "RestrictRealtime=no"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "LockPersonality=no"),
    (Guardrail::CallsFiltered, EXECUTION, "Service", "MemoryDenyWriteExecute=no"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "NoExecPaths="),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "ExecPaths=/usr"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "BindReadOnlyPaths=/usr/bin"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "BindReadOnlyPaths=/srv/mine:/usr/lib/portcullis/bin"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "BindPaths=/srv/mine:/usr/lib/portcullis/bin"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "TemporaryFileSystem=/usr/lib/portcullis/bin"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "RootDirectory=/srv/other"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "RootImage=/srv/other.raw"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "MountImages=/srv/other.raw:/usr/lib/portcullis"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "ExtensionImages=/srv/other.raw"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "ExtensionDirectories=/srv/other"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "Environment=LD_PRELOAD=/tmp/x.so"),
    (Guardrail::OwnPrograms, EXECUTION, "Service", "PassEnvironment=LD_PRELOAD"),
    (Guardrail::NetworkBounded, EXECUTION, "Service", "RestrictAddressFamilies="),
    (Guardrail::NetworkBounded, EXECUTION, "Service", "RestrictAddressFamilies=AF_PACKET"),
    (Guardrail::NetworkBounded, SCAN, "Service", "PrivateNetwork=no\nRestrictAddressFamilies=AF_PACKET"),
    (
        Guardrail::NetworkBounded,
        EXECUTION,
        "Service",
        "SocketBindDeny=\nSystemCallFilter=\nSystemCallFilter=@system-service",
    ),
    (Guardrail::NetworkBounded, EXECUTION, "Service", "SocketBindAllow=any"),
    (Guardrail::PrivateFiles, EXECUTION, "Service", "UMask=0022"),
    (Guardrail::PrivateFiles, EXECUTION, "Service", "StateDirectoryMode=0755"),
    (Guardrail::PrivateFiles, EXECUTION, "Service", "LimitCORE=infinity"),
    (Guardrail::SingleStart, "scan.timer", "Unit", "Requires=scan.service"),
    (Guardrail::SingleStart, "eod.timer", "Unit", "Upholds=eod.service"),
    (Guardrail::Zone, "scan.timer", "Timer", "OnCalendar=\nOnCalendar=Mon..Fri 08:30"),
    (Guardrail::Punctual, "scan.timer", "Timer", "AccuracySec="),
    (Guardrail::Punctual, "scan.timer", "Timer", "RandomizedDelaySec=5m"),
    (Guardrail::Punctual, "scan.timer", "Timer", "RandomizedOffsetSec=5m"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnUnitInactiveSec=10"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnUnitActiveSec=10"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnActiveSec=10"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnBootSec=10"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnStartupSec=10"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnClockChange=yes"),
    (Guardrail::Punctual, "execution-restart.timer", "Timer", "OnTimezoneChange=yes"),
    (Guardrail::LateStart, "execution-restart.timer", "Timer", "Persistent=true"),
    (Guardrail::LateStart, SCAN, "Service", "ExecStartPre="),
    (Guardrail::FollowsSuccess, SCAN, "Service", "ExecCondition=/opt/may"),
    (Guardrail::FollowsSuccess, SCAN, "Service", "RemainAfterExit=yes"),
    (Guardrail::BoundedRun, SCAN, "Service", "TimeoutStartSec=infinity"),
    (Guardrail::BoundedRun, SCAN, "Service", "TimeoutSec=infinity"),
    (Guardrail::BoundedRun, SCAN, "Service", "Type=simple"),
    (Guardrail::RunsEachTime, SCAN, "Service", "RemainAfterExit=yes"),
    (Guardrail::RunsEachTime, "scan.timer", "Timer", "Unit=nothing.service"),
    (Guardrail::RestartBringsBack, RESTART, "Unit", "OnSuccessJobMode=fail"),
    (Guardrail::RestartBringsBack, RESTART, "Unit", "OnFailureJobMode=fail"),
];

/// What a drop-in cannot take away by such an assignment, and why.
const NOT_BY_A_DROP_IN: &[(&str, &str)] = &[
    ("NoStartLimit StartLimitIntervalSec", "[Service] ignores it; the one in [Unit] is tried"),
    ("NoStartLimit StartLimitBurst", "without an interval it counts for nothing"),
    ("ComesBack Type", "only a oneshot is none of its business"),
    ("KeptOverSwitches X-StopIfChanged", "X-RestartIfChanged=false is asked before it"),
    ("NetworkBounded IPAddressDeny", "a job that may talk now is told as held otherwise, with the addresses"),
    ("NetworkBounded IPAddressAllow", "the same"),
    ("FollowsSuccess OnSuccess", "no assignment clears a dependency"),
    ("StartsAtBoot WantedBy", "a link gives it, and no drop-in takes it"),
    ("StartsAtBoot Wants", "no assignment clears a dependency"),
    ("SingleStart WantedBy", "an [Install] in a drop-in is not obeyed until somebody enables the unit again"),
    ("SingleStart RequiredBy", "the same"),
    ("RestartBringsBack Conflicts", "no assignment clears a dependency"),
    ("RestartBringsBack After", "the same"),
    ("RestartBringsBack OnSuccess", "the same"),
    ("RestartBringsBack OnFailure", "the same"),
];

#[test]
fn every_directive_of_a_guardrail_can_unmake_it() {
    let mut missing = Vec::new();
    for guardrail in Guardrail::ALL {
        for (section, key) in guardrail.entry().directives {
            let says = |text: &str| text.lines().any(|line| line.split('=').next() == Some(key));
            let tried = CONTRARY
                .iter()
                .any(|(of, _, in_section, text)| *of == guardrail && in_section == section && says(text));
            let name = format!("{guardrail:?} {key}");
            if !tried && !NOT_BY_A_DROP_IN.iter().any(|(known, _)| *known == name) {
                missing.push(format!("{name} of [{section}]"));
            }
        }
    }
    assert!(missing.is_empty(), "nobody tries\n{}", missing.join("\n"));
}

#[test]
fn a_contrary_assignment_loses_the_guardrail() {
    let mut kept = Vec::new();
    for (guardrail, unit, section, text) in CONTRARY {
        let host = Host::with_units_in("etc");
        host.write(&format!("etc/{unit}.d/99-by-hand.conf"), &format!("[{section}]\n{text}\n"));
        let turns = host.turns();
        if !turns.lost.iter().any(|turn| turn.guardrail == guardrail.id()) {
            let lost: Vec<&str> = turns.lost.iter().map(|turn| turn.guardrail).collect();
            kept.push(format!("{guardrail:?} of {unit} is held with {text:?}; lost: {lost:?}"));
        }
    }
    assert!(kept.is_empty(), "{}", kept.join("\n"));
}

/// Units of others that take ours down, or the host with it.
#[test]
fn what_other_units_do_to_the_manager_is_its_loss() {
    for (file, text) in [
        ("maintenance.target", "[Unit]\nPropagatesStopTo=execution.service\n"),
        ("other.service", "[Unit]\nConflicts=execution.service\n[Service]\nExecStart=/opt/x\n"),
        ("scan.service.d/99-by-hand.conf", "[Unit]\nFailureAction=reboot-immediate\n"),
        ("other.service", "[Unit]\nSuccessAction=poweroff\n[Service]\nExecStart=/opt/x\n"),
    ] {
        let host = Host::with_units_in("etc");
        host.write(&format!("etc/{file}"), text);
        let lost: Vec<_> = host.turns().lost.into_iter().map(|turn| (turn.unit, turn.guardrail)).collect();
        assert_eq!(lost, [("execution.service".to_owned(), "stands-alone")], "{file}: {text}");
    }
}

/// What may stand there: the loss of a guardrail that is held costs an operator's trust.
#[test]
fn what_takes_nothing_away_is_no_loss() {
    for (unit, section, text) in [
        (EXECUTION, "Unit", "ConditionPathExists=/nowhere\nConditionPathExists="),
        (EXECUTION, "Unit", "Requires=sysinit.target system.slice var.mount"),
        (EXECUTION, "Unit", "FailureAction=none"),
        (EXECUTION, "Service", "RestartSec=5"),
        (EXECUTION, "Service", "MemoryMax=infinity"),
        (EXECUTION, "Service", "OOMScoreAdjust=-900"),
        (EXECUTION, "Service", "SuccessExitStatus=SIGTERM"),
        (EXECUTION, "Service", "RestartPreventExitStatus=TERM"),
        (EXECUTION, "Service", "StandardOutput=journal\nStandardError=inherit"),
        (EXECUTION, "Service", "BindReadOnlyPaths=/srv/a:/srv/b"),
        (EXECUTION, "Service", "ExecCondition=\nExecCondition=/usr/bin/env /usr/lib/portcullis/bin/gate execution"),
        (
            EXECUTION,
            "Service",
            "ExecCondition=\nExecCondition=/bin/sh -c \"exec /usr/lib/portcullis/bin/gate execution\"",
        ),
        (SCAN, "Service", "MemoryMax=1G"),
    ] {
        let host = Host::with_units_in("etc");
        host.write(&format!("etc/{unit}.d/99-by-hand.conf"), &format!("[{section}]\n{text}\n"));
        assert_eq!(host.turns().lost, [], "{text}");
    }
}
