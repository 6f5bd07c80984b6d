# A key that everybody can read.
# seen by: evaluation
# says: credentials.APCA_API_SECRET_KEY lies in the Nix store
{
  services.portcullis.credentials.APCA_API_SECRET_KEY = "${builtins.toFile "key" "secret"}";
}
