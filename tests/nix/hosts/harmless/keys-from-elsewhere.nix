# Keys that something else lays where only root can read them, and no check before a switch.
{
  services.portcullis = {
    credentials = {
      APCA_API_KEY_ID = "/run/secrets/apca-key-id";
      APCA_API_SECRET_KEY = "/run/secrets/apca-secret-key";
    };
    switchCheck = false;
  };
}
