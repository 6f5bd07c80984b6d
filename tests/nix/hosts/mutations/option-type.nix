# A value of the wrong type.
# seen by: evaluation
# says: A definition for option `services.portcullis.switchCheck' is not of type `boolean'
{ services.portcullis.switchCheck = "in the evening"; }
