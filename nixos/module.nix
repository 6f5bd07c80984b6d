# `services.portcullis`: one deployment, all of it from its manifest.
#
# The manifest is read here for assertions and names only; `unitgen` alone renders, when the system is built. What guards
# the guardrails: assertions (what evaluation can see), `system.checks` (the merged unit tree, as it would be installed) and
# `system.preSwitchChecks` (what runs now). See docs/install-nixos.md and docs/decisions/0025.
self:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.portcullis;
  own = self.packages.${pkgs.stdenv.hostPlatform.system};

  manifest = lib.importTOML cfg.manifest;
  inherit (manifest) name;
  state = manifest.paths.state or "/var/lib/${name}";
  group = manifest.identity.group or manifest.identity.user;
  systemdWanted = (manifest.host or { }).systemd or 252;
  programs = lib.unique (
    [
      "desk"
      "gate"
    ]
    ++ lib.concatMap (entry: lib.optional (entry ? program) entry.program) (
      lib.attrValues (manifest.services or { }) ++ lib.attrValues (manifest.jobs or { })
    )
  );
  credentials = "/etc/portcullis/credentials";
  # Key to folder: every deployment has its own, and what is encrypted for the host lies apart.
  folders = lib.listToAttrs (
    lib.concatMap (
      secret:
      map (key: {
        name = key;
        value = "${credentials}${lib.optionalString (secret.encrypted or false) ".encrypted"}/${name}";
      }) (secret.keys or [ ])
    ) (lib.attrValues (manifest.secrets or { }))
  );
  keys = lib.attrNames folders;

  # Every unit of the deployment but its target, which is the one unit that is named below.
  units =
    lib.concatLists (
      lib.mapAttrsToList (
        service: entry: [ "${service}.service" ] ++ lib.optional (entry ? schedule) "${service}.timer"
      ) (manifest.services or { })
    )
    ++ lib.concatMap (job: [
      "${job}.service"
      "${job}.timer"
    ]) (lib.attrNames (manifest.jobs or { }));
  placing = map (service: "${service}.service") (
    lib.attrNames (
      lib.filterAttrs (
        _: service:
        lib.elem (service.role or "") [
          "orders"
          "worker"
        ]
      ) (manifest.services or { })
    )
  );

  # Directories that systemd reads beside the one that NixOS merges; `system.control` even goes before it.
  unitFolders = map (folder: "systemd/${folder}/") [
    "system"
    "system.control"
    "system.attached"
  ];
  strayUnits = lib.filter (path: lib.any (folder: lib.hasPrefix folder path) unitFolders) (
    map (file: file.target) (lib.filter (file: file.enable) (lib.attrValues config.environment.etc))
  );

  assertion = holds: message: {
    assertion = holds;
    message = "services.portcullis: ${message}";
  };

  # By content and not with the sources around it, as the units are rendered from it.
  installed = builtins.path {
    path = cfg.manifest;
    name = "manifest.toml";
  };

  verified = pkgs.callPackage ./verified.nix {
    inherit (cfg) manifest package unitsPackage;
    inherit programs;
    inherit (cfg) unitgen;
    units = config.environment.etc."systemd/system".source;
    zones = config.environment.etc.zoneinfo.source;
    inherit (manifest) timezone;
    others = lib.filter (package: package != cfg.unitsPackage) config.systemd.packages;
  };

  switchCheck = pkgs.callPackage ./switch-check.nix {
    portcullis = cfg.package;
    inherit name;
    inherit state;
    units = placing;
  };
  # The manifest cannot know the path in the store, and whoever verifies this host should not have to say it.
  onHost = pkgs.callPackage ./unitgen.nix {
    inherit (cfg) unitgen;
    portcullis = cfg.package;
  };
