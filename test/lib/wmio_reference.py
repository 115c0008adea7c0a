# SPDX-License-Identifier: Apache-2.0
"""wmio_reference - a second encoder of [MS-WMIO], to hold the first one to

Straight from the document, with struct alone, over what tools/mofgen.py reads of
schema/*.mof.  An earlier form of it served impacket, aiowmi, Samba's wmic and
tshark's dissectors without complaint; that form made test/data/wmio/*.hex.
"""
import struct
from datetime import datetime, timedelta

T = dict(sint16=2, sint32=3, real32=4, real64=5, string=8, boolean=11, object=13, sint8=16, uint8=17, uint16=18, uint32=19,
         sint64=20, uint64=21, datetime=101, reference=102, char16=103)
ARRAY, INHERITED, NO_REF, HIGH = 0x2000, 0x4000, 0xffffffff, 0x80000000
FORMAT = {2: '<h', 3: '<i', 4: '<f', 5: '<d', 11: '<H', 16: '<b', 17: '<B', 18: '<H', 19: '<I', 20: '<q', 21: '<Q', 103: '<H'}
DICTIONARY = ['"', 'key', '', 'read', 'write', 'volatile', 'provider', 'dynamic', 'cimwin32', 'DWORD', 'CIMTYPE']
TO_INSTANCE, TO_DERIVED, FIXED, PROPAGATED, AMENDED = 1, 2, 0x10, 0x20, 0x80
NULL, DEFAULT = 1, 2
# Of the schema's qualifiers: those with a flavor of their own; None: not sent.
FLAVORS = {'key': TO_INSTANCE | TO_DERIVED | FIXED, 'association': TO_INSTANCE | TO_DERIVED | FIXED,
           'description': AMENDED | TO_DERIVED, 'values': AMENDED | TO_DERIVED, 'bitvalues': AMENDED | TO_DERIVED,
           'view': None, 'nooffset': None}
SITE = ('SITESRV', 'ROOT\\SMS\\site_P01')


def u16(v):
    return struct.pack('<H', v)


def u32(v):
    return struct.pack('<I', v)


def text(s):
    if all(0 < ord(c) < 0x100 for c in s):
        return b'\0' + s.encode('latin-1') + b'\0'
    return b'\1' + s.encode('utf-16-le') + b'\0\0'


def slot_size(type_):
    base = type_ & 0xff
    return 4 if type_ & ARRAY or base not in FORMAT else struct.calcsize(FORMAT[base])


class Heap(bytearray):
    def put(self, data):
        at = len(self)
        self.extend(data)
        return at

    def encode(self):
        return u32(len(self) | HIGH) + bytes(self)


def encode_array(base, values, heap):
    if base in FORMAT:
        return heap.put(u32(len(values)) + b''.join(number(base, v) for v in values))
    at = heap.put(u32(len(values)) + bytes(4 * len(values)))
    for i, v in enumerate(values):
        ref = heap.put(u32(len(v)) + v if base == T['object'] else text(v))
        heap[at + 4 + 4 * i:at + 8 + 4 * i] = u32(ref)
    return at


def number(base, v):
    return struct.pack(FORMAT[base], (0xffff if v else 0) if base == T['boolean'] else v)


def encode_value(type_, v, heap):
    """A text is str, an object its ObjectBlock."""
    base = type_ & 0xff
    if type_ & ARRAY:
        return u32(encode_array(base, v, heap))
    if base in FORMAT:
        return number(base, v)
    return u32(heap.put(u32(len(v)) + v if base == T['object'] else text(v)))


class Qualifier:
    def __init__(self, name, value=True, type_=T['boolean'], flavor=0):
        self.name, self.value, self.type, self.flavor = name, value, type_, flavor


class Property:
    def __init__(self, name, type_, quals, default=None, inherited=False, origin=0, no_offset=False, embedded=None):
        self.name, self.type, self.quals, self.default = name, type_, quals, default
        self.inherited, self.origin, self.no_offset, self.embedded = inherited, origin, no_offset, embedded


class Method:
    def __init__(self, name, quals, in_, out, inherited=False, origin=0):
        self.name, self.quals, self.in_, self.out, self.inherited, self.origin = name, quals, in_, out, inherited, origin


class Class:
    def __init__(self, name, properties, quals=(), derivation=(), methods=()):
        self.name, self.properties, self.quals = name, properties, quals
        self.derivation, self.methods = derivation, methods


