#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Orders of every kind at random while the programs are killed at random; then everything must agree.

Updates, distributions, redistributions, validations, removals and cancellations of a dozen packages go to three
DPs, and every few hundred milliseconds the site server or a DP dies by kill -9 and is started again.  When the
storm is over all packages are distributed everywhere: they get there, counters and inventories agree, and the
files read back from each DP are those of the sources.

    storm.py [SEED [KILLS]]
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, kill_and_restart, wait_gone  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD', f'{HERE}/../../build')
SETTINGS = ('retry_delay=1s', 'library_keep_versions=0', 'gc_interval=1s', 'audit_interval=2s', 'dp_offline_grace=2s',
            'max_packages=6')
N_PACKAGES, N_FILES = 12, 30
failures = 0


def check(name, good, seen=''):
    global failures
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    failures += not good


def write_file(rand, folder, most):
    with open(f'{folder}/file {rand.randrange(N_FILES)}', 'wb') as out:
        out.write(rand.randbytes(rand.randrange(most)))


def order(site, rand, packages, dps):
    """One order; False when it was refused, which is as good an answer."""
    package, source = rand.choice(packages)
    where = [rand.choice(dps)]
    kind = rand.randrange(7)
    try:
        if kind < 2:
            write_file(rand, source, 300000)
            site.update_package(package)
        elif kind == 3:
            site.method('Redistribute', PackageIDs=[package], DPs=where, FailedOnly=False)
        else:
            site.method({2: 'Distribute', 4: 'Validate', 5: 'Remove', 6: 'Cancel'}[kind], PackageIDs=[package], DPs=where)
        return True
    except (RuntimeError, OSError):
        return False


def patiently(function, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            return function()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(.02)


def storm(site, rand, packages, dps, kills):
    taken = 0
    for _ in range(kills):
        end = time.monotonic() + rand.random() * .5
        while time.monotonic() < end:
            taken += order(site, rand, packages, dps)
            time.sleep(rand.random() * .03)
        server, others = site.pids()
        pid = server if rand.random() < .6 else rand.choice(others)
        kill_and_restart(pid, f'{site.folder}/storm.log')
        patiently(lambda: site.get('SMS_Site'))
    return taken


def distribute_everywhere(site, packages, dps):
    for package, _ in packages:
        for dp in dps:
            try:
                site.method('Distribute', PackageIDs=[package], DPs=[dp])
            except RuntimeError:
                pass                    # it is assigned
    site.method('Redistribute', FailedOnly=True)


def settled(site, n):
    rows = site.get('SMS_PackageStatusRootSummarizer')
    return len(rows) == n and all(row['Targeted'] == row['Installed'] == 3 for row in rows)


def same(left, right):
    return subprocess.run(['diff', '-r', left, right], stdout=subprocess.DEVNULL).returncode == 0


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 30)
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 25
    rand = random.Random(seed)
    work = tempfile.mkdtemp(prefix='tallyman-storm-')
    site = Site(f'{work}/site', 3, SETTINGS)
    try:
        packages, dps = [], site.dps()
        for number in range(N_PACKAGES):
            source = f'{work}/source{number}'
            os.makedirs(source)
            for _ in range(N_FILES):
                write_file(rand, source, 60000)
            packages.append((site.create_package(f'Storm {number}', source), source))
        taken = storm(site, rand, packages, dps, kills)
        print(f'# seed {seed}: {taken} orders taken, {kills} kills')
        distribute_everywhere(site, packages, dps)
        end = time.monotonic() + 60
        while not settled(site, N_PACKAGES) and time.monotonic() < end:
            time.sleep(.1)
        check('everything gets where it belongs', settled(site, N_PACKAGES), site.get('TM_DistributionCondition', 'State ne 0'))
        differences = site.method('Verify', Deep=True).get('Differences') or []
        check('counters and inventories agree', not differences, differences)
        folders = {}
        for pid in site.pids()[1]:
            words = open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0')
            folders[pid] = words[words.index(b'--data') + 1].decode()
        for pid, folder in folders.items():
            os.kill(pid, 15)
            wait_gone(pid)
            for package, source in packages:
                target = f'{work}/read-{pid}-{package}'
                out = subprocess.run([f'{BUILD}/tallyman-dp', '--data', folder, 'extract', package, target],
                                     capture_output=True, text=True)
                good = out.returncode == 0 and same(source, target)
                if not good:
                    check(f'{package} read back from {os.path.basename(folder)}', False, out.stderr)
            check(f'all files read back from {os.path.basename(folder)} are those of the sources', not failures)
    finally:
        site.stop()
    if not failures:
        shutil.rmtree(work)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
