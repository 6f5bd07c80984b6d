"""Holds manifests against the JSON Schema: `validate.py SCHEMA MANIFEST...` prints one JSON object, path -> errors."""

import json
import sys
import tomllib

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
verdicts = {}
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        manifest = tomllib.load(file)
    verdicts[path] = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]
print(json.dumps(verdicts))