def encode_qualifiers(quals, heap, in_heap=False):
    size = 4 + sum(9 + slot_size(q.type) for q in quals)
    at = heap.put(bytes(size)) if in_heap else None
    out = u32(size)
    for q in quals:
        ref = DICTIONARY.index(q.name) | HIGH if q.name in DICTIONARY else heap.put(text(q.name))
        out += u32(ref) + bytes([q.flavor]) + u32(q.type) + encode_value(q.type, q.value, heap)
    if in_heap:
        heap[at:at + size] = out
    return out


def nd_table(flags):
    out = bytearray((len(flags) + 3) // 4)
    for i, f in enumerate(flags):
        out[i // 4] |= f << 2 * (i % 4)
    return bytes(out)


def class_part(c):
    if c is None:
        return u32(29) + b'\0' + u32(NO_REF) + u32(0) + u32(4) + u32(4) + u32(0) + u32(HIGH)
    heap = Heap()
    heap.put(text(c.name))
    names = b''.join(text(d) + u32(len(text(d))) for d in c.derivation)
    quals = encode_qualifiers(c.quals, heap)
    offsets, at, lookup = [], 0, b''
    for p in c.properties:
        offsets.append(at)
        at += slot_size(p.type)
    for i in sorted(range(len(c.properties)), key=lambda i: c.properties[i].name.upper()):
        p = c.properties[i]
        lookup += u32(heap.put(text(p.name)))
        lookup += u32(heap.put(struct.pack('<IHII', p.type | (INHERITED if p.inherited else 0), i, offsets[i], p.origin)))
        encode_qualifiers(p.quals, heap, True)
    flags, values = [], b''
    for p in c.properties:
        flags.append((NULL if p.default is None else 0) | (DEFAULT if p.inherited else 0))
        values += b'\xff' * slot_size(p.type) if p.default is None else encode_value(p.type, p.default, heap)
    tables = nd_table(flags) + values
    tail = u32(4 + len(names)) + names + quals + u32(len(c.properties)) + lookup + tables + heap.encode()
    return u32(13 + len(tail)) + b'\0' + u32(0) + u32(len(tables)) + tail


def methods_part(c):
    heap, out = Heap(), b''
    for m in c.methods if c else ():
        name, quals = heap.put(text(m.name)), len(heap)
        encode_qualifiers(m.quals, heap, True)
        refs = []
        for s in (m.in_, m.out):
            block = class_block(s) if s else b''
            refs.append(heap.put(u32(len(block)) + block))
        out += u32(name) + bytes([PROPAGATED if m.inherited else 0, 0, 0, 0]) + u32(m.origin) + u32(quals) + u32(refs[0]) + u32(refs[1])
    tail = u16(len(c.methods) if c else 0) + u16(0) + out + heap.encode()
    return u32(4 + len(tail)) + tail


def head(kind, decoration):
    return bytes([kind | (4 if decoration else 0)]) + (text(decoration[0]) + text(decoration[1]) if decoration else b'')


def class_block(c, parent=None, decoration=None):
    return head(1, decoration) + class_part(parent) + methods_part(parent) + class_part(c) + methods_part(c)


def instance_tail(c, values):
    heap, flags, slots = Heap(text(c.name)), [], b''
    for p, v in zip(c.properties, values):
        flags.append(NULL if v is None else 0)
        slots += bytes(slot_size(p.type)) if v is None else encode_value(p.type, v, heap)
    body = b'\0' + u32(0) + nd_table(flags) + slots + u32(4) + b'\1' + heap.encode()
    return u32(4 + len(body)) + body


def instance_block(c, values, decoration=None):
    return head(2, decoration) + class_part(c) + instance_tail(c, values)


def unit(block):
    return u32(0x12345678) + u32(len(block)) + block


# ---- the schema ----

def mof_value(literal):
    """type and value of a qualifier: ('string', 'a') ..."""
    kind, value = literal
    if kind == 'array':
        items = [mof_value(i) for i in value]
        return (items[0][0] if items else T['string']) | ARRAY, [v for _, v in items]
    if kind == 'string':
        return T['string'], value
    if kind == 'word':
        return T['boolean'], value == 'TRUE'
    return (T['real64'] if isinstance(value, float) else T['sint32']), value


def chain(c):
    return (chain(c.super) if c.super else []) + [c]


class Schema:
    def __init__(self, classes):
        self.classes = classes
        self.by_name = {c.name.lower(): c for c in classes}

    def type_of(self, p):
        """CIM type, CIMTYPE and the class of embedded objects."""
        word = p.type.text
        array = ARRAY if p.array else 0
        if getattr(p, 'ref', False):
            return T['reference'], 'ref:' + word, None
        if word.lower() in T:
            return T[word.lower()] | array, word.lower(), None
        return T['object'] | array, 'object:' + word, word

    def qualifiers(self, quals, otherwise, inherited, amended):
        for name, literal in quals:
            flavor = FLAVORS.get(name.lower(), otherwise)
            if flavor is None or (flavor & AMENDED and not amended) or (inherited and not flavor & TO_DERIVED):
                continue
            type_, value = mof_value(literal)
            yield Qualifier(name, value, type_, flavor | (PROPAGATED if inherited else 0))

    def property(self, c, owner, p, amended):
        type_, cimtype, embedded = self.type_of(p)
        inherited = owner is not c
        quals = [Qualifier('CIMTYPE', cimtype, T['string'], TO_INSTANCE | TO_DERIVED | (PROPAGATED if inherited else 0))]
        quals += self.qualifiers(p.quals, TO_DERIVED, inherited, amended)
        default = mof_value(p.default)[1] if p.default else None
        return Property(p.name, type_, quals, default, inherited, chain(c).index(owner), p.flag('nooffset'), embedded)

    def parameters(self, m, way):
        out = []
        for i, p in enumerate(m.parameters):
            if not p.flag(way):
                continue
            type_, cimtype, embedded = self.type_of(p)
            quals = [Qualifier('CIMTYPE', cimtype, T['string'], TO_INSTANCE | TO_DERIVED), Qualifier(way)]
            quals += [Qualifier('optional')] if p.flag('optional') else []
            quals.append(Qualifier('ID', i, T['sint32'], TO_INSTANCE | FIXED))
            out.append(Property(p.name, type_, quals, embedded=embedded))
        if way == 'out':
            word = m.type.text.lower()
            out.append(Property('ReturnValue', T[word],
                                [Qualifier('CIMTYPE', word, T['string'], TO_INSTANCE | TO_DERIVED), Qualifier('out')]))
        return Class('__PARAMETERS', out, [Qualifier('abstract')]) if out else None

    def method(self, c, owner, m, amended):
        inherited = owner is not c
        flavor = TO_DERIVED | (PROPAGATED if inherited else 0)
        quals = [Qualifier('implemented', flavor=flavor)]
        quals += [Qualifier('static', flavor=flavor)] if m.flag('static') else []
        if amended and m.text('description'):
            quals.append(Qualifier('Description', m.text('description'), T['string'], flavor | AMENDED))
        return Method(m.name, quals, self.parameters(m, 'in'), self.parameters(m, 'out'), inherited, chain(c).index(owner))

    def encodable(self, c, amended=False):
        quals = list(self.qualifiers(c.quals, 0, False, amended))
        if not c.flag('association') and any(s.flag('association') for s in chain(c)):
            quals.append(Qualifier('association', flavor=FLAVORS['association'] | PROPAGATED))
        if c.text('view'):
            quals.append(Qualifier('dynamic', flavor=TO_INSTANCE))
            quals.append(Qualifier('provider', 'ExtnProv', T['string'], TO_INSTANCE))
        return Class(c.name, [self.property(c, o, p, amended) for o, p in c.all('properties')], quals,
                     [s.name for s in reversed(chain(c)[:-1])], [self.method(c, o, m, amended) for o, m in c.all('methods')])

    # ---- the values of wmio_print ----

    def concrete(self, name):
        base = self.by_name[(name or 'SMS_OS_Details').lower()]
        return next((c for c in self.classes if not c.flag('abstract') and base in chain(c)), base)

    def item(self, p, k, j):
        n = (7 * k + 3 * j) % 100 + 1
        base = p.type & 0xff
        name = next(t for t, v in T.items() if v == base)
        if name == 'object':
            c = self.encodable(self.concrete(p.embedded))
            return instance_block(c, [q.default for q in c.properties])
        if name == 'datetime':
            at = datetime(1970, 1, 1) + timedelta(seconds=1795395723 + n)
            return at.strftime('%Y%m%d%H%M%S.000000') + ('+***' if p.no_offset else '+000')
        return {'string': ('text %d', 't\xe9xt %d', '\u65e5 %d')[n % 3] % n if name == 'string' else None,
                'reference': 'SMS_Package.PackageID="P01%05d"' % n, 'boolean': bool(n % 2), 'real32': n + 0.5,
                'real64': n + 0.25}.get(name, -n if name.startswith('sint') else n)

    def sample(self, p, k):
        if k % 5 == 4:
            return None
        return [self.item(p, k, j) for j in range(k % 3)] if p.type & ARRAY else self.item(p, k, 0)
