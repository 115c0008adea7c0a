#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the settings of both daemons into their manual page, or says that it is out of date.

    confman.py MAN DEF DEF          rewrite what is between the markers of MAN
    confman.py --check MAN DEF DEF  exit 1 when that would change it

A marker is a comment line of mdoc: .\\" settings of tallymand / .\\" end.
"""
import re
import sys
import textwrap

ROW = re.compile(r'SETTING\((\w+), (\w+), (\w+), \w+, "([^"]*)", "([^"]*)", ([^,]+), (.+?), (\.[^"]*)?,\s*'
                 r'((?:"[^"]*"\s*)+)\)', re.S)
KIND = {'STRING': 'text', 'PATH': 'path', 'INT': 'number', 'BYTES': 'bytes', 'DURATION': 'time', 'BOOL': 'yes or no',
        'CHOICE': 'word', 'LIST': 'list', 'ADDRESSES': 'addresses'}
WORDS = {'level_words': 'error, warning, info or debug', 'scheme_words': 'https or http'}


def quantity(kind, text):
    value = text.strip()
    if 'INT64_MAX' in value:
        return None
    number = int(re.sub(r'INT64_C\((\d+)\)', r'\1', value))
    if kind == 'BYTES':
        for shift, unit in ((40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')):
            if number and number % (1 << shift) == 0:
                return f'{number >> shift}{unit}'
    if kind == 'DURATION':
        for size, unit in ((86400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')):
            if number and number % size == 0:
                return f'{number // size}{unit}'
    return str(number)


def bounds(kind, unit, low, high, extra):
    if kind == 'CHOICE':
        return WORDS[extra.split('=')[1].strip()]
    if kind not in ('INT', 'BYTES', 'DURATION'):
        return ''
    low, high = quantity(kind, low), quantity(kind, high)
    text = f'{low} to {high}' if high else f'{low} or more'
    return f'{text} {unit}'.strip()


def escape(text):
    text = text.replace('\\', '\\e').replace("'", '\\(aq')
    return '\\&' + text if text[:1] in ".'" else text


def wrapped(text):
    return [escape(line) for line in textwrap.wrap(text, 76, break_long_words=False)]


def item(kind, name, unit, default, low, high, extra, doc):
    lines = [f'.It Cm {name} Pq {KIND[kind]}']
    doc = ''.join(re.findall(r'"([^"]*)"', doc))
    for sentence in re.split(r'(?<=[.;:])\s{2}|(?<=\.)\s(?=[A-Z])', doc):
        lines += wrapped(sentence)
    range_text = bounds(kind, unit, low, high, extra or '')
    lines += wrapped(f'Default: {default or "empty"}' + (f'; {range_text}.' if range_text else '.'))
    return '\n'.join(lines)


def rows(path):
    text = open(path, encoding='utf-8').read()
    found = ROW.findall(text)
    if len(found) != text.count('\nSETTING('):
        sys.exit(f'{path}: {text.count(chr(10) + "SETTING(")} rows, {len(found)} understood')
    return found


def section(path):
    out, last = [], None
    for kind, part, name, unit, default, low, high, extra, doc in rows(path):
        if part != last:
            out += (['.El'] if last else []) + [f'.Ss Section {part}', '.Bl -tag -width Ds']
            last = part
        out.append(item(kind, name, unit, default, low, high, extra, doc))
    return '\n'.join(out + ['.El'])


def main(argv):
    check = argv[1:2] == ['--check']
    man, *definitions = argv[2:] if check else argv[1:]
    text = old = open(man, encoding='utf-8').read()
    for path in definitions:
        program = re.sub(r'.*/|\.def$', '', path)
        pattern = re.compile(rf'(\.\\" settings of {program}\n).*?(\n\.\\" end\n)', re.S)
        if not pattern.search(text):
            sys.exit(f'{man}: no marker for the settings of {program}')
        text = pattern.sub(lambda m, p=path: m.group(1) + section(p) + m.group(2), text)
    if check and text != old:
        sys.exit(f'{man} does not describe the settings as they are; run tools/confman.py {man} {" ".join(definitions)}')
    if not check:
        open(man, 'w', encoding='utf-8').write(text)


main(sys.argv)
