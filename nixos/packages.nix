# The programs: what a deployment runs, what renders and verifies it, and, apart from both, what rehearses it.
{ lib, rustPlatform }:
let
  source = import ./source.nix { inherit lib; };

  build =
    {
      pname,
      crates,
      mainProgram,
      description,
      postInstall ? "",
    }:
    let
      inherit (source crates) src members;
    in
    rustPlatform.buildRustPackage {
      inherit pname src postInstall;
      inherit ((lib.importTOML ../Cargo.toml).workspace.package) version;
      cargoLock.lockFile = ../Cargo.lock;
      # The workspace of these sources has fewer members than the one they come from.
      postPatch = ''
        sed -i 's|^members = .*|members = [${
          lib.concatMapStringsSep ", " (path: "\"${path}\"") members
        }]|' Cargo.toml
        grep -qF '"${lib.head members}"' Cargo.toml
      '';
      cargoBuildFlags = lib.concatMap (crate: [
        "--package"
        crate
      ]) crates;
      # The suite spans the whole workspace, and boots machines: CI runs it.
      doCheck = false;
      passthru = { inherit members; };
      meta = {
        inherit description mainProgram;
        license = [
          lib.licenses.mit
          lib.licenses.asl20
        ];
        platforms = lib.platforms.linux;
      };
    };
in
{
  # What can place orders contains no simulator: that is `rehearse`.
  portcullis = build {
    pname = "portcullis";
    crates = [
      "desk"
      "execution"
      "gate"
      "scanner"
    ];
    mainProgram = "desk";
    description = "Programs of a Portcullis deployment: scan, gate, execution and the operator's desk";
  };

  unitgen = build {
    pname = "unitgen";
    crates = [ "unitgen" ];
    mainProgram = "unitgen";
    description = "Renders the units of a Portcullis manifest, and verifies installed ones";
    postInstall = ''
      "$out/bin/unitgen" man --out "$out/share/man"
      mkdir -p "$out/share/bash-completion/completions" "$out/share/zsh/site-functions" "$out/share/fish/vendor_completions.d"
      "$out/bin/unitgen" completions bash > "$out/share/bash-completion/completions/unitgen"
      "$out/bin/unitgen" completions zsh > "$out/share/zsh/site-functions/_unitgen"
      "$out/bin/unitgen" completions fish > "$out/share/fish/vendor_completions.d/unitgen.fish"
    '';
  };

  rehearse = build {
    pname = "rehearse";
    crates = [
      "rehearse"
      "broker-sim"
    ];
    mainProgram = "rehearse";
    description = "A whole day of a Portcullis manifest against a simulated venue";
  };
}
