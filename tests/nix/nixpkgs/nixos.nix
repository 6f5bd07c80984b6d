# `lib.nixosSystem`: the options that are named by our files and by those of the mutations, and what becomes of them. An
# option that NixOS does not have must not be declared here: a test that passes would prove nothing.
{ lib, pkgs }:
{ modules }:
let
  inherit (lib) mkOption types;
  opt = type: default: mkOption { inherit type default; };
  required = type: mkOption { inherit type; };
  words = types.listOf types.str;
  section = types.attrsOf types.unspecified;

  unitCommon = {
    enable = opt types.bool true;
    overrideStrategy = opt (types.enum [
      "asDropinIfExists"
      "asDropin"
    ]) "asDropinIfExists";
    wantedBy = opt words [ ];
    requiredBy = opt words [ ];
    upheldBy = opt words [ ];
    aliases = opt words [ ];
  };
  described = unitCommon // {
    description = opt types.str "";
    unitConfig = opt section { };
  };
  unit = types.submodule {
    options = unitCommon // {
      text = opt (types.nullOr types.str) null;
    };
  };
  service = types.submodule {
    options = described // {
      serviceConfig = opt section { };
      environment = opt (types.attrsOf types.unspecified) { };
      path = opt (types.listOf types.unspecified) [ ];
      restartIfChanged = opt types.bool true;
      stopIfChanged = opt types.bool true;
    };
  };
  timer = types.submodule {
    options = described // {
      timerConfig = opt section { };
    };
  };
  targetType = types.submodule { options = described; };

  etcEntry = types.submodule (
    { name, config, ... }:
    {
      options = {
        enable = opt types.bool true;
        target = required types.str;
        text = opt (types.nullOr types.lines) null;
        source = required types.path;
        mode = opt types.str "symlink";
      };
      config = {
        target = lib.mkDefault name;
        source = lib.mkIf (config.text != null) (
          lib.mkDefault (pkgs.writeText "etc-${baseNameOf name}" config.text)
        );
      };
    }
  );
  user = types.submodule {
    options = {
      isSystemUser = opt types.bool false;
      isNormalUser = opt types.bool false;
      group = opt types.str "";
      description = opt types.str "";
    };
  };
  group = types.submodule { options.members = opt words [ ]; };
  fileSystem = types.submodule {
    options = {
      device = required types.str;
      fsType = opt types.str "auto";
    };
  };
  tmpfile = types.submodule {
    options = {
      mode = opt types.str "-";
      user = opt types.str "-";
      group = opt types.str "-";
      age = opt types.str "-";
      argument = opt types.str "";
    };
  };

  nixos =
    { config, ... }:
    {
      options = {
        assertions = opt (types.listOf types.unspecified) [ ];
        warnings = opt words [ ];
        boot.loader.grub = {
          enable = opt types.bool true;
          device = opt types.str "";
        };
        documentation.enable = opt types.bool true;
        environment = {
          etc = opt (types.attrsOf etcEntry) { };
          systemPackages = opt (types.listOf types.package) [ ];
        };
        fileSystems = opt (types.attrsOf fileSystem) { };
        networking.hostName = opt types.str "nixos";
        nixpkgs.hostPlatform = required types.str;
        services = {
          chrony.enable = opt types.bool false;
          timesyncd.enable = opt types.bool true;
        };
        system = {
          build = opt (types.attrsOf types.raw) { };
          checks = opt (types.listOf types.package) [ ];
          etc.overlay = {
            enable = opt types.bool false;
            mutable = opt types.bool true;
          };
          preSwitchChecks = opt (types.attrsOf types.str) { };
          preSwitchChecksScript = mkOption {
            type = types.pathInStore;
            readOnly = true;
            default = lib.getExe (
              pkgs.writeShellApplication {
                name = "pre-switch-checks";
                text = lib.concatStrings (
                  lib.mapAttrsToList (name: text: ''
                    (
                      ${text}
                    ) >&2 || { echo "Pre-switch check '${name}' failed" >&2; exit 1; }
                  '') config.system.preSwitchChecks
                );
              }
            );
          };
          stateVersion = opt types.str "26.05";
          switch.enable = opt types.bool true;
        };
        specialisation = opt (types.attrsOf types.raw) { };
        systemd = {
          package = opt types.package pkgs.systemd;
          packages = opt (types.listOf types.package) [ ];
          units = opt (types.attrsOf unit) { };
          services = opt (types.attrsOf service) { };
          timers = opt (types.attrsOf timer) { };
          targets = opt (types.attrsOf targetType) { };
          tmpfiles.settings = opt (types.attrsOf (types.attrsOf (types.attrsOf tmpfile))) { };
        };
        time.timeZone = opt (types.nullOr types.str) null;
        users = {
          users = opt (types.attrsOf user) { };
          groups = opt (types.attrsOf group) { };
        };
        virtualisation.memorySize = opt types.int 1024;
      };

      config = {
        environment.etc = {
          "systemd/system".source = systemUnits config.systemd;
          zoneinfo.source = "${pkgs.tzdata}/share/zoneinfo";
        }
        // lib.mapAttrs' (name: paths: {
          name = "tmpfiles.d/${name}.conf";
          value.text = lib.concatStrings (
            lib.concatLists (
              lib.mapAttrsToList (
                path: kinds:
                lib.mapAttrsToList (
                  kind: entry:
                  "${kind} ${path} ${entry.mode} ${entry.user} ${entry.group} ${entry.age} ${entry.argument}\n"
                ) kinds
              ) paths
            )
          );
        }) config.systemd.tmpfiles.settings;
        systemd.units =
          lib.mapAttrs' (unitOf "service" (
            entry:
            sectionText "Service" (
              lib.mapAttrsToList (name: value: "Environment=\"${name}=${toString value}\"") (
                { PATH = "${pkgs.coreutils}/bin"; } // entry.environment
              )
              ++ lines entry.serviceConfig
              ++ lib.optional (!entry.restartIfChanged) "X-RestartIfChanged=false"
            )
          )) config.systemd.services
          // lib.mapAttrs' (unitOf "timer" (
            entry: sectionText "Timer" (lines entry.timerConfig)
          )) config.systemd.timers
          // lib.mapAttrs' (unitOf "target" (_: "")) config.systemd.targets;
        assertions = lib.mapAttrsToList (name: entry: {
          assertion = entry.isSystemUser != entry.isNormalUser && entry.group != "";
          message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set, and a group.";
        }) config.users.users;
        system.build = {
          etc = etcTree config.environment.etc;
          toplevel = toplevel config;
        };
      };
    };

  # -- units ------------------------------------------------------------------------------------------------------------

  lines =
    set:
    lib.concatLists (
      lib.mapAttrsToList (
        name: value:
        map (
          one: "${name}=${if builtins.isBool one then (if one then "true" else "false") else toString one}"
        ) (if lib.isList value then value else [ value ])
      ) set
    );
  sectionText = name: content: "[${name}]\n${lib.concatStringsSep "\n" content}\n";
  unitOf = kind: body: name: entry: {
    name = "${name}.${kind}";
    value = {
      inherit (entry)
        enable
        overrideStrategy
        wantedBy
        requiredBy
        upheldBy
        aliases
        ;
      text = sectionText "Unit" (lines entry.unitConfig) + body entry;
    };
  };

  # /etc/systemd/system. Of packages, [Install] and `*.wants` are not looked at; what is no directory is linked, and twice
  # is an error; directories are linked file by file, and of two with one name the first counts, in an order that is not
  # said: here the last package comes first, so that nobody relies on being named early.
  systemUnits =
    systemd:
    let
      folders = lib.concatMap (package: [
        "${package}/etc/systemd/system"
        "${package}/lib/systemd/system"
      ]) (lib.foldl' (reversed: package: [ package ] ++ reversed) [ ] (lib.unique systemd.packages));
      place = name: entry: ''
        if [ ${if entry.enable then "yes" else "no"} = no ]; then
          [ ${entry.overrideStrategy} = asDropin ] || ln -sfn /dev/null "$out/${name}"
        elif [ ${entry.overrideStrategy} = asDropin ] || [ -e "$out/${name}" ]; then
          mkdir -p "$out/${name}.d"
          ln -s ${
            pkgs.writeText "overrides.conf" (if entry.text == null then "" else entry.text)
          } "$out/${name}.d/overrides.conf"
        else
          ln -s ${pkgs.writeText "unit" (if entry.text == null then "" else entry.text)} "$out/${name}"
        fi
        ${lib.concatMapStringsSep "\n" (alias: "ln -sfn ${name} \"$out/${alias}\"") entry.aliases}
        for by in ${
          toString (
            map (by: "${by}.wants") entry.wantedBy
            ++ map (by: "${by}.requires") entry.requiredBy
            ++ map (by: "${by}.upholds") entry.upheldBy
          )
        }; do
          mkdir -p "$out/$by"
          ln -sfn "../${name}" "$out/$by/"
        done
      '';
    in
    pkgs.runCommand "system-units" { } ''
      mkdir -p "$out/multi-user.target.wants"
      printf '[Unit]\nDescription=Multi-User System\n' > "$out/multi-user.target"
      for folder in ${toString folders}; do
        for file in "$folder"/*; do
          case $file in
            *.wants | */\*) continue ;;
          esac
          if [ -d "$file" ]; then
            mkdir -p "$out/''${file##*/}"
            for part in "$file"/*; do
              [ -e "$out/''${file##*/}/''${part##*/}" ] || ln -s "$part" "$out/''${file##*/}/"
            done
          else
            ln -s "$file" "$out/"
          fi
        done
      done
      ${lib.concatStrings (lib.mapAttrsToList place systemd.units)}
    '';

  # -- the rest of a system ---------------------------------------------------------------------------------------------

  etcTree =
    entries:
    pkgs.runCommand "etc" { } (
      "mkdir -p \"$out/etc\"\n"
      + lib.concatMapStringsSep "\n" (entry: ''
        mkdir -p "$out/etc/$(dirname ${lib.escapeShellArg entry.target})"
        ln -s ${lib.escapeShellArg "${entry.source}"} "$out/etc/"${lib.escapeShellArg entry.target}
      '') (lib.filter (entry: entry.enable) (lib.attrValues entries))
    );

  toplevel =
    config:
    let
      failed = lib.filter (assertion: !assertion.assertion) config.assertions;
      list = lib.concatMapStringsSep "\n" (assertion: "- ${assertion.message}") failed;
      system =
        pkgs.runCommand "nixos-system-${config.networking.hostName}"
          {
            passedChecks = config.system.checks;
            packages = config.environment.systemPackages;
            # What is defined is evaluated, though nothing is made of it.
            rest = builtins.toJSON [
              config.boot
              config.fileSystems
              config.nixpkgs
              config.system.stateVersion
              config.time
              config.users
            ];
          }
          ''
            mkdir -p "$out/sw/bin"
            ln -s ${config.system.build.etc}/etc "$out/etc"
            for package in $packages; do
              ln -s "$package"/bin/* "$out/sw/bin/"
            done
            ln -s ${config.system.preSwitchChecksScript} "$out/pre-switch-checks"
          '';
      warned = lib.foldl' (
        result: warning: builtins.trace "warning: ${warning}" result
      ) system config.warnings;
    in
    if failed != [ ] then throw "\nFailed assertions:\n${list}" else warned;
in
lib.evalModules {
  modules = [ nixos ] ++ modules;
  specialArgs = { inherit lib pkgs; };
}
