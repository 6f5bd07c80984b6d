# A drop-in as a file of /etc.
# seen by: evaluation
# says: environment.etc defines systemd/system/execution.service.d/50-mine.conf
{
  environment.etc."systemd/system/execution.service.d/50-mine.conf".text =
    "[Service]\nExecCondition=\n";
}
