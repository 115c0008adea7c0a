#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rules - the rules of the house that a machine can check

    rules.py [ROOT]

Prints FILE:LINE: what is wrong; exits 1 when anything is. Generated files are
not in the tree, so none is looked at.
"""
import pathlib
import re
import sys

TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
# Statements of SQL; queries over WMI classes are WQL and belong where they are.
SQL = re.compile(r'\b(SELECT\s.+\sFROM\s+(?!SMS_|TM_|__|Win32_|meta_class)\w+'
                 r'|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b', re.S)
BANNED = re.compile(r'(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|gets|system|popen)\s*\(')
# What os/os.h has an entry for; product code asks there, or no test can make it fail.
KERNEL = re.compile(r'(?<![\w.>])(open|openat|creat|pread|pwrite|pwritev|fsync|fdatasync|ftruncate|rename|renameat'
                    r'|link|linkat|unlink|unlinkat|mkdir|mkdirat|symlink|symlinkat|fopen|opendir|fdopendir|readdir'
                    r'|time|gettimeofday|clock_gettime|getrandom|rand|random|srand)\s*\(')
HERE = pathlib.Path(__file__).resolve().parent.parent
MACHINE = re.compile(r'/home/\w|/root/\.|' + re.escape(f'{HERE}/'))    # also where this checkout happens to lie
SPDX = 'SPDX-License-Identifier: Apache-2.0'
FOLDERS = ('src', 'cmd', 'include', 'test', 'tools', 'script', 'sql', 'schema', 'bench', 'man', 'data', 'docs', '.ci',
           'packaging', 'web')
CODE = ('.c', '.h', '.def', '.py', '.sh', '.sql', '.mof', '.build')
MAX_LINES, MAX_COLUMNS = 600, 140       # the formatter aims at 120; a table or a signature may need more
# The client library and the command line run on the user's machine, without the os table.
OWN_SYSTEM_CALLS = ('src/os/', 'src/site/', 'cmd/', 'include/', 'test/')


def blank(match):
    """Spaces for what is matched, so that lines and columns stay."""
    return re.sub(r'[^\n]', ' ', match.group(0))


def code_only(text):
    return TOKENS.sub(blank, text)


def literals(text):
    """(offset, text) of string literals; neighbours are one, as the compiler joins them."""
    run, start, end = [], 0, 0
    for match in TOKENS.finditer(text):
        if match.group(0)[0] != '"':
            continue
        if run and text[end:match.start()].strip():
            yield start, ''.join(run)
            run = []
        if not run:
            start = match.start()
        run.append(match.group(0)[1:-1])
        end = match.end()
    if run:
        yield start, ''.join(run)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def check_c(name, text):
    code = code_only(text)
    for match in BANNED.finditer(code):
        yield line_of(text, match.start()), f'{match.group(1)}() is banned; see base/str.h and base/buf.h'
    if name.startswith('src/') and not name.startswith(OWN_SYSTEM_CALLS):
        for match in KERNEL.finditer(code):
            yield line_of(text, match.start()), f'{match.group(1)}() passes by the os table; see os/os.h'
    if not name.startswith('test/'):
        for offset, literal in literals(text):
            if SQL.search(literal):
                yield line_of(text, offset), 'SQL in a string; give it a name in sql/*/query'
    if name.endswith('.h') and '#pragma once' not in text and not name.startswith('include/'):   # there: #ifndef
        yield 1, 'a header begins with #pragma once'


def check_text(name, text):
    if name.endswith(CODE) and SPDX not in text[:400]:
        yield 1, f'the head of the file lacks "{SPDX}"'
    lines = text.split('\n')
    for number, line in enumerate(lines, 1):
        if MACHINE.search(line) and not name.startswith('tools/rules') and not name.startswith('tools/test_rules'):
            yield number, 'a path of somebody\'s machine'
        if name.endswith(('.c', '.h')):
            if len(line) > MAX_COLUMNS + (40 if name.startswith('test/') else 0):      # tables of cases
                yield number, f'{len(line)} columns; {MAX_COLUMNS} at most'
            if '\t' in line or line != line.rstrip():
                yield number, 'a tab or trailing blanks'
    if name.endswith(('.c', '.h')) and len(lines) > MAX_LINES:
        yield len(lines), f'longer than {MAX_LINES} lines; one idea a file'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    faults = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob('*')):
            name = str(path.relative_to(root))
            if not path.is_file() or '/corpus/' in name or '/findings/' in name or 'test/data/' in name \
               or '__pycache__' in name:
                continue
            try:
                text = path.read_text()
            except UnicodeDecodeError:
                continue
            found = list(check_text(name, text))
            if name.endswith(('.c', '.h')):
                found += check_c(name, text)
            faults += [f'{name}:{line}: {what}' for line, what in sorted(found)]
    print('\n'.join(faults) if faults else 'rules: the house is in order')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
