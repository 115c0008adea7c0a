#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mofgen - schema/*.mof into const C tables

usage: mofgen.py OUTPUT.c FILE.mof...

Parses the part of MOF (DSP0004 clause 7) that classes need: qualifiers,
inheritance, properties with defaults, arrays, embedded classes as types, references,
methods with in and out parameters.  Everything is checked: unknown qualifiers,
types and super-classes, a property declared twice, Values without their
ValueMap.  An error names file and line; nothing is written then.
"""
import re
import sys

TYPES = {'sint8': 16, 'uint8': 17, 'sint16': 2, 'uint16': 18, 'sint32': 3, 'uint32': 19, 'sint64': 20, 'uint64': 21,
         'real32': 4, 'real64': 5, 'string': 8, 'boolean': 11, 'datetime': 101, 'char16': 103, 'object': 13}
REFERENCE = 102
MOST_ANCESTORS = 32
NUMBER = '(?:0|[1-9][0-9]{0,17})'
BITS = {'sint8': 8, 'uint8': 8, 'sint16': 16, 'uint16': 16, 'sint32': 32, 'uint32': 32, 'sint64': 64, 'uint64': 64}
# qualifier -> where it may stand: c class, p property, m method, a parameter
QUALIFIERS = {'abstract': 'c', 'association': 'c', 'embedded': 'c', 'secured': 'c', 'view': 'c', 'description': 'cpma',
              'read': 'cp', 'write': 'p', 'key': 'p', 'lazy': 'p', 'large': 'p', 'not_null': 'p', 'unique': 'p',
              'max': 'p', 'sizelimit': 'p', 'range': 'p', 'values': 'p', 'valuemap': 'p', 'bits': 'p', 'bitmap': 'p',
              'bitvalues': 'p', 'nooffset': 'p', 'subtype': 'p', 'static': 'm', 'implemented': 'm', 'in': 'a',
              'out': 'a', 'optional': 'a'}
TOKEN = re.compile(r'''(?P<space>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
                     |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
                     |(?P<number>[+-]?(?:0[xX][0-9a-fA-F]{1,16}|(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,20})?)(?![0-9A-Za-z_]))
                     |(?P<string>"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*")
                     |(?P<punct>[{}\[\]();:,=])''', re.X | re.S)
UNESCAPE = {'n': '\n', 't': '\t', 'r': '\r', '"': '"', "'": "'", '\\': '\\'}
ESCAPE = {'\n': '\\n', '\t': '\\t', '\r': '\\r', '"': '\\"', '\\': '\\\\'}


class MofError(Exception):
    pass


class Token:
    def __init__(self, kind, text, where):
        self.kind, self.text, self.where = kind, text, where


def tokens(path):
    with open(path, 'rb') as f:
        data = f.read()
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as e:
        raise MofError(f'{path}:{data.count(10, 0, e.start) + 1}: a byte that is not UTF-8') from e
    at, line, out = 0, 1, []
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise MofError(f'{path}:{line}: unexpected character {text[at]!r}')
        if m.lastgroup != 'space':
            out.append(Token(m.lastgroup, m.group(), f'{path}:{line}'))
        line += m.group().count('\n')
        at = m.end()
    out.append(Token('end', 'the end of the file', f'{path}:{line}'))
    return out


def fail(token, text):
    raise MofError(f'{token.where}: {text}')


class Parser:
    def __init__(self, path):
        self.tokens, self.i = tokens(path), 0

    @property
    def now(self):
        return self.tokens[self.i]

    def take(self, text=None, kind=None):
        t = self.now
        if (text and t.text.lower() != text) or (kind and t.kind != kind):
            fail(t, f'expected {text or "a " + kind}, found {t.text}')
        self.i += 1
        return t

    def accept(self, text):
        if self.now.kind != 'string' and self.now.text.lower() == text:
            self.i += 1
            return True
        return False

    def literal(self, in_array=False):
        """A value in MOF text, with strings joined and unescaped: ('string', 'abc') or ('number', 8) ..."""
        t = self.now
        if not in_array and self.accept('{'):
            items = []
            while not self.accept('}'):
                items.append(self.literal(True))
                if not self.accept(','):
                    self.take('}')
                    break
            return ('array', items)
        if t.kind == 'string':
            text = ''
            while self.now.kind == 'string':
                text += re.sub(r'\\(.)', lambda m: UNESCAPE.get(m.group(1), m.group(1)), self.take().text[1:-1])
            return ('string', text)
        if t.kind == 'number':
            self.i += 1
            return ('number', float(t.text) if '.' in t.text else int(t.text, 0))
        if t.text.upper() in ('TRUE', 'FALSE', 'NULL'):
            self.i += 1
            return ('word', t.text.upper())
        fail(t, f'expected a value, found {t.text}')

    def qualifiers(self, places):
        """[A, B(value), C{...}] where any of the places allows them; none is fine."""
        out = []
        if not self.accept('['):
            return out
        while True:
            t = self.take(kind='name')
            name = t.text.lower()
            if not set(places) & set(QUALIFIERS.get(name, '')):
                fail(t, f'qualifier {t.text} is unknown here')
            if any(q[0].lower() == name for q in out):
                fail(t, f'qualifier {t.text} stands here twice')
            value = ('word', 'TRUE')
            if self.accept('('):
                value = self.literal()
                self.take(')')
            elif self.now.text == '{':
                value = self.literal()
            out.append((t.text, value))
            if self.accept(']'):
                return out
            self.take(',')

    def classes(self):
        out = []
        while self.now.kind != 'end':
            quals = self.qualifiers('c')
            self.take('class')
            name = self.take(kind='name')
            sup = self.take(kind='name') if self.accept(':') else None
            c = Class(name, sup, quals)
            self.take('{')
            while not self.accept('}'):
                self.feature(c)
            self.take(';')
            out.append(c)
        return out

    def feature(self, c):
        start = self.now
        quals = self.qualifiers('pm')
        type_ = self.take(kind='name')
        ref = self.accept('ref')
        name = self.take(kind='name')
        if not ref and self.accept('('):
            self.check_place(start, quals, 'm')
            c.methods.append(Method(name, type_, quals, self.parameters()))
        else:
            self.check_place(start, quals, 'p')
            array = self.array()
            default = self.literal() if self.accept('=') else None
            c.properties.append(Property(name, type_, quals, array, default, ref))
        self.take(';')

    def check_place(self, start, quals, place):
        for name, _ in quals:
            if place not in QUALIFIERS[name.lower()]:
                fail(start, f'qualifier {name} does not belong on a {"method" if place == "m" else "property"}')

    def array(self):
        if not self.accept('['):
            return False
        self.take(']')
        return True

    def parameters(self):
        out = []
        if self.accept(')'):
            return out
        while True:
            quals = self.qualifiers('a')
            type_, name = self.take(kind='name'), self.take(kind='name')
            out.append(Parameter(name, type_, quals, self.array()))
            if self.accept(')'):
                return out
            self.take(',')


class Named:
    def __init__(self, token, quals):
        self.token, self.name, self.quals = token, token.text, quals

    def qual(self, name):
        return next((v for n, v in self.quals if n.lower() == name), None)

    def flag(self, name):
        return self.qual(name) == ('word', 'TRUE')

    def text(self, name):
        v = self.qual(name)
        if v is not None and v[0] != 'string':
            fail(self.token, f'{self.name}: {name} wants a string')
        return v[1] if v else None

    def strings(self, name):
        v = self.qual(name)
        if v is None:
            return None
        if v[0] != 'array' or any(i[0] != 'string' for i in v[1]):
            fail(self.token, f'{self.name}: {name} wants an array of strings')
        return [i[1] for i in v[1]]


class Class(Named):
    def __init__(self, token, sup, quals):
        super().__init__(token, quals)
        self.super_token, self.super = sup, None
        self.properties, self.methods = [], []

    def chain(self):
        return (self.super.chain() if self.super else []) + [self]

    def all(self, what):
        return [(c, f) for c in self.chain() for f in getattr(c, what)]


class Property(Named):
    def __init__(self, token, type_, quals, array, default, ref=False):
        super().__init__(token, quals)
        self.type, self.array, self.default, self.ref = type_, array, default, ref


class Parameter(Property):
    def __init__(self, token, type_, quals, array):
        super().__init__(token, type_, quals, array, None)


class Method(Named):
    def __init__(self, token, type_, quals, parameters):
        super().__init__(token, quals)
        self.type, self.parameters = type_, parameters


# ---- checking ----

def link(classes):
    by_name = {}
    for c in classes:
        if c.name.lower() in by_name:
            fail(c.token, f'class {c.name} was declared at {by_name[c.name.lower()].token.where}')
        by_name[c.name.lower()] = c
    for c in classes:
        if c.super_token:
            c.super = by_name.get(c.super_token.text.lower())
            if not c.super:
                fail(c.super_token, f'super-class {c.super_token.text} is not declared')
    for c in classes:
        seen, at = set(), c
        while at:
            if at in seen:
                fail(c.token, f'class {c.name} is its own ancestor')
            if len(seen) > MOST_ANCESTORS:
                fail(c.token, f'class {c.name} has more than {MOST_ANCESTORS} ancestors')
            seen.add(at)
            at = at.super
    for c in classes:
        check_class(c, by_name)
    return sorted(classes, key=lambda c: c.name.lower())


def check_class(c, by_name):
    for what in ('properties', 'methods'):
        seen = {}
        for _, f in c.all(what):
            if f.name.lower() in seen:
                fail(f.token, f'{c.name}.{f.name} was declared at {seen[f.name.lower()].where}')
            seen[f.name.lower()] = f.token
    for p in c.properties:
        check_property(c, p, by_name)
    for m in c.methods:
        if m.type.text.lower() not in TYPES:
            fail(m.type, f'type {m.type.text} is unknown')
        for p in m.parameters:
            e = by_name.get(p.type.text.lower())
            if p.type.text.lower() not in TYPES and not (e and e.flag('embedded')):
                fail(p.type, f'type {p.type.text} is unknown')
            if p.flag('in') == p.flag('out') and not p.flag('in'):
                fail(p.token, f'parameter {p.name} is neither in nor out')
    keys = [p for _, p in c.all('properties') if p.flag('key')]
    if c.text('view') and (c.flag('abstract') or not keys):
        fail(c.token, f'class {c.name} has a View, so it must have a key and not be abstract')
    if len(keys) > 8:
        fail(c.token, f'class {c.name} has more than 8 keys')


def check_property(c, p, by_name):
    word = f'{c.name}.{p.name}'
    t = p.type.text.lower()
    if p.ref:
        if t not in by_name:
            fail(p.type, f'{word}: class {p.type.text} is unknown')
        if p.array or p.default is not None:
            fail(p.token, f'{word}: a reference is one, without a default')
    elif t not in TYPES:
        e = by_name.get(t)
        if not e or not e.flag('embedded'):
            fail(p.type, f'{word}: type {p.type.text} is neither a CIM type nor an embedded class')
    if p.flag('key') and (p.array or p.flag('lazy') or (t not in TYPES and not p.ref) or t == 'object'):
        fail(p.token, f'{word}: a key is a plain value, not lazy')
    for names, numbers in (('values', 'valuemap'), ('bitvalues', 'bitmap')):
        a, b = p.strings(names), p.strings(numbers)
        if (a is None) != (b is None) or (a and len(a) != len(b)):
            fail(p.token, f'{word}: {names} and {numbers} must go in parallel')
        if b and (t not in BITS or not all(re.fullmatch(f'-?{NUMBER}', n) for n in b)):
            fail(p.token, f'{word}: {numbers} wants numbers, on an integer')
    if p.text('range') and not re.fullmatch(f'{NUMBER}-{NUMBER}|[a-z]-[a-z]', p.text('range')):
        fail(p.token, f'{word}: Range wants "low-high"')
    if p.text('sizelimit') and (t != 'string' or not re.fullmatch('[1-9][0-9]{0,8}', p.text('sizelimit'))):
        fail(p.token, f'{word}: SizeLimit wants a number, on a string')
    most = p.qual('max')
    if most and (not p.array or most[0] != 'number' or not isinstance(most[1], int) or not 0 < most[1] < 1 << 32):
        fail(p.token, f'{word}: max wants a number, on an array')
    if p.default is not None:
        check_default(p, t, word)


def check_default(p, t, word):
    kind, value = p.default
    good = {'string': kind == 'string', 'boolean': kind == 'word' and value != 'NULL',
            'datetime': kind == 'string' and re.fullmatch(r'\d{14}\.\d{6}(\+\*{3}|[+-]\d{3})', str(value))}
    ok = good.get(t, kind == 'number')
    if t in BITS and ok:
        signed = t[0] == 's'
        low, high = (-(1 << (BITS[t] - 1)), (1 << (BITS[t] - 1)) - 1) if signed else (0, (1 << BITS[t]) - 1)
        ok = isinstance(value, int) and low <= value <= high
    if p.array or not ok:
        fail(p.token, f'{word}: the default does not fit the type')


# ---- writing ----

def escaped(s):
    """Between quotes in C, and in MOF."""
    return ''.join(ESCAPE.get(ch, ch) for ch in s)


def c_string(s):
    if s is None:
        return 'NULL'
    return f'"{escaped(s)}"'


def mof_text(literal):
    kind, value = literal
    if kind == 'string':
        return f'"{escaped(value)}"'
    if kind == 'array':
        return '{' + ', '.join(mof_text(i) for i in value) + '}'
    return str(value)


def yes(b):
    return 'true' if b else 'false'


class Writer:
    def __init__(self, classes):
        self.classes, self.lines = classes, []

    def add(self, *lines):
        self.lines.extend(lines)

    def type_of(self, t):
        return TYPES.get(t.text.lower(), 13)

    def quals(self, ident, q):
        if q:
            self.add(f'static const struct cim_qualifier {ident}[] = {{',
                     *(f'        {{ {c_string(n)}, {c_string(mof_text(v))} }},' for n, v in q), '};')
            return f'.qualifiers = {ident}, .n_qualifiers = {len(q)}'
        return '.n_qualifiers = 0'

    def words(self, ident, p, names, numbers):
        values = p.strings(names)
        if values is None:
            return None
        self.add(f'static const char *const {ident}_words[] = {{ {", ".join(c_string(v) for v in values)}, NULL }};',
                 f'static const int64_t {ident}_numbers[] = {{ {", ".join(p.strings(numbers))} }};')
        return ident

    def property(self, ident, c, owner, p):
        q = self.quals(f'{ident}_q', p.quals)
        v = self.words(f'{ident}_v', p, 'values', 'valuemap')
        b = self.words(f'{ident}_b', p, 'bitvalues', 'bitmap')
        read_only = p.flag('read') or (c.flag('read') and not p.flag('write'))
        t = p.type.text.lower()
        row = [f'.name = {c_string(p.name)}', f'.type = {REFERENCE if p.ref else self.type_of(p.type)}',
               f'.class_name = {c_string(c.name)}', f'.origin = {c_string(owner.name)}', q]
        for flag, on in (('array', p.array), ('key', p.flag('key')), ('read_only', read_only), ('lazy', p.flag('lazy')),
                         ('not_null', p.flag('not_null')), ('no_offset', p.flag('nooffset'))):
            if on:
                row.append(f'.{flag} = true')
        if p.ref:
            row.append(f'.reference = {c_string(p.type.text)}')
        elif t not in TYPES:
            row.append(f'.embedded = {c_string(p.type.text)}')
        if p.text('sizelimit'):
            row.append(f'.size_limit = {p.text("sizelimit")}')
        if p.qual('max'):
            row.append(f'.max_items = {p.qual("max")[1]}')
        if p.text('range') and p.text('range')[0].isdigit():
            row.append('.has_range = true, .range_low = {}, .range_high = {}'.format(*p.text('range').split('-')))
        if p.default is not None:
            row.append(f'.default_ = {c_string(mof_text(p.default))}')
        if v:
            row.append(f'.values = {v}_words, .value_map = {v}_numbers')
        if b:
            row.append(f'.bit_values = {b}_words, .bit_map = {b}_numbers')
        if p.text('description'):
            row.append(f'.description = {c_string(p.text("description"))}')
        return '        { ' + ', '.join(row) + ' },'

    def method(self, ident, owner, m):
        params = '.n_parameters = 0'
        if m.parameters:
            self.add(f'static const struct cim_parameter {ident}_p[] = {{')
            for p in m.parameters:
                row = [f'.name = {c_string(p.name)}', f'.type = {self.type_of(p.type)}']
                if p.type.text.lower() not in TYPES:
                    row.append(f'.embedded = {c_string(p.type.text)}')
                row += [f'.{f} = true' for f, on in (('array', p.array), ('in', p.flag('in')), ('out', p.flag('out')),
                                                     ('optional', p.flag('optional'))) if on]
                self.add('        { ' + ', '.join(row) + ' },')
            self.add('};')
            params = f'.parameters = {ident}_p, .n_parameters = {len(m.parameters)}'
        return (f'        {{ .name = {c_string(m.name)}, .static_ = {yes(m.flag("static"))}, '
                f'.return_type = {TYPES[m.type.text.lower()]}, .origin = {c_string(owner.name)}, '
                f'.description = {c_string(m.text("description"))}, {params} }},')

    def klass(self, c):
        ident = f'c_{c.name}'
        q = self.quals(f'{ident}_q', c.quals)
        props, methods = c.all('properties'), c.all('methods')
        prows = [self.property(f'{ident}_p{i}', c, o, p) for i, (o, p) in enumerate(props)]
        mrows = [self.method(f'{ident}_m{i}', o, m) for i, (o, m) in enumerate(methods)]
        keys = [i for i, (_, p) in enumerate(props) if p.flag('key')]
        if prows:
            self.add(f'static const struct cim_property {ident}_p[] = {{', *prows, '};')
        if mrows:
            self.add(f'static const struct cim_method {ident}_m[] = {{', *mrows, '};')
        if keys:
            self.add(f'static const uint16_t {ident}_k[] = {{ {", ".join(map(str, keys))} }};')
        self.add(f'static const struct cim_class {ident} = {{',
                 f'        .name = {c_string(c.name)}, .super = {"&c_" + c.super.name if c.super else "NULL"},',
                 f'        .abstract = {yes(c.flag("abstract"))}, .read_only = {yes(c.flag("read"))},',
                 f'        .association = {yes(c.flag("association"))}, .embedded = {yes(c.flag("embedded"))},',
                 f'        .description = {c_string(c.text("description"))}, {q},')
        if prows:
            self.add(f'        .properties = {ident}_p, .n_properties = {len(prows)},')
        if mrows:
            self.add(f'        .methods = {ident}_m, .n_methods = {len(mrows)},')
        if keys:
            self.add(f'        .keys = {ident}_k, .n_keys = {len(keys)},')
        view = c.text('view')
        if view:
            full = ', '.join(f'"{p.name}"' for _, p in props)
            eager = ', '.join(f'NULL AS "{p.name}"' if p.flag('lazy') else f'"{p.name}"' for _, p in props)
            self.add(f'        .view = {c_string(view)},',
                     '        .select = ' + c_string(f'SELECT {full} FROM "{view}"') + ',',
                     '        .select_eager = ' + c_string(f'SELECT {eager} FROM "{view}"') + ',')
        self.add('};', '')

    def file(self):
        self.add('/* Made by tools/mofgen.py from the MOF files of schema/; do not edit. */', '#include "cim/cim.h"', '')
        done = set()

        def emit(c):
            if c in done:
                return
            if c.super:
                emit(c.super)
            done.add(c)
            self.klass(c)

        for c in self.classes:
            emit(c)
        self.add('const struct cim_class *const cim_classes[] = {', *(f'        &c_{c.name},' for c in self.classes), '};',
                 f'const size_t n_cim_classes = {len(self.classes)};')
        return '\n'.join(self.lines) + '\n'


def main(argv):
    if len(argv) < 3:
        print(__doc__.strip().split('\n\n')[1], file=sys.stderr)
        return 2
    try:
        text = Writer(link([c for path in argv[2:] for c in Parser(path).classes()])).file()
    except (MofError, OSError) as e:
        print(e, file=sys.stderr)
        return 1
    with open(argv[1], 'w', encoding='utf-8') as f:
        f.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
