#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py must name each planted fault, and nothing in what is right."""
import pathlib
import subprocess
import sys
import tempfile

RULES = pathlib.Path(__file__).parent / 'rules.py'
HEAD = '/* SPDX-License-Identifier: Apache-2.0 */\n'
RIGHT = HEAD + '''#pragma once
/* SELECT a FROM b in a comment; sprintf( too */
static const char *q = "SELECT * FROM SMS_Package";
static const char *t = "Select the DPs and delete from there";
        os.openat(dirfd, "sprintf(", 0, 0);
'''
CASES = [                                       # file, text, words of the fault; None: there is none
    ('src/cas/cas.h', RIGHT, None),
    ('src/cas/cas.c', HEAD + 'const char *q = "SELECT id "\n        "FROM package";\n', 'SQL in a string'),
    ('src/cas/cas.c', HEAD + 'const char *q = "UPDATE package SET a=1";\n', 'SQL in a string'),
    ('src/cas/cas.c', HEAD + 'void f(char *p) { sprintf(p, "x"); }\n', 'sprintf() is banned'),
    ('src/cas/cas.c', HEAD + 'int f(void) { return open("x", 0); }\n', 'open() passes by the os table'),
    ('src/os/os.c', HEAD + 'int f(void) { return open("x", 0); }\n', None),
    ('src/cas/cas.h', HEAD, '#pragma once'),
    ('src/cas/cas.c', 'int a;\n', 'SPDX'),
    ('src/cas/cas.c', HEAD + 'int a;' + ' ' * 3 + '\n', 'trailing blanks'),
    ('src/cas/cas.c', HEAD + '/*' + 'x' * 150 + '*/\n', '140 at most'),
    ('src/cas/cas.c', HEAD + '\n' * 700, 'longer than 600'),
    ('docs/a.md', 'see ' + '/ho' + 'me/x\n', 'somebody'),
]


def run(file, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return subprocess.run([sys.executable, RULES, folder], capture_output=True, text=True)


def main():
    wrong = 0
    for file, text, words in CASES:
        result = run(file, text)
        good = words in result.stdout and result.returncode == 1 if words else result.returncode == 0
        if not good:
            print(f'{file}: wanted {words}: {result.stdout}{result.stderr}')
            wrong += 1
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
