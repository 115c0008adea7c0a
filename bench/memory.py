#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resident memory of both daemons while a 5 GiB file travels, on a site of 10,000 packages and 500 DPs.

    bench/memory.py [--packages N] [--dps N] [--size MIB] [--work DIR]

Peaks are VmHWM as the kernel counts it: shared library pages included.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../test/lib'))
import workload  # noqa: E402
from tallysite import Site, resident_bytes  # noqa: E402

MIB = 1 << 20


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument('--packages', type=int, default=10000)
    arguments.add_argument('--dps', type=int, default=500)
    arguments.add_argument('--size', type=int, default=5120, help='MiB of the file that travels')
    arguments.add_argument('--work')
    options = arguments.parse_args()
    work = options.work or tempfile.mkdtemp(prefix='tallyman-bench-')
    os.makedirs(work, exist_ok=True)
    workload.big_file(f'{work}/big', options.size * MIB)
    site = Site(f'{work}/site', 1)
    try:
        real, code = site.dps()[0], site.settings['TALLYMAN_SITE'].strip("'\"")
        start = time.monotonic()
        for number in range(options.dps - 1):
            site.method('AddDistributionPoint', Name=f'DP{number:04}.example.com', SiteCode=code, Url='')
        for number in range(options.packages - 1):
            site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': f'Package {number}', 'PkgSourceFlag': 1})
        print(f'{options.packages} packages and {options.dps} DPs created in {time.monotonic() - start:.1f} s')
        package = site.create_package('big', f'{work}/big')
        site.wait_stored(package, 1)
        site.method('Distribute', PackageIDs=[package], DPs=[real])
        site.wait_installed(package, 1)
        server, dps = site.pids()
        for name, pid, limit in (('tallymand', server, 100), ('tallyman-dp', dps[0], 20)):
            peak, now = resident_bytes(pid, peak=True) / MIB, resident_bytes(pid) / MIB
            print(f'{name}: peak {peak:.1f} MiB, now {now:.1f} MiB (limit {limit})')
    finally:
        site.stop()
        if not options.work:
            shutil.rmtree(work)


if __name__ == '__main__':
    main()
