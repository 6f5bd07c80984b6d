# An option of ours with a typing mistake.
# seen by: evaluation
# says: The option `services.portcullis.enabel' does not exist
{ services.portcullis.enabel = true; }
