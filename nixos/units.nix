# The units of a manifest, rendered when they are built: evaluation never waits for a build.
{
  runCommand,
  portcullis,
  unitgen,
  manifest,
}:
runCommand "portcullis-units"
  {
    nativeBuildInputs = [ unitgen ];
    # By content and not with the sources around it, so that only another manifest makes other units.
    manifest = builtins.path {
      path = manifest;
      name = "manifest.toml";
    };
    programs = "${portcullis}/bin";
  }
  ''
    mkdir -p "$out/lib/systemd/system"
    unitgen render "$manifest" --target systemd --out "$out/lib/systemd/system" --programs "$programs"
  ''
