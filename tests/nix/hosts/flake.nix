# Hosts as somebody's own flake would have them: the example, and the same with one more module for every file beside.
{
  inputs.portcullis.url = "path:/given/by/tests/nix/run";
  inputs.nixpkgs.follows = "portcullis/nixpkgs";

  outputs =
    { nixpkgs, portcullis, ... }:
    let
      host =
        modules:
        nixpkgs.lib.nixosSystem {
          modules = [
            portcullis.nixosModules.default
            "${portcullis}/nixos/example.nix"
            { _module.args = { inherit portcullis; }; }
          ]
          ++ modules;
        };
      # What `unitgen render --target nixos` makes, imported by a configuration that knows nothing of the flake's module.
      rendered = nixpkgs.lib.nixosSystem {
        modules = [
          (import "${portcullis}/tests/rendered/nixos/avwap/avwap.nix" {
            programs = "${portcullis.packages.x86_64-linux.portcullis}/bin";
          })
          { nixpkgs.hostPlatform = "x86_64-linux"; }
        ];
      };
      each =
        folder:
        builtins.listToAttrs (
          map (file: {
            name = builtins.replaceStrings [ ".nix" ] [ "" ] file;
            value = host [ (folder + "/${file}") ];
          }) (builtins.attrNames (builtins.readDir folder))
        );
    in
    {
      # The check of the merged tree, alone.
      verified = builtins.head (host [ ]).config.system.checks;
      nixosConfigurations =
        each ./mutations
        // each ./harmless
        // {
          example = host [ ];
          inherit rendered;
        };
    };
}
