# `unitgen` as a host has it: it knows where the programs of this configuration are.
{
  lib,
  writeShellApplication,
  portcullis,
  unitgen,
}:
writeShellApplication {
  name = "unitgen";
  text = ''
    case ''${1:-} in
    check | drift | explain | plan | render | verify)
      case " $* " in
      *" --programs"[\ =]*) ;;
      *) set -- "$1" --programs ${portcullis}/bin "''${@:2}" ;;
      esac
      ;;
    esac
    exec ${lib.getExe unitgen} "$@"
  '';
}
