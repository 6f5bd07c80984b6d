# Keys that are encrypted for the host, one of them laid by something else.
{ lib, ... }:
{
  services.portcullis = {
    manifest = lib.mkForce ../manifests/encrypted.toml;
    credentials.APCA_API_KEY_ID = "/var/lib/secrets/apca-key-id";
  };
}
