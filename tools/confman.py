#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""confman - tallyman.conf(5) names every setting of the tables, in order, with its section and default

    confman.py [ROOT]
"""
import pathlib
import re
import sys

ROW = re.compile(r'^SETTING\((\w+), (\w+), (\w+), \w+, "[^"]*", "([^"]*)"', re.M)
PROGRAMS = ('tallymand', 'tallyman-dp')


def of_table(text):
    return [(section, name, default or 'empty') for _, section, name, default in ROW.findall(text)]


def of_manual(text, program):
    part = re.search(rf'^\.Sh SETTINGS OF {program.upper()}$(.*?)(?=^\.Sh |\Z)', text, re.M | re.S)
    rows, section, name = [], None, None
    for line in part.group(1).splitlines() if part else ():
        if line.startswith('.Ss Section '):
            section = line.split()[-1]
        elif line.startswith('.It Cm '):
            name = line.split()[2]
        elif line.startswith('Default: ') and name:
            rows.append((section, name, re.split(r'; |\.$', line[len('Default: '):])[0].rstrip('.')))
            name = None
    return rows


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    manual = (root / 'man/tallyman.conf.5').read_text()
    wrong = 0
    for program in PROGRAMS:
        table = of_table((root / f'src/conf/{program}.def').read_text())
        described = of_manual(manual, program)
        for row in table:
            if row not in described:
                print(f'man/tallyman.conf.5: {program}: lacks [{row[0]}] {row[1]}, default {row[2]}')
                wrong = 1
        for row in described:
            if row not in table:
                print(f'man/tallyman.conf.5: {program}: has [{row[0]}] {row[1]}, default {row[2]}; the table does not')
                wrong = 1
        if not table or (not wrong and table != described):
            print(f'man/tallyman.conf.5: {program}: the order is not that of the table')
            wrong = 1
    return wrong


if __name__ == '__main__':
    sys.exit(main())
