#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mofgen: what it refuses, and that its tables printed as MOF give the same tables again.

usage: test_mofgen.py MOFGEN PRINT_MOF CLASSES.gen.c
"""
import contextlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile

MOFGEN, PRINT_MOF, GENERATED = sys.argv[1:4]

# text, line of the error, words in it
BAD = [
    ('class A { }', 1, 'expected ;'),
    ('class A\n{\n        uint33 X;\n};', 3, 'neither a CIM type nor an embedded class'),
    ('class A { uint32 X; uint8 x; };', 1, 'was declared at'),
    ('class A : B { };', 1, 'super-class B is not declared'),
    ('class A : B { }; class B : A { };', 1, 'its own ancestor'),
    ('class A { };\nclass a { };', 2, 'was declared at'),
    ('[nonsense]\nclass A { };', 1, 'qualifier nonsense is unknown'),
    ('[key]\nclass A { };', 1, 'qualifier key is unknown here'),
    ('class A { [static] uint32 X; };', 1, 'does not belong on a property'),
    ('class A { [key] uint32 M(); };', 1, 'does not belong on a method'),
    ('class A { [key, key] uint32 X; };', 1, 'twice'),
    ('class A { [key] uint32 X[]; };', 1, 'a key is a plain value'),
    ('class A { [lazy, key] uint32 X; };', 1, 'a key is a plain value'),
    ('class A { [ValueMap{"1"}] uint32 X; };', 1, 'must go in parallel'),
    ('class A { [ValueMap{"1"}, Values{"A", "B"}] uint32 X; };', 1, 'must go in parallel'),
    ('class A { [ValueMap{"x"}, Values{"A"}] uint32 X; };', 1, 'wants numbers'),
    ('class A { [SizeLimit("8")] uint32 X; };', 1, 'SizeLimit'),
    ('class A { [Range("8")] uint32 X; };', 1, 'Range'),
    ('class A { uint8 X = 256; };', 1, 'default does not fit'),
    ('class A { sint8 X = -129; };', 1, 'default does not fit'),
    ('class A { boolean X = 1; };', 1, 'default does not fit'),
    ('class A { datetime X = "yesterday"; };', 1, 'default does not fit'),
    ('class A { uint32 M(uint32 X); };', 1, 'neither in nor out'),
    ('[View("A")] class A { uint32 X; };', 1, 'must have a key'),
    ('[abstract, View("A")] class A { [key] uint32 X; };', 1, 'must have a key and not be abstract'),
    ('// one\n/* two\n three */ class A { string X = "open; };', 3, 'unexpected character'),
    ('class A { [Description("a" 3)] uint32 X; };', 1, 'expected )'),
    ('class A { [Description(5)] uint32 X; };', 1, 'description wants a string'),
    ('[Description{"a"}] class A { };', 1, 'description wants a string'),
    ('class A { [Description(TRUE)] uint32 M(); };', 1, 'description wants a string'),
    ('class A { [max("x")] uint32 X[]; };', 1, 'max wants a number'),
    ('class A { [max(4294967296)] uint32 X[]; };', 1, 'max wants a number'),
    ('class A { [max(5)] uint32 X; };', 1, 'max wants a number, on an array'),
    ('class A { uint32 X = 0080; };', 1, 'unexpected character'),
    ('class A { uint32 X = ' + 5000 * '9' + '; };', 1, 'unexpected character'),
    ('class A\n{ string X = "a\x01"; };', 2, 'unexpected character'),
    ('class A { string X = ' + 5000 * '{' + '; };', 1, 'expected a value'),
    ('class A0 { };' + ''.join(f'class A{i + 1} : A{i} {{ }};' for i in range(40)), 1, 'more than 32 ancestors'),
]


def load():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location('mofgen', MOFGEN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(mofgen, *args):
    """Exit code and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = mofgen.main(['mofgen', *args])
    return code, said.getvalue()


def main():
    failures, mofgen = 0, load()
    with tempfile.TemporaryDirectory() as d:
        out, mof = os.path.join(d, 'out.c'), os.path.join(d, 'in.mof')
        for text, line, words in BAD:
            with open(mof, 'w', encoding='utf-8') as f:
                f.write(text)
            code, said = run(mofgen, out, mof)
            if code != 1 or not said.startswith(f'{mof}:{line}: ') or words not in said or os.path.exists(out):
                failures += 1
                print(f'not refused as it should be: {text!r}\n  {code} {said.strip()}')
        with open(mof, 'w', encoding='utf-8') as f:
            subprocess.run([PRINT_MOF], stdout=f, check=True)
        code, said = run(mofgen, out, mof)
        if code != 0:
            failures += 1
            print(f'the printed classes do not parse: {said.strip()}')
        else:
            with open(out, encoding='utf-8') as a, open(GENERATED, encoding='utf-8') as b:
                if a.read() != b.read():
                    failures += 1
                    print('the printed classes are not the classes that were printed')
    print(f'{len(BAD) + 1 - failures} passed, {failures} failed')
    return failures > 0


if __name__ == '__main__':
    sys.exit(main())
