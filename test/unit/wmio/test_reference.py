#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The encoder's octets of every class, instance and parameter object are those of a second implementation.

    test_reference.py wmio_print MOFGEN.PY FILE.mof...
"""
import importlib.util
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'lib'))
import wmio_reference as ref  # noqa: E402


def load_schema(mofgen_path, mofs):
    spec = importlib.util.spec_from_file_location('mofgen', mofgen_path)
    mofgen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mofgen)
    return ref.Schema(mofgen.link([c for path in mofs for c in mofgen.Parser(path).classes()]))


def expected(schema):
    """(kind, name) -> octets, of all that is of one class alone."""
    for c in schema.classes:
        plain, amended = schema.encodable(c), schema.encodable(c, True)
        parents = (schema.encodable(c.super), schema.encodable(c.super, True)) if c.super else (None, None)
        yield 'class', c.name, ref.class_block(plain, parents[0], ref.SITE)
        yield 'amended', c.name, ref.class_block(amended, parents[1], ref.SITE)
        yield 'instance', c.name, ref.instance_block(plain, [schema.sample(p, k) for k, p in enumerate(plain.properties)], ref.SITE)
        yield 'nulls', c.name, ref.instance_block(plain, [None] * len(plain.properties), ref.SITE)
        for _, m in c.all('methods'):
            for way, kind in (('in', 'arguments'), ('out', 'results')):
                of = schema.parameters(m, way) or ref.Class('__PARAMETERS', [], [ref.Qualifier('abstract')])
                at = {p.name: k for k, p in enumerate(m.parameters)}
                values = [schema.sample(p, at[p.name]) if p.name in at else 0 for p in of.properties]
                yield kind, f'{c.name}.{m.name}', ref.instance_block(of, values)


def main():
    printed = {}
    for line in subprocess.run([sys.argv[1]], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines():
        kind, name, octets = line.split()
        printed[kind, name] = bytes.fromhex(octets)
    faults = count = 0
    for kind, name, block in expected(load_schema(sys.argv[2], sys.argv[3:])):
        mine, count = ref.unit(block), count + 1
        theirs = printed.get((kind, name), b'')
        if mine != theirs:
            at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
            print(f'not ok - {kind} {name}: {len(theirs)} octets for {len(mine)}, the first other one at {at}:'
                  f' {theirs[at:at + 16].hex()} for {mine[at:at + 16].hex()}')
            faults += 1
    print(f'{"not " if faults else ""}ok - {count} objects, {faults} with other octets')
    return 1 if faults or count < 300 else 0


if __name__ == '__main__':
    sys.exit(main())
