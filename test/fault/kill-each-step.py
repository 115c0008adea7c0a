#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of either side at every persisted step of a distribution.

A persisted step is a system call that makes something survive: fdatasync, fsync,
rename.  strace kills the program at the K-th of them; it is started again
without strace and must finish.  K goes up until the program gets through alive.
After each: Installed = Targeted, verify agrees, nothing was lost that had been
acknowledged.

    kill-each-step.py [STEPS]      at most so many steps a side; default 15
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, wait_gone  # noqa: E402

CALLS = 'fdatasync,fsync,rename,renameat,renameat2'


def command_of(pid):
    return open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0')[:-1], os.readlink(f'/proc/{pid}/exe'), os.readlink(f'/proc/{pid}/cwd')


def run(argv, folder, log):
    with open(log, 'ab') as out:
        return subprocess.Popen(argv, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def killed_at(argv, program, folder, step, log):
    """The same program, which dies at its step-th persisted step."""
    return run(['strace', '-f', '-qq', '-e', f'trace={CALLS}', '-e', f'inject={CALLS}:signal=KILL:when={step}', '-o', '/dev/null',
                '-E', 'ASAN_OPTIONS=detect_leaks=0', program] + argv[1:], folder, log)


def patiently(function, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return function()
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(.05)


def order(site, packages, dp, source, seconds=60):
    """One package more, one version more of the last, both for the DP: snapshot, transfer, report, replacement."""
    rand = random.Random(len(packages))
    folder = f'{source}/{len(packages)}'
    os.makedirs(folder)
    for number in range(5):
        with open(f'{folder}/{number}', 'wb') as out:
            out.write(rand.randbytes(rand.randrange(1, 200000)))
    package = patiently(lambda: site.create_package(f'Package {len(packages)}', folder), seconds)
    patiently(lambda: site.method('Distribute', PackageIDs=[package], DPs=[dp]), seconds)
    if packages:
        with open(f'{source}/{len(packages) - 1}/more', 'wb') as out:
            out.write(rand.randbytes(50000))
        patiently(lambda: site.update_package(packages[-1]), seconds)
    packages.append(package)


def settled(site, packages):
    rows = {row['PackageID']: row for row in site.get('SMS_PackageStatusRootSummarizer')}
    return all(package in rows and rows[package]['Targeted'] == rows[package]['Installed'] == 1 for package in packages)


def verified(site):
    """Differences, once the DP has found its site again."""
    for _ in range(300):
        differences = patiently(lambda: site.method('Verify', Deep=True)).get('Differences') or []
        if not any(text.startswith('DpSilent') for text in differences):
            break
        time.sleep(.2)
    return differences


def sweep(site, which, packages, dp, source, steps):
    """Returns how many kills there were."""
    for step in range(1, steps + 1):
        server, dps = site.pids()
        pid = server if which == 'tallymand' else dps[0]
        argv, program, folder = command_of(pid)
        log = f'{source}/{which}.log'
        os.kill(pid, signal.SIGTERM)
        wait_gone(pid)
        tracer = killed_at(argv, program, folder, step, log)
        order(site, packages, dp, source) if which != 'tallymand' else try_order(site, packages, dp, source)
        end = time.monotonic() + 20
        while tracer.poll() is None and time.monotonic() < end:
            if patiently_settled(site, packages):
                break
            time.sleep(.05)
        alive = tracer.poll() is None
        if alive:
            for victim in site.pids()[0 if which == 'tallymand' else 1:][:1]:
                os.kill(victim if isinstance(victim, int) else victim[0], signal.SIGTERM)
            tracer.wait()
        run([program] + argv[1:], folder, log)
        for _ in range(600):
            if patiently_settled(site, packages):
                break
            time.sleep(.05)
        assert patiently(lambda: settled(site, packages)), (which, step, site.get('TM_DistributionCondition'))
        differences = verified(site)
        assert not differences, (which, step, differences)
        if alive:
            return step - 1
    return steps


def patiently_settled(site, packages):
    try:
        return settled(site, packages)
    except (OSError, RuntimeError):
        return False


def try_order(site, packages, dp, source):
    """The site may die under the order itself: what was acknowledged counts, and only that."""
    before = len(packages)
    try:
        order(site, packages, dp, source, seconds=2)
    except (OSError, RuntimeError):
        assert len(packages) == before
        shutil.rmtree(f'{source}/{before}', ignore_errors=True)


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    work = tempfile.mkdtemp(prefix='tallyman-step-')
    site = Site(f'{work}/site', 1)
    packages = []
    try:
        dp = site.dps()[0]
        order(site, packages, dp, work)
        site.wait_installed(packages[0], 1)
        for which in ('tallyman-dp', 'tallymand'):
            kills = sweep(site, which, packages, dp, work, steps)
            print(f'ok - {which} killed at each of {kills} persisted steps; {len(packages)} packages are where they should be', flush=True)
    finally:
        site.stop()
    shutil.rmtree(work)


if __name__ == '__main__':
    main()
