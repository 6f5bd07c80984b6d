# A stand-in for the few names of nixpkgs that our flake uses, for machines that have no network. It is told apart from the
# real one by nothing our files can see: what they name must exist there by the same name and take the same values.
{
  outputs =
    { self }:
    let
      lib = import ./lib.nix // {
        nixosSystem = import ./nixos.nix {
          inherit lib;
          pkgs = self.legacyPackages.x86_64-linux;
        };
      };
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs systems (system: import ./pkgs.nix { inherit lib system; });
    };
}
