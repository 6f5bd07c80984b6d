# A host that runs one deployment. Everything about it is in its manifest; the rest is what any machine needs.
{
  services.portcullis = {
    enable = true;
    manifest = ../manifests/avwap.toml;
  };

  # Markets do not move with summer time; every schedule says its own zone.
  time.timeZone = "UTC";
  services.timesyncd.enable = true;

  nixpkgs.hostPlatform = "x86_64-linux";
  networking.hostName = "trader";
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  system.stateVersion = "26.05";
}
