# An /etc in which no key can be laid.
# seen by: evaluation
# says: system.etc.overlay.mutable
{
  system.etc.overlay = {
    enable = true;
    mutable = false;
  };
}
