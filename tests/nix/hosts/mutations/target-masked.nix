# The target is masked.
# seen by: build
# says: unit-masked
{ systemd.targets.avwap.enable = false; }
