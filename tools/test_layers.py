#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""layers.py must pass what points downwards and name what does not."""
import pathlib
import subprocess
import sys
import tempfile

LAYERS = pathlib.Path(__file__).parent / 'layers.py'
CASES = [                                   # file, its include, must it be named?
    ('src/base/str.c', 'base/str.h', False),
    ('src/cas/cas.c', 'os/os.h', False),
    ('src/codec/piece.c', 'hash/hash.h', False),
    ('src/db/pool.c', 'loop/loop.h', False),
    ('cmd/tallymand/main.c', 'rest/rest.h', False),
    ('src/base/str.c', 'os/os.h', True),        # upwards
    ('src/cas/cas.c', 'model/model.h', True),
    ('src/codec/piece.c', 'os/os.h', True),     # lower rank, but codecs are pure
    ('src/rest/rest.c', 'httpd/httpd.h', True),  # peers
    ('src/loop/loop.c', 'db/db.h', True),       # the exception goes one way
    ('src/site/client.c', 'model/model.h', True),
]


def run(file, include):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / file
        path.parent.mkdir(parents=True)
        path.write_text(f'#include "{include}"\n')
        return subprocess.run([sys.executable, LAYERS, folder], capture_output=True, text=True)


def main():
    wrong = 0
    for file, include, named in CASES:
        result = run(file, include)
        if (result.returncode != 0) != named or (named and f'{file}:1:' not in result.stdout):
            print(f'{file} with {include}: {result.stdout or result.stderr}')
            wrong += 1
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
