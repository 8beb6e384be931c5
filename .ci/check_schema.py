"""Compares what the JSON Schema says of job files with what the program says of them.

Usage: check_schema.py SCHEMA FOLDER JOB...

FOLDER holds pairs: NAME.toml, a job file, and NAME.told, the program's problems with it, a line each (nothing where it is
accepted). Each JOB is a file that the program accepts. A job that the program accepts has to be accepted by the schema, and one
that it refuses has to be refused, unless every problem is of a kind that a schema cannot see.
"""

import json
import pathlib
import re
import sys
import tomllib

import jsonschema

# Problems that a schema cannot see, as regular expressions on what the program says.
BEYOND = [
    r" job-(toml|key-twice|section-forms|not-utf8)",  # no TOML; tomllib refuses it
    r" job-between key=\S+ least=\S*[a-zA-Z]",  # bounds of durations and sizes
    r" job-at-most key=\S+ most=\d+/s",  # bounds of rates
    r" job-expected key=\S+ expected=\(job-expected-(duration|rate|size|sample-size)\)",  # numbers too large for their kind
    r" job-expected key=\S+ expected=\(job-expected-durations\)",  # the shorter one first
    r" job-expected key=\S+ expected=\(job-expected-whole\) found=\(literal text=\d+\.0*\)",  # 5.0 is whole to a schema
    r" job-expected key=\S+ expected=\(job-expected-window\)",  # a window of no length
    r" job-expected key=\S+ expected=\(job-expected-number\) found=\(literal text=[+-]?(inf|nan)\)",
    r" job-type-code .*problem=\(problem-(bad_check_character|bad_character)\)",
    r" job-(holder-code-type|columns-same|carry-\w+|host|return-code|base-url|webhook|bad-name)",
    r" job-sample-(by|recheck)",  # what another key says
    r" job-empty key=inputs\.(carry|columns\.\w+)",
    r" job-too-long key=inputs\.carry",
]


def is_beyond(problem):
    return any(re.search(pattern, problem) for pattern in BEYOND)


def main():
    schema_path, folder, *jobs = map(pathlib.Path, sys.argv[1:])
    schema = json.loads(schema_path.read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    pairs = [(path, path.with_suffix(".told").read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
    pairs += [(path, "") for path in jobs]
    counts = {"accepted": 0, "refused": 0, "beyond": 0, "no TOML": 0}
    wrong = []
    for path, told in pairs:
        problems = told.splitlines()
        try:
            job = tomllib.loads(path.read_text("utf-8").removeprefix("\ufeff"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            # TOML 1.1, which the program reads, allows more than tomllib knows.
            counts["no TOML"] += 1
            if not problems:
                print(f"{path}: accepted, and tomllib says: {error}")
            continue
        found = [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(job)]
        if not problems and found:
            wrong.append(f"{path}: the program accepts it, the schema does not: {found[:3]}")
        elif problems and not found and not all(map(is_beyond, problems)):
            wrong.append(f"{path}: the schema accepts it, the program does not: {problems[:3]}")
        else:
            counts["accepted" if not problems else "refused" if found else "beyond"] += 1
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    if counts["accepted"] < 50 or counts["refused"] < 50:
        wrong.append(f"too few job files to tell: {counts}")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
