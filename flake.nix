{
  description = "Portcullis: a trading appliance whose guardrails cannot be left uninstalled";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      eachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
    in
    {
      packages = eachSystem (
        pkgs:
        let
          programs = pkgs.callPackage ./nixos/packages.nix { };
        in
        programs
        // {
          default = programs.portcullis;
          # The units of the deployment that is shipped as an example, as a host would have them.
          units = pkgs.callPackage ./nixos/units.nix {
            inherit (programs) portcullis unitgen;
            manifest = ./manifests/avwap.toml;
          };
        }
      );

      nixosModules.default = import ./nixos/module.nix self;

      nixosConfigurations.example = lib.nixosSystem {
        modules = [
          self.nixosModules.default
          ./nixos/example.nix
        ];
      };

      checks = eachSystem (
        pkgs:
        let
          inherit (pkgs.stdenv.hostPlatform) system;
        in
        {
          inherit (self.packages.${system}) portcullis unitgen units;
        }
        // lib.optionalAttrs (system == "x86_64-linux") {
          # Building a system runs its checks, hence `unitgen verify` over the merged unit tree.
          example = self.nixosConfigurations.example.config.system.build.toplevel;
          boot = pkgs.testers.runNixOSTest (import ./nixos/test.nix self);
        }
      );

      devShells = eachSystem (pkgs: {
        default = pkgs.callPackage ./nixos/shell.nix { };
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
