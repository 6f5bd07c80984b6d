# The sources that some crates of this workspace are built from, and nothing else: a change elsewhere rebuilds nothing.
#
# crates -> { src, members }. Followed are the workspace's own crates as the manifests name them, those of tests too:
# cargo reads the manifest of every dependency it might ever need.
{ lib }:
crates:
let
  root = ../.;
  workspace = (lib.importTOML ../Cargo.toml).workspace.dependencies;
  folders = lib.mapAttrs (_: found: found.path) (lib.filterAttrs (_: found: found ? path) workspace);
  folder = crate: folders.${crate} or (if crate == "unitgen" then crate else "crates/${crate}");
  needs =
    path:
    let
      manifest = lib.importTOML (root + "/${path}/Cargo.toml");
      tables = [
        "dependencies"
        "dev-dependencies"
        "build-dependencies"
      ];
      named = lib.concatMap (table: lib.attrNames (manifest.${table} or { })) tables;
    in
    lib.filter (name: folders ? ${name}) named;
  members = map (found: found.key) (
    builtins.genericClosure {
      startSet = map (crate: { key = folder crate; }) crates;
      operator = found: map (crate: { key = folder crate; }) (needs found.key);
    }
  );
in
{
  inherit members;
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions (
      [
        ../Cargo.toml
        ../Cargo.lock
      ]
      ++ map (path: root + "/${path}") members
    );
  };
}
