# The program of `system.preSwitchChecks`: called with the configuration to switch to, and the action.
{
  lib,
  writeShellApplication,
  coreutils,
  portcullis,
  name,
  state,
  units,
}:
writeShellApplication {
  name = "portcullis-switch-check";
  runtimeInputs = [
    coreutils
    portcullis
  ];
  text = ''
    name=${lib.escapeShellArg name}
    state=${lib.escapeShellArg state}
    units=(${lib.escapeShellArgs units})
    ${builtins.readFile ./switch-check.sh}
  '';
}
