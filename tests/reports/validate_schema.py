"""validate_schema.py SCHEMA FILE...: every file (JSON, or JSONL records) must fit the schema."""

import json
import sys

import jsonschema


def values(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".jsonl"):
        return [json.loads(line)["record"] for line in text.splitlines()]
    return [json.loads(text)]


def main():
    schema_path, paths = sys.argv[1], sys.argv[2:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    for path in paths:
        for value in values(path):
            for error in validator.iter_errors(value):
                failures += 1
                print(f"{path}: {error.json_path}: {error.message[:300]}")
    sys.exit(1 if failures else 0)


main()
