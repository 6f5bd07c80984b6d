# What target `nixos` renders, imported beside the module.
# seen by: evaluation
# says: execution.service is defined outside the manifest too
{ portcullis, ... }:
{
  imports = [ (import "${portcullis}/tests/rendered/nixos/avwap/avwap.nix" { }) ];
}
