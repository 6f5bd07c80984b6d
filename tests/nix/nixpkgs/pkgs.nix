# `legacyPackages`: builders that run the host's shell, and programs that were built before.
{ lib, system }:
let
  # The colon at the end keeps the shell alive: it would become its last command, and a builder whose output has been
  # closed is killed before it ends.
  derive =
    name: attributes: script:
    let
      meant = removeAttrs attributes [
        "meta"
        "nativeBuildInputs"
        "passthru"
      ];
    in
    derivation (
      meant
      // {
        inherit name system;
        builder = "/bin/sh";
        args = [
          "-euc"
          ''
            ${script}
            :
          ''
        ];
        PATH = lib.concatStringsSep ":" (
          map (package: "${package}/bin") (attributes.nativeBuildInputs or [ ])
          ++ [
            "/run/current-system/sw/bin"
            "/usr/bin"
            "/bin"
          ]
        );
      }
    )
    // {
      meta = attributes.meta or { };
    }
    // attributes.passthru or { }
    // removeAttrs meant [ "system" ];

  # What is only named, never run.
  named = name: derive name { meta.mainProgram = name; } "mkdir \"$out\"";

  pkgs = rec {
    inherit lib;
    stdenv.hostPlatform = { inherit system; };

    callPackage =
      file: given:
      let
        function = if builtins.isFunction file then file else import file;
        wanted = builtins.functionArgs function;
        missing = lib.filter (name: !wanted.${name} && !(pkgs ? ${name}) && !(given ? ${name})) (
          lib.attrNames wanted
        );
      in
      if missing != [ ] then
        throw "Function called without required argument \"${lib.head missing}\""
      else
        function (builtins.intersectAttrs wanted pkgs // given);

    runCommand = derive;
    writeText =
      name: text:
      derive name {
        inherit text;
        passAsFile = [ "text" ];
      } "cp \"$textPath\" \"$out\"";

    # As nixpkgs writes it; what its shellcheck says is asked for by the test, of the same text.
    writeShellApplication =
      {
        name,
        text,
        runtimeInputs ? [ ],
      }:
      derive name
        {
          meta.mainProgram = name;
          passAsFile = [ "text" ];
          text = ''
            #!/usr/bin/env bash
            set -o errexit
            set -o nounset
            set -o pipefail
            export PATH="${lib.makeBinPath runtimeInputs}:$PATH"

            ${text}
          '';
        }
        ''
          mkdir -p "$out/bin"
          cp "$textPath" "$out/bin/$name"
          chmod +x "$out/bin/$name"
          bash -n "$out/bin/$name"
        '';

    # Not built but brought: the workspace was built before. That the sources suffice for cargo is looked at all the same.
    rustPlatform.buildRustPackage =
      arguments:
      assert lib.importTOML arguments.cargoLock.lockFile ? package;
      let
        crates = lib.filter (word: word != "--package") arguments.cargoBuildFlags;
        program = crate: if crate == "broker-sim" then "sim-broker" else crate;
      in
      derive "${arguments.pname}-${arguments.version}"
        {
          inherit (arguments) meta postPatch src;
          passthru = arguments.passthru // {
            inherit (arguments) postPatch;
          };
          programs = map program crates;
          brought = ./bin;
        }
        ''
          cp -r "$src" "$TMPDIR/source"
          chmod -R u+w "$TMPDIR/source"
          cd "$TMPDIR/source"
          ${arguments.postPatch}
          for member in $(sed -n 's/^members = \[\(.*\)\]$/\1/p' Cargo.toml | tr -d '",'); do
            [ -f "$member/Cargo.toml" ] || { echo "no such member: $member" >&2; exit 1; }
          done
          mkdir -p "$out/bin"
          for program in $programs; do
            if [ -e "$brought/$program" ]; then cp "$brought/$program" "$out/bin/"; fi
          done
          if [ -n "$(ls "$out/bin")" ]; then
            :
            ${arguments.postInstall}
          fi
        '';

    mkShell = { packages }: derive "shell" { inherit packages; } "echo \"$packages\" > \"$out\"";

    # A virtual machine is beyond a stand-in: its systems are built, and its script is read by Python.
    testers.runNixOSTest =
      test:
      let
        machine =
          module:
          (lib.nixosSystem { modules = [ { nixpkgs.hostPlatform = system; } ] ++ [ module ]; })
          .config.system.build.toplevel;
      in
      derive "vm-test-run-${test.name}"
        {
          machines = map machine (lib.attrValues test.nodes);
          script =
            if builtins.isFunction test.testScript then
              test.testScript { inherit (test) nodes; }
            else
              test.testScript;
          passAsFile = [ "script" ];
        }
        ''
          python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$scriptPath"
          : > "$out"
        '';

    # Zones by name; nobody here asks what time it is there.
    tzdata = derive "tzdata" { } ''
      mkdir -p "$out/share/zoneinfo/America" "$out/share/zoneinfo/Etc"
      : > "$out/share/zoneinfo/America/New_York"
      : > "$out/share/zoneinfo/UTC"
    '';
    systemd = named "systemd" // {
      version = "260";
    };
    coreutils = derive "coreutils" { } "mkdir \"$out\"; ln -s /usr/bin \"$out/bin\"";
  }
  // lib.genAttrs [
    "cargo"
    "cargo-nextest"
    "clippy"
    "deadnix"
    "jq"
    "just"
    "nixfmt"
    "nixfmt-tree"
    "python3"
    "rustc"
    "rustfmt"
    "shellcheck"
    "strace"
  ] named;
in
pkgs
