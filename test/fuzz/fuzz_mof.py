#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fuzz_mof - damaged MOF text for the reader of schema/*.mof

usage: fuzz_mof.py MOFGEN SECONDS SEED FINDINGS FILE...

Cuts, doubles, swaps and changes characters and words of the files.  Whatever the text: mofgen ends within bounds, says
"FILE:LINE: ..." and writes nothing, or writes tables that hold what it read and, tried with some, are C.  An input that
breaks this is kept in FINDINGS.
"""
import contextlib
import hashlib
import importlib.util
import io
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../src')
WORDS = ['class', 'A', 'B', ':', '{', '}', '[', ']', '(', ')', ';', ',', '=', 'uint32', 'string', 'datetime', 'object', 'ref', 'key',
         'View', 'ValueMap', 'Values', 'Range', 'SizeLimit', 'max', 'in', 'out', 'static', 'abstract', '""', '"a\\', '"8"', '0', '-1',
         '4294967296', '0x', '1.5', 'NULL', 'TRUE', '//', '/*', '*/', '\n', '\0', '\u00e4', '\\']


def load(path):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location('mofgen', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases_of(text):
    """Its classes as texts of their own, each with its ancestors in front, so that a case stays small."""
    texts, supers = {}, {}
    for m in re.finditer(r'(?:^\[[^\n]*\]\s*)?^class (\w+)(?: : (\w+))?.*?^\};\n', text, re.S | re.M):
        texts[m[1]], supers[m[1]] = m[0], m[2]
    out = []
    for name in texts:
        case, above = texts[name], supers[name]
        while above:
            case, above = texts[above] + case, supers[above]
        out.append(case)
    return out


def damage(rand, text):
    at = rand.randrange(len(text) + 1)
    end = min(len(text), at + rand.choice([1, 2, 5, 20, 100]))
    how = rand.randrange(7)
    if how == 0:
        return text[:at] + text[end:]
    if how == 1:
        return text[:end] + text[at:end] * rand.choice([1, 2, 50]) + text[end:]
    if how == 2:
        return text[:at] + chr(rand.choice([rand.randrange(128), rand.randrange(0x250)])) + text[at + 1:]
    if how == 3:
        return text[:at] + rand.choice(WORDS) * rand.choice([1, 1, 2, 3000]) + text[at:]
    words = re.split(r'(\W)', text)
    i, k = rand.randrange(len(words)), rand.randrange(len(words))
    if how == 4:
        words[i], words[k] = words[k], words[i]
    elif how == 5:
        words[i] = words[k]
    else:
        words[i] = rand.choice(WORDS)
    return ''.join(words)


def is_c(out):
    """Whether the compiler takes the tables."""
    return subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu17', '-Werror', '-fsyntax-only', f'-I{SOURCES}', out],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def broken(mofgen, folder, data, compiled):
    """What is wrong about how mofgen takes it; None: nothing."""
    path, out = f'{folder}/in.mof', f'{folder}/out.c'
    with open(path, 'wb') as f:
        f.write(data)
    if os.path.exists(out):
        os.remove(out)
    said, begun = io.StringIO(), time.process_time()
    try:
        with contextlib.redirect_stderr(said):
            code = mofgen.main(['mofgen', out, path])
    except Exception as e:  # whatever it is, it is a finding
        return f'{type(e).__name__} at line {traceback.extract_tb(e.__traceback__)[-1].lineno}'
    if time.process_time() - begun > 5:
        return 'it takes too long'
    if code == 1 and (not re.match(re.escape(path) + r':[0-9]+: .', said.getvalue()) or os.path.exists(out)):
        return f'refused with {said.getvalue()[:100]!r}'
    if code == 0 and f'n_cim_classes = {len(mofgen.Parser(path).classes())};' not in open(out, encoding='utf-8').read():
        return 'the tables lack a class'
    if code == 0 and compiled and not is_c(out):
        return 'the tables are not C'
    return None if code in (0, 1) else f'exit code {code}'


def main():
    mofgen, seconds, rand, findings = load(sys.argv[1]), float(sys.argv[2]), random.Random(int(sys.argv[3])), sys.argv[4]
    text = ''
    for path in sys.argv[5:]:
        with open(path, encoding='utf-8') as f:
            text += f.read()
    seeds = cases_of(text)
    end, runs, found = time.monotonic() + seconds, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end or runs < 200:
            text = rand.choice(seeds)
            for _ in range(rand.choice([1, 1, 2, 4])):
                text = damage(rand, text)
            if rand.randrange(20) == 0:
                text += rand.choice(seeds)
            data = text.encode('utf-8', 'surrogatepass')
            if rand.randrange(50) == 0:
                at = rand.randrange(len(data) + 1)
                data = data[:at] + bytes([rand.randrange(128, 256)]) + data[at:]
            runs += 1
            wrong = broken(mofgen, folder, data, rand.randrange(10) == 0)
            if wrong and wrong not in found:
                found.add(wrong)
                os.makedirs(findings, exist_ok=True)
                name = f'{findings}/mof-{hashlib.sha256(data).hexdigest()[:16]}'
                with open(name, 'wb') as f:
                    f.write(data)
                print(f'{name}: {wrong}')
    print(f'{runs} inputs, {len(found)} findings')
    return len(found) > 0


if __name__ == '__main__':
    sys.exit(main())
