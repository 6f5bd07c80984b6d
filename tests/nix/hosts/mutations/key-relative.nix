# A key at a path that depends on who asks.
# seen by: evaluation
# says: credentials.APCA_API_SECRET_KEY is not an absolute path
{ services.portcullis.credentials.APCA_API_SECRET_KEY = "keys/apca"; }
