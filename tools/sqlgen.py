#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sqlgen - named SQL becomes const C tables.

    sqlgen.py SQLDIR OUT.h OUT.c

SQLDIR/schema/NNNN-name.sql are migrations, numbered from 0001 without gaps.
SQLDIR/query/*.sql hold statements, each introduced by

    -- name: package_insert   role: writer   [hot]
    -- One sentence of purpose (required).

A statement runs up to the next `-- name:` line.  role is reader or writer;
a reader that writes, or a text that does not begin with one of the known verbs,
is refused here, at build time.  `hot` marks statements whose query plan a test
checks for an index.  The schema's name is the folder's.
"""
import pathlib
import re
import sys

NAME = re.compile(r'^--\s*name:\s*(\S+)\s+role:\s*(\S+)(\s+hot)?\s*$')
WRITING = ('insert', 'update', 'delete', 'replace')
READING = ('select', 'with', 'pragma', 'explain')


class Problem(Exception):
    pass


def c_text(text):
    """A C string literal, one line of SQL a line of C."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    quoted = ['"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"' for line in lines if line]
    return '\n                '.join(quoted)


def read_migrations(folder):
    found = []
    for path in sorted((folder / 'schema').glob('*.sql')):
        match = re.fullmatch(r'(\d{4})-([a-z0-9-]+)\.sql', path.name)
        if not match:
            raise Problem(f'{path}: name it NNNN-words.sql')
        if int(match[1]) != len(found) + 1:
            raise Problem(f'{path}: expected number {len(found) + 1:04d}')
        found.append((int(match[1]), match[2], path.read_text()))
    if not found:
        raise Problem(f'{folder}/schema: no migration')
    return found


class Statement:
    def __init__(self, where, name, role, hot):
        self.where, self.name, self.role, self.hot = where, name, role, hot
        self.purpose, self.lines = [], []

    def finish(self):
        text = '\n'.join(self.lines).strip().rstrip(';').strip()
        bare = '\n'.join(line for line in text.splitlines() if not line.lstrip().startswith('--')).strip()
        verb = bare.split(None, 1)[0].lower() if bare else ''
        if not self.purpose:
            raise Problem(f'{self.where}: {self.name}: say in a comment line what it is for')
        if self.role not in ('reader', 'writer'):
            raise Problem(f'{self.where}: {self.name}: role is reader or writer, not {self.role}')
        if verb not in WRITING + READING:
            raise Problem(f'{self.where}: {self.name}: begins with {verb!r}')
        if self.role == 'reader' and verb in WRITING:
            raise Problem(f'{self.where}: {self.name}: a reader may not {verb}')
        if ';' in re.sub(r"'[^']*'", '', bare):
            raise Problem(f'{self.where}: {self.name}: one statement, please')
        self.text = bare
        return self


def read_statements(folder):
    found, names = [], set()
    for path in sorted((folder / 'query').glob('*.sql')):
        current = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = NAME.match(line)
            if match:
                if match[1] in names:
                    raise Problem(f'{path}:{number}: {match[1]} is there already')
                names.add(match[1])
                current = Statement(f'{path}:{number}', match[1], match[2], bool(match[3]))
                found.append(current)
            elif line.startswith('-- name'):
                raise Problem(f'{path}:{number}: write "-- name: WORD   role: reader|writer   [hot]"')
            elif current is None:
                if line.strip() and not line.startswith('--'):
                    raise Problem(f'{path}:{number}: text before the first "-- name:"')
            elif line.startswith('--') and not current.lines:
                current.purpose.append(line.lstrip('- ').strip())
            else:
                current.lines.append(line)
    return [statement.finish() for statement in found]


def main(argv):
    folder, header, source = pathlib.Path(argv[1]), pathlib.Path(argv[2]), pathlib.Path(argv[3])
    schema = folder.name
    migrations, statements = read_migrations(folder), read_statements(folder)
    made = '/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by tools/sqlgen.py from sql/%s; do not edit. */\n' % schema

    names = ''.join(f'        SQL_{schema.upper()}_{s.name.upper()}, /* {" ".join(s.purpose)} */\n' for s in statements)
    header.write_text(f'{made}#pragma once\n#include "db/db.h"\n\nenum sql_{schema} {{\n{names}        N_SQL_{schema.upper()},\n}};\n\n'
                      f'extern const struct db_schema sql_{schema};\n')

    rows = ''.join(f'        {{ "{s.name}",\n                {c_text(s.text)},\n'
                   f'                {str(s.role == "writer").lower()}, {str(s.hot).lower()} }},\n' for s in statements)
    steps = ''.join(f'        {{ {number}, "{name}",\n                {c_text(text)} }},\n' for number, name, text in migrations)
    source.write_text(f'{made}#include "{header.name}"\n\n'
                      f'static const struct db_statement statements[] = {{\n{rows}}};\n\n'
                      f'static const struct db_migration migrations[] = {{\n{steps}}};\n\n'
                      f'const struct db_schema sql_{schema} = {{\n        "{schema}",\n'
                      f'        statements, sizeof(statements) / sizeof(statements[0]),\n'
                      f'        migrations, sizeof(migrations) / sizeof(migrations[0]),\n}};\n')


if __name__ == '__main__':
    try:
        main(sys.argv)
    except Problem as problem:
        sys.exit(f'sqlgen: {problem}')
