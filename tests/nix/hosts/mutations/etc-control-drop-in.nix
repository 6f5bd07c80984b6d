# A drop-in where systemd looks first, beside the tree that NixOS merges.
# seen by: evaluation
# says: environment.etc defines systemd/system.control/execution.service.d/50-mine.conf
{
  environment.etc."systemd/system.control/execution.service.d/50-mine.conf".text =
    "[Service]\nExecCondition=\n";
}
