#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WMI objects between our encoder and impacket's reader, and between impacket's writer and our decoder.

Debian's python3-impacket knows nothing of us: what it reads of every class, instance and event must be what the MOF says,
and what its client code marshals (a spawned instance, a method's parameters) must arrive.  Its own faults are stepped
around and named.
"""
import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
PRINT = f'{BUILD}/test/lib/wmio_print'
sys.path.insert(0, f'{HERE}/../lib')
import wmio_reference as ref  # noqa: E402
from impacket.dcerpc.v5.dcom import wmi  # noqa: E402
from impacket.dcerpc.v5.dcomrt import INTERFACE, OBJREF_CUSTOM  # noqa: E402

failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


def load_schema():
    spec = importlib.util.spec_from_file_location('mofgen', f'{HERE}/../../tools/mofgen.py')
    mofgen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mofgen)
    folder = f'{HERE}/../../schema'
    paths = sorted(f'{folder}/{f}' for f in os.listdir(folder) if f.endswith('.mof'))
    return ref.Schema(mofgen.link([c for path in paths for c in mofgen.Parser(path).classes()]))


def read(octets):
    unit = wmi.ENCODING_UNIT(octets)
    unit['ObjectBlock'].parseObject()
    return unit['ObjectBlock']


# ---- what impacket reads ----

def class_faults(block, c, schema):
    """Differences between impacket's idea of a class and the MOF's."""
    got, want = block.ctCurrent, schema.encodable(c)
    names = ' : '.join([c.name] + want.derivation)
    if ' '.join(got['name'].split()) != names:
        yield f"name {got['name']} for {names}"
    if list(got['properties']) != [p.name for p in want.properties]:
        yield f"properties {list(got['properties'])}"
        return
    for p in want.properties:
        g = got['properties'][p.name]
        cimtype = p.quals[0].value
        if g['type'] & ~0x4000 != p.type or bool(g['inherited']) != p.inherited or g['qualifiers'].get('CIMTYPE') != cimtype:
            yield f'{p.name} {g}'
        if ('key' in g['qualifiers']) != any(q.name == 'key' for q in p.quals):
            yield f'{p.name} and its key'
    if list(got['methods']) != [m.name for m in want.methods]:
        yield f"methods {list(got['methods'])}"
        return
    for m in want.methods:
        g = got['methods'][m.name]
        for part, key in ((m.in_, 'InParams'), (m.out, 'OutParams')):
            if list(g[key] or []) != [p.name for p in part.properties] if part else bool(g[key]):
                yield f'{m.name} {key} {g[key]}'


def readable(p, value):
    """What impacket makes of a value; None: something else by a fault of its own."""
    base, array = p.type & 0xff, p.type & ref.ARRAY
    name = next(t for t, v in ref.T.items() if v == base)
    if array and (p.inherited and name in ('string', 'object') or name in ('datetime', 'reference')):
        return None                     # gives offsets in the heap
    if name == 'object':
        return 'objects'
    if name == 'boolean':
        return [0xffff if v else 0 for v in value] if array else str(value)
    return value


def seen(value):
    if isinstance(value, wmi.ENCODING_UNIT) or (isinstance(value, list) and value and isinstance(value[0], wmi.ENCODING_UNIT)):
        for unit in value if isinstance(value, list) else [value]:
            unit['ObjectBlock'].parseObject()
        return 'objects'
    return value


def instance_faults(block, properties, values):
    got = block.ctCurrent['values']
    if list(got) != [p.name for p in properties]:
        yield f'properties {list(got)}'
        return
    for p, v in zip(properties, values):
        g = got[p.name]['value']
        if v is None:
            if g is not None and not p.inherited:       # of inherited ones it shows the class's filling
                yield f'{p.name} {g!r} for NULL'
        elif v == [] and p.type & 0xff == ref.T['object']:
            continue
        elif readable(p, v) is not None and seen(g) != readable(p, v):
            yield f'{p.name} {seen(g)!r} for {v!r}'


def read_everything(printed, schema):
    faults, n = [], 0
    for c in schema.classes:
        plain = schema.encodable(c)
        values = [schema.sample(p, k) for k, p in enumerate(plain.properties)]
        for kind in ('class', 'amended'):
            faults += [f'{kind} {c.name}: {f}' for f in class_faults(read(printed[kind, c.name]), c, schema)]
        for kind, row in (('instance', values), ('nulls', [None] * len(values))):
            block = read(printed[kind, c.name])
            faults += [f'{kind} {c.name}: {f}' for f in instance_faults(block, plain.properties, row)]
            decoration = block['Decoration']
            if (decoration['DecServerName']['Character'], decoration['DecNamespaceName']['Character']) != ref.SITE:
                faults.append(f'{c.name}: decoration')
        n += 4
    check(f'impacket reads {len(schema.classes)} classes and {n} objects as the MOF has them', not faults, faults[:8])


def read_parameters(printed, schema):
    faults, n = [], 0
    for c in schema.classes:
        for _, m in c.all('methods'):
            for way, kind in (('in', 'arguments'), ('out', 'results')):
                part = schema.parameters(m, way)
                if not part:
                    continue
                at = {p.name: k for k, p in enumerate(m.parameters)}
                values = [schema.sample(p, at[p.name]) if p.name in at else 0 for p in part.properties]
                block = read(printed[kind, f'{c.name}.{m.name}'])
                faults += [f'{c.name}.{m.name} {kind}: {f}' for f in instance_faults(block, part.properties, values)]
                n += 1
    check(f'impacket reads {n} objects of parameters', not faults and n > 50, faults[:8])


def read_types(printed, schema):
    """Every type, and every type as an array; a single real that is not NULL makes impacket raise TypeError."""
    try:
        read(printed['types', 'TypesOfAll'])
        check('impacket has learnt to read reals: read them here too', False)
    except TypeError:
        pass
    kinds = ['sint8', 'uint8', 'sint16', 'uint16', 'sint32', 'uint32', 'sint64', 'uint64', 'real32', 'real64', 'boolean',
             'string', 'datetime', 'reference', 'char16', 'object']
    properties, values = [], []
    for k in range(2 * len(kinds)):
        array = k >= len(kinds)
        kind = kinds[k % len(kinds)]
        if kind in ('real32', 'real64') and not array:
            continue
        word = 'ref' if kind == 'reference' else kind
        p = ref.Property(f"{word}_{'s' if array else 'one'}", ref.T[kind] | (ref.ARRAY if array else 0), [])
        properties.append(p)
        values.append([schema.item(p, k, 0), schema.item(p, k, 1)] if array else schema.item(p, k, 0))
    faults = list(instance_faults(read(printed['types-but-reals', 'TypesOfAll']), properties, values))
    check(f'impacket reads {len(properties)} of the 32 types', not faults, faults)


def read_events(printed, schema):
    row_class = schema.by_name['sms_packagestatusrootsummarizer']
    plain = schema.encodable(row_class)
    row = [schema.sample(p, k) for k, p in enumerate(plain.properties)]
    faults = []
    for name, parts in (('__InstanceCreationEvent', ['TargetInstance']),
                        ('__InstanceModificationEvent', ['TargetInstance', 'PreviousInstance'])):
        values = read(printed['event', name]).ctCurrent['values']
        for part in parts:
            inner = values[part]['value']['ObjectBlock']
            inner.parseObject()
            faults += [f'{name}.{part}: {f}' for f in instance_faults(inner, plain.properties, row)]
    join = read(printed['join', '__Generic']).ctCurrent['values']
    join['s']['value']['ObjectBlock'].parseObject()
    faults += [f'join: {f}' for f in instance_faults(join['s']['value']['ObjectBlock'], plain.properties, row)]
    if list(join) != ['p', 's', 'Count'] or join['Count']['value'] != 42:
        faults.append(f'join: {list(join)}')
    only = read(printed['list', row_class.name]).ctCurrent['values']
    if list(only) != ['PackageID', 'Targeted'] or list(read(printed['prototype', row_class.name]).ctCurrent['properties']) != list(only):
        faults.append(f'list: {list(only)}')
    check('impacket reads events, a join and a list of properties', not faults, faults)


# ---- what impacket writes ----

class Services:
    """Takes what impacket would have sent."""

    def __init__(self):
        self.sent = None

    def ExecMethod(self, path, method, pInParams=None):  # noqa: N802, N803: impacket's words
        self.sent = (path, method, pInParams)


def client_object(octets):
    """impacket's IWbemClassObject around octets of ours, as an answer would make it."""
    custom = OBJREF_CUSTOM()
    custom['iid'] = wmi.IID_IWbemClassObject
    custom['clsid'] = wmi.CLSID_WbemClassObject
    custom['cbExtension'] = 0
    custom['ObjectReferenceSize'] = len(octets)
    custom['pObjectData'] = octets
    services = Services()
    return wmi.IWbemClassObject(INTERFACE(None, custom.getData(), None, target='site'), services), services


def decode(kind, name, octets):
    line = f'{kind} {name} {octets.hex()}\n'
    out = subprocess.run([PRINT, 'decode'], input=line, stdout=subprocess.PIPE, check=True, text=True).stdout
    if out.startswith('error: '):
        return None, out
    return out.split(' ', 1)[0], json.loads(out.split(' ', 1)[1])


def marshalled(thing):
    """The EncodingUnit in what impacket would send; it says every property on the way."""
    data = thing['pObjectData']
    return data if isinstance(data, bytes) else data.getData()


def write_an_instance(printed):
    thing, _ = client_object(printed['class', 'SMS_Package'])
    with contextlib.redirect_stdout(io.StringIO()):
        spawned = thing.SpawnInstance()
        for name, p in spawned.getProperties().items():
            setattr(spawned, name, '' if p['stype'] in ('string', 'datetime') and not p['type'] & ref.ARRAY else None)
        spawned.Name = 'By impacket'
        spawned.Priority = 2
        spawned.PkgSourcePath = '/srv/source'
        octets = marshalled(spawned.marshalMe())
    name, values = decode('instance', '-', octets)
    # The bits of NULL and of the class's default are the wrong way round there, so NULL comes as what the class says.
    check('an instance that impacket spawned and marshalled arrives', name == 'SMS_Package' and
          values == {'Name': 'By impacket', 'Priority': 2, 'PkgSourcePath': '/srv/source'}, (name, values))


def write_parameters(printed):
    thing, services = client_object(printed['class', 'TM_Site'])
    # it fills the table of two bits by the count of arguments, and knows no NULL
    thing.SetMaintenance('dp01.contoso.com', True)
    path, method, objref = services.sent
    name, values = decode('arguments', f'{path}.{method}', marshalled(objref))
    check('parameters that impacket marshalled arrive', name == 'TM_Site.SetMaintenance' and
          (values['Name'], values['On']) == ('dp01.contoso.com', True), (name, values))
    thing.Redistribute(['P0100001', '\u65e5'], ['a'], True)
    path, method, objref = services.sent
    name, values = decode('arguments', f'{path}.{method}', marshalled(objref))
    check('arrays of text that impacket marshalled arrive', name == 'TM_Site.Redistribute' and
          (values['PackageIDs'], values['DPs'], values['FailedOnly']) == (['P0100001', '\u65e5'], ['a'], True), (name, values))


def main():
    schema = load_schema()
    printed = {}
    for line in subprocess.run([PRINT], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines():
        kind, name, octets = line.split()
        printed[kind, name] = bytes.fromhex(octets)
    read_everything(printed, schema)
    read_parameters(printed, schema)
    read_types(printed, schema)
    read_events(printed, schema)
    write_an_instance(printed)
    write_parameters(printed)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
