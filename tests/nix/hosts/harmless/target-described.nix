# What lays a drop-in over the target that says nothing, as every use of `systemd.targets` does.
{ systemd.targets.avwap.wantedBy = [ "multi-user.target" ]; }
