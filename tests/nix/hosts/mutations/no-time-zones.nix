# A system without time zones.
# seen by: evaluation
# says: environment.etc.zoneinfo.*America/New_York
{ environment.etc.zoneinfo.enable = false; }
