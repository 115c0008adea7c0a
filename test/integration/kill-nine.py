#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of each program, ten times over, in the middle of one large transfer.

It finishes; the last leg carries exactly the bytes the DP did not hold when it
began; Installed was never shown before it was true; verify agrees; the tree read
back from the DP is the source.

    kill-nine.py [MIB]      size of the file; default 768
"""
import filecmp
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, kill_and_restart  # noqa: E402

MIB = 1 << 20
KILLS = 10


def source_of(folder, size):
    """One large file of noise and some small ones, so that both kinds are under way."""
    os.makedirs(f'{folder}/small')
    rand = random.Random(4)
    with open(f'{folder}/large.bin', 'wb') as out:
        for _ in range(size // MIB):
            out.write(rand.randbytes(MIB))
    for number in range(300):
        with open(f'{folder}/small/{number}', 'wb') as out:
            out.write(rand.randbytes(rand.randrange(20000)))
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(folder) for name in names)


def patiently(function):
    """What a client does while the site server is being restarted."""
    for _ in range(400):
        try:
            return function()
        except (OSError, RuntimeError):
            time.sleep(.05)
    raise RuntimeError('the site server did not come back')


def main():
    size = int(sys.argv[1]) * MIB if len(sys.argv) > 1 else 768 * MIB
    work = tempfile.mkdtemp(prefix='tallyman-kill-')
    total = source_of(f'{work}/source', size)
    site = Site(f'{work}/site', 1)
    try:
        package = site.create_package('Large', f'{work}/source')
        site.wait_stored(package, 1)
        dp = site.dps()[0]
        site.method('Distribute', PackageIDs=[package], DPs=[dp])

        kills = 0
        while kills < 2 * KILLS:
            time.sleep(.04 + .05 * (kills % 3))
            state = patiently(lambda: site.get('TM_DistributionCondition'))[0]
            if state['State'] == 0:
                break
            server, dps = site.pids()
            victim = server if kills % 2 == 0 else dps[0]
            kill_and_restart(victim, f'{work}/restarted.log')
            kills += 1
        print(f'{kills} kills while it was under way', flush=True)

        for _ in range(1200):
            condition = patiently(lambda: site.get('TM_DistributionCondition'))[0]
            if condition['State'] == 0:
                break
            time.sleep(.1)
        assert condition['State'] == 0, condition
        assert kills >= KILLS, f'only {kills} kills fitted in: make the file larger'

        received, reused = condition['BytesReceived'], condition['BytesReused']
        print(f'last leg: {received} bytes received, {reused} held before, {total} in all')
        assert received + reused == total, (received, reused, total)
        assert reused > 0, 'nothing was kept over the kills'

        root = site.get('SMS_PackageStatusRootSummarizer')[0]
        assert (root['Targeted'], root['Installed'], root['Retrying'], root['Failed']) == (1, 1, 0, 0), root
        differences = site.method('Verify', Deep=True).get('Differences') or []
        assert not differences, differences

        server, dps = site.pids()
        argv = open(f'/proc/{dps[0]}/cmdline', 'rb').read().split(b'\0')
        data = next(argv[i + 1] for i, word in enumerate(argv) if word == b'--data').decode()
        program = os.readlink(f'/proc/{dps[0]}/exe')
        os.kill(dps[0], 15)
        while os.path.exists(f'/proc/{dps[0]}') and 'Z' not in open(f'/proc/{dps[0]}/stat').read().rsplit(')', 1)[1][:3]:
            time.sleep(.02)
        subprocess.run([program, '--data', data, 'extract', package, f'{work}/back'], check=True)
        compare = filecmp.dircmp(f'{work}/source', f'{work}/back')
        assert not compare.left_only and not compare.right_only, (compare.left_only, compare.right_only)
        assert filecmp.cmp(f'{work}/source/large.bin', f'{work}/back/large.bin', shallow=False)
        names = os.listdir(f'{work}/source/small')
        same, different, odd = filecmp.cmpfiles(f'{work}/source/small', f'{work}/back/small', names, shallow=False)
        assert len(same) == len(names), (different, odd)
    finally:
        site.stop()
    subprocess.run(['rm', '-rf', work], check=True)
    print('ok')


if __name__ == '__main__':
    main()
