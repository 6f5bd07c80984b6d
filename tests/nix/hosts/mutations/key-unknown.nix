# A key under a name that the manifest does not have.
# seen by: evaluation
# says: credentials.APCA_SECRET is no key of the manifest
{ services.portcullis.credentials.APCA_SECRET = "/run/keys/apca"; }
