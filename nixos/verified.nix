# Fails the build of a system in which a guardrail is lost. What is looked at is the tree that becomes
# /etc/systemd/system, after every other module and package had its say.
{
  lib,
  runCommand,
  unitgen,
  unitsPackage,
  package,
  manifest,
  programs,
  units,
  zones,
  timezone,
  others,
}:
runCommand "portcullis-verified"
  {
    nativeBuildInputs = [ unitgen ];
    manifest = builtins.path {
      path = manifest;
      name = "manifest.toml";
    };
    programs = "${package}/bin";
    inherit units timezone zones;
  }
  ''
    lost() {
      echo "portcullis: $*" >&2
      exit 1
    }

    for program in ${lib.escapeShellArgs programs}; do
      [ -x "$programs/$program" ] || lost "services.portcullis.package has no program $program"
    done
    [ -e "$zones/$timezone" ] || lost "the zone $timezone of the manifest is not in $zones"

    # NixOS keeps one of two files with one name, and which one is not said: what is merged well today is not tomorrow.
    cd ${unitsPackage}/lib/systemd/system
    for package in ${lib.escapeShellArgs others}; do
      for folder in etc lib; do
        for file in * */*; do
          if [ ! -d "$file" ] && { [ -e "$package/$folder/systemd/system/$file" ] || [ -L "$package/$folder/systemd/system/$file" ]; }; then
            lost "$file comes from $package too (systemd.packages)"
          fi
        done
      done
    done

    unitgen verify "$units" --manifest "$manifest" --programs "$programs" >&2 ||
      lost "the units of this system are not what the manifest renders; see above what is lost"
    : > "$out"
  ''
