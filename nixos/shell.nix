# What `./test` and `just` use. Cargo is nixpkgs' own: the pinned one is new enough for `rust-version`.
{
  mkShell,
  cargo,
  clippy,
  rustc,
  rustfmt,
  cargo-nextest,
  just,
  jq,
  strace,
  systemd,
  python3,
  nixfmt,
  deadnix,
  shellcheck,
}:
mkShell {
  packages = [
    cargo
    clippy
    rustc
    rustfmt
    cargo-nextest
    just
    jq
    strace
    systemd
    python3
    nixfmt
    deadnix
    shellcheck
  ];
}
