# Another module ties the target to a unit of its own.
# seen by: build
# says: foreign-drop-in
{ systemd.targets.avwap.unitConfig.Requires = "printer.service"; }
