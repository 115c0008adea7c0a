#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sqlgen refuses what would go wrong later, and names the place."""
import pathlib
import subprocess
import sys
import tempfile

GOOD_SCHEMA = 'CREATE TABLE t (a INTEGER) STRICT;\n'
CASES = [  # query file, schema file name, words expected in the error (None: accepted)
    ('-- name: a   role: reader\n-- Why.\nSELECT 1;\n', '0001-t.sql', None),
    ('-- name: a   role: writer   hot\n-- Why.\nDELETE FROM t;\n', '0001-t.sql', None),
    ('-- name: a   role: reader\nSELECT 1;\n', '0001-t.sql', 'say in a comment'),
    ('-- name: a   role: reader\n-- Why.\nDELETE FROM t;\n', '0001-t.sql', 'a reader may not delete'),
    ('-- name: a   role: boss\n-- Why.\nSELECT 1;\n', '0001-t.sql', 'role is reader or writer'),
    ('-- name: a   role: reader\n-- Why.\nSELECT 1; SELECT 2;\n', '0001-t.sql', 'one statement'),
    ('-- name: a   role: reader\n-- Why.\nDROP TABLE t;\n', '0001-t.sql', "begins with 'drop'"),
    ('-- name: a   role: reader\n-- Why.\nSELECT 1;\n-- name: a   role: reader\n-- Why.\nSELECT 1;\n', '0001-t.sql', 'is there already'),
    ('SELECT 1;\n', '0001-t.sql', 'text before the first'),
    ('-- name a\n', '0001-t.sql', 'write "-- name'),
    ('', '0002-t.sql', 'expected number 0001'),
    ('', 'first.sql', 'name it NNNN'),
]


def run(sqlgen, query, schema_name):
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where) / 'sql' / 'tiny'
        (folder / 'schema').mkdir(parents=True)
        (folder / 'query').mkdir()
        (folder / 'schema' / schema_name).write_text(GOOD_SCHEMA)
        (folder / 'query' / 'q.sql').write_text(query)
        return subprocess.run([sqlgen, folder, f'{where}/o.h', f'{where}/o.c'], capture_output=True, text=True)


failed = 0
for query, schema_name, words in CASES:
    done = run(sys.argv[1], query, schema_name)
    good = done.returncode == 0 if words is None else done.returncode != 0 and words in done.stderr
    if not good:
        failed += 1
        print(f'not ok: {query!r}: {done.returncode} {done.stderr!r}')
print(f'{len(CASES) - failed} passed, {failed} failed')
sys.exit(failed != 0)
