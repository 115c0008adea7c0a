#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workloads for the benchmarks: deterministic, given this machine's /usr.

A   many small files, picked from /usr in the order of a hash of their names
A2  A with 2 % of the files changed, 1 % moved, 1 % added, 1 % deleted
B   one big file
"""
import hashlib
import os
import random
import shutil

MAX_FILE = 4 << 20


def candidates(top):
    for root, folders, files in os.walk(top):
        folders.sort()
        for name in files:
            path = os.path.join(root, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            if os.path.isfile(path) and not os.path.islink(path) and 0 < status.st_size <= MAX_FILE:
                yield hashlib.sha1(path.encode('utf8', 'surrogateescape')).digest(), path, status.st_size


def small_files(target, count, mean=19000):
    """count files of about mean bytes on average under target."""
    if os.path.exists(target):
        return
    picked, spare, total = [], [], 0
    for key, path, size in sorted(candidates('/usr/share')) + sorted(candidates('/usr/lib')):
        if len(picked) < count and total + size <= mean * (len(picked) + 400):
            picked.append(path)
            total += size
        else:
            spare.append(path)
        if len(picked) == count and len(spare) > count // 50:
            break
    for path in picked:
        copy = target + path
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(path, copy)
    with open(target + '.spare', 'w', errors='surrogateescape') as out:
        out.write('\n'.join(spare[:count // 50]))


def successor(source, target):
    """A2: what a week of work does to A."""
    if os.path.exists(target):
        return
    shutil.copytree(source, target, symlinks=True)
    rand = random.Random(1)
    files = sorted(os.path.join(root, name) for root, _, names in os.walk(target) for name in names)
    rand.shuffle(files)
    share = max(1, len(files) // 100)
    for path in files[:2 * share]:
        with open(path, 'r+b') as out:
            out.seek(rand.randrange(os.path.getsize(path)))
            out.write(rand.randbytes(64))
    for number, path in enumerate(files[2 * share:3 * share]):
        os.makedirs(target + '/moved', exist_ok=True)
        os.rename(path, f'{target}/moved/{number}')
    for path in files[3 * share:4 * share]:
        os.unlink(path)
    with open(source + '.spare', errors='surrogateescape') as spare:
        for number, path in enumerate(spare.read().splitlines()[:share]):
            os.makedirs(target + '/added', exist_ok=True)
            shutil.copyfile(path, f'{target}/added/{number}')


def big_file(target, size):
    """Half noise, half text-like, so that neither compression nor dedupe flatters."""
    if os.path.exists(target):
        return
    os.makedirs(target)
    rand = random.Random(2)
    with open(f'{target}/image.bin', 'wb') as out:
        while out.tell() < size:
            out.write(rand.randbytes(1 << 20))
            out.write((b'%d the quick brown fox ' % out.tell() * 45000)[:1 << 20])


def tree_size(top):
    total = count = 0
    for root, _, names in os.walk(top):
        for name in names:
            total += os.lstat(os.path.join(root, name)).st_size
            count += 1
    return count, total