in
{
  options.services.portcullis = {
    enable = lib.mkEnableOption "the trading appliance that the manifest describes";

    manifest = lib.mkOption {
      type = lib.types.path;
      example = lib.literalExpression "./avwap.toml";
      description = ''
        The deployment's manifest: a file of your configuration, not something that is built, because it is read when the
        configuration is evaluated. It becomes {file}`/etc/portcullis/NAME.toml` and every unit is rendered from it.
      '';
    };

    package = lib.mkOption {
      type = lib.types.package;
      default = own.portcullis;
      defaultText = lib.literalExpression "portcullis.packages.\${system}.portcullis";
      description = "The programs that the units run. Their path replaces the manifest's `release.programs`.";
    };

    unitgen = lib.mkOption {
      type = lib.types.package;
      default = own.unitgen;
      defaultText = lib.literalExpression "portcullis.packages.\${system}.unitgen";
      description = "What renders the units and verifies the merged unit tree.";
    };

    unitsPackage = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./units.nix {
        inherit (cfg) manifest unitgen;
        portcullis = cfg.package;
      };
      defaultText = lib.literalMD "the manifest's units, rendered";
      description = ''
        The rendered units. There is no reason to set it but to try what is refused: whatever is not byte for byte what the
        manifest renders fails the build of the system.
      '';
    };

    credentials = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = lib.literalExpression ''
        {
          APCA_API_KEY_ID = config.sops.secrets.apca-key-id.path;
          APCA_API_SECRET_KEY = config.sops.secrets.apca-secret-key.path;
        }
      '';
      description = ''
        Where keys of the manifest's `[secrets]` lie on the host: each becomes a link
        {file}`/etc/portcullis/credentials/NAME/KEY` ({file}`credentials.encrypted/NAME/KEY` of a group with
        `encrypted = true`), NAME being the manifest's, which systemd reads as root when a unit starts. Keys that are not named
        here are files that you lay there by hand. Never a path in the Nix store, which everybody can read.
      '';
    };

    switchCheck = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Refuse to switch to a configuration in which an order-placing unit differs, while the market is open and there is
        something to protect or nobody can tell. A switch that leaves those units as they are always passes.
        {command}`touch /run/portcullis-switch-anyway` lets the next one pass.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.packages = [ cfg.unitsPackage ];

    # The one unit that is enabled; it wants everything that runs by itself. NixOS looks at no [Install] section.
    systemd.targets.${name}.wantedBy = [ "multi-user.target" ];

    system.checks = [ verified ];
    system.preSwitchChecks = lib.mkIf cfg.switchCheck {
      portcullis = ''${lib.getExe switchCheck} "$@"'';
    };

    users.users.${manifest.identity.user} = {
      isSystemUser = true;
      inherit group;
      description = "Portcullis, deployment ${name}";
    };
    users.groups.${group} = { };

    environment.etc."portcullis/${name}.toml".source = installed;
    environment.systemPackages = [
      cfg.package
      onHost
      # Its manual pages and completions; the program itself is the one above.
      (pkgs.runCommand "unitgen-share" { } ''
        mkdir -p "$out"
        ln -s ${cfg.unitgen}/share "$out/share"
      '')
    ];

    systemd.tmpfiles.settings."10-portcullis" =
      let
        folder = mode: user: group: {
          d = { inherit mode user group; };
        };
        owned = folder "0700" manifest.identity.user group;
      in
      {
        "/etc/portcullis/arming" = folder "0755" "root" "root";
        # Whoever writes bars does so before the first start.
        ${state} = owned;
        "${state}/cache" = owned;
      }
      // lib.genAttrs (lib.concatMap (own: [
        (dirOf own)
        own
      ]) (lib.attrValues folders)) (_: folder "0700" "root" "root")
      // lib.mapAttrs' (
        key: path: lib.nameValuePair "${folders.${key}}/${key}" { "L+".argument = path; }
      ) (lib.filterAttrs (key: _: folders ? ${key}) cfg.credentials);

    assertions = [
      (assertion (
        manifest.schema == 1
      ) "the manifest's schema is ${toString manifest.schema}, this release reads 1")
      (assertion (manifest.scope or "system" == "system") "the manifest's scope is not \"system\"")
      (assertion (lib.versionAtLeast config.systemd.package.version (toString systemdWanted)) "the manifest needs systemd ${toString systemdWanted}, this NixOS has ${config.systemd.package.version}")
      (assertion (
        !(manifest.host or { } ? podman) && !(manifest.release or { } ? image)
      ) "the manifest is for containers (host.podman, release.image), and this module runs programs")
      (assertion
        ((manifest.release or { }).programs or "/usr/lib/portcullis/bin" == "/usr/lib/portcullis/bin")
        "the manifest says where its programs are (release.programs); on NixOS that is services.portcullis.package"
      )
      (assertion (config.environment.etc.zoneinfo.enable or false)
        "there are no time zones (environment.etc.zoneinfo), and every schedule is in ${manifest.timezone}"
      )
      (assertion (
        !(config.system.etc.overlay.enable && !config.system.etc.overlay.mutable)
      ) "/etc cannot be written (system.etc.overlay.mutable), so no key and no arming can be laid there")
      (assertion (strayUnits == [ ])
        "environment.etc defines ${lib.concatStringsSep ", " strayUnits}, which systemd would read beside the units that are verified"
      )
    ]
    ++ map (
      unit:
      assertion (
        config.systemd.units ? ${unit} -> config.systemd.units.${unit}.enable
      ) "${unit} is masked: enable = false takes a guardrail away; change the manifest instead"
    ) units
    ++ map (
      unit:
      assertion (
        config.systemd.units ? ${unit} -> !config.systemd.units.${unit}.enable
      ) "${unit} is defined outside the manifest too; change the manifest instead"
    ) units
    ++ lib.concatLists (
      lib.mapAttrsToList (key: path: [
        (assertion (lib.elem key keys) "credentials.${key} is no key of the manifest, which has ${lib.concatStringsSep ", " keys}")
        (assertion (lib.hasPrefix "/" path) "credentials.${key} is not an absolute path: ${path}")
        (assertion (
          !(lib.hasPrefix "${builtins.storeDir}/" path)
        ) "credentials.${key} lies in the Nix store, where everybody can read it")
      ]) cfg.credentials
    );

    warnings =
      lib.optional (!config.services.timesyncd.enable && !(config.services.chrony.enable or false))
        "services.portcullis: neither timesyncd nor chrony is enabled; a clock that drifts keeps openings back";
  };
}
