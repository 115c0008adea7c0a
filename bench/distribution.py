#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Distribution side by side with rsync and cp: publish, first copy to 1 and 8 DPs, no-op, small update.

    bench/distribution.py [--quick] [--runs N] [--tls] [--work DIR]

Everything happens on one fresh ext4 image when root can mount one (a file system
that has just deleted many files creates new ones slowly, which would measure the
file system); with --folder in a plain folder, without the loop device's own cost.  Tallyman runs with all its verification and fsyncs; rsync has
neither, so its rows also state the time of a following sync: "x rsync" compares
with its wall alone, "x synced" with what it takes until its copy is as durable as
ours.  CPU is that of servers and receivers apart; "x CPU" compares their sums, "x server"
the servers'.  Judge by ratios within one run.

Before each step memory is touched and given back: a virtual machine that returns free
pages to its host takes up to 4 s a GiB to get them again, which would be charged to
whoever comes after somebody else filled the page cache.
"""
import argparse
import mmap
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../test/lib'))
import workload  # noqa: E402
from tallysite import Site, cpu_seconds  # noqa: E402

MIB = 1 << 20
MADV_POPULATE_WRITE = 23


def warm_memory():
    """Pages the page cache can have without asking the host."""
    available = next(int(line.split()[1]) for line in open('/proc/meminfo') if line.startswith('MemAvailable')) * 1024
    with mmap.mmap(-1, min(6 << 30, available // 2), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        try:
            memory.madvise(MADV_POPULATE_WRITE)
        except OSError:                 # before Linux 5.14
            for at in range(0, len(memory), 4096):
                memory[at] = 1


class Row:
    def __init__(self, what, who, wall, server, receivers, note='', sync=0.0):
        self.what, self.who, self.wall, self.server, self.receivers = what, who, wall, server, receivers
        self.note, self.sync = note, sync


def children_cpu():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def timed(function):
    cpu, start = children_cpu(), time.monotonic()
    function()
    return time.monotonic() - start, children_cpu() - cpu


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Rsync:
    """An rsync daemon and pulls from it; what people use today."""

    def __init__(self, folder, modules):
        self.port = free_port()
        config = f'{folder}/rsyncd.conf'
        with open(config, 'w') as out:
            out.write(f'port = {self.port}\naddress = 127.0.0.1\nuse chroot = no\nuid = root\ngid = root\nmax connections = 0\n')
            for name, path in modules.items():
                out.write(f'[{name}]\npath = {path}\nread only = yes\n')
        self.daemon = subprocess.Popen(['rsync', '--daemon', '--no-detach', '--config', config])
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    break
            time.sleep(.05)

    def pull(self, module, targets):
        """Wall, server CPU, receivers' CPU."""
        warm_memory()
        server = cpu_seconds(self.daemon.pid)

        def run():
            pulls = [subprocess.Popen(['rsync', '-a', '--delete', f'rsync://127.0.0.1:{self.port}/{module}/', f'{target}/'])
                     for target in targets]
            if any(pull.wait() for pull in pulls):
                raise RuntimeError('rsync failed')
        wall, receivers = timed(run)
        time.sleep(.2)                  # the daemon's children are waited for a moment later
        return wall, cpu_seconds(self.daemon.pid) - server, receivers

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()


class Tallyman:
    """A running site; each step is an order and the event that says it is done."""

    def __init__(self, folder, dps, settings):
        self.site = Site(folder, dps, settings)
        self.server, self.dp_pids = self.site.pids()
        self.names = self.site.dps()

    def step(self, order, wait, warm=True):
        if warm:
            warm_memory()
        server, dps = cpu_seconds(self.server), [cpu_seconds(pid) for pid in self.dp_pids]
        start = time.monotonic()
        result = order()
        wait(result)
        wall = time.monotonic() - start
        return result, wall, cpu_seconds(self.server) - server, sum(cpu_seconds(pid) for pid in self.dp_pids) - sum(dps)


def sync_seconds(folder):
    start = time.monotonic()
    subprocess.run(['sync', '-f', folder], check=True)
    return time.monotonic() - start


def run_once(work, sources, n_dps, settings, rows):
    source = f'{work}/source'
    subprocess.run(['cp', '-a', sources['A'], source], check=True)
    os.sync()

    warm_memory()
    wall, cpu = timed(lambda: subprocess.run(['cp', '-a', source, f'{work}/copy-cp'], check=True))
    rows.append(Row('publish A', 'cp -a', wall, cpu, 0, sync=sync_seconds(work)))
    warm_memory()
    wall, cpu = timed(lambda: subprocess.run(['rsync', '-a', f'{source}/', f'{work}/copy-rsync/'], check=True))
    rows.append(Row('publish A', 'rsync', wall, cpu, 0, sync=sync_seconds(work)))

    tally = Tallyman(f'{work}/site', n_dps + 1, settings)
    rsync = Rsync(work, {'A': sources['A'], 'A2': sources['A2'], 'B': sources['B']})
    try:
        package, wall, server, dps = tally.step(lambda: tally.site.create_package('A', source),
                                                lambda p: tally.site.wait_stored(p, 1))
        rows.append(Row('publish A', 'tallyman', wall, server, dps))

        first, rest = tally.names[:1], tally.names[1:]
        wall, server, cpu = rsync.pull('A', [f'{work}/r0'])
        rows.append(Row('A to 1', 'rsync', wall, server, cpu, sync=sync_seconds(work)))
        _, wall, server, dps = tally.step(lambda: tally.site.method('Distribute', PackageIDs=[package], DPs=first),
                                          lambda _: tally.site.wait_installed(package, 1))
        rows.append(Row('A to 1', 'tallyman', wall, server, dps))

        wall, server, cpu = rsync.pull('A', [f'{work}/r{i}' for i in range(1, n_dps + 1)])
        rows.append(Row(f'A to {n_dps}', 'rsync', wall, server, cpu, sync=sync_seconds(work)))
        _, wall, server, dps = tally.step(lambda: tally.site.method('Distribute', PackageIDs=[package], DPs=rest),
                                          lambda _: tally.site.wait_installed(package, n_dps + 1))
        rows.append(Row(f'A to {n_dps}', 'tallyman', wall, server, dps))

        for _ in range(3):
            wall, server, cpu = rsync.pull('A', [f'{work}/r0'])
            rows.append(Row('no-op, 1 DP', 'rsync', wall, server, cpu))
            _, wall, server, dps = tally.step(
                lambda: tally.site.method('Redistribute', PackageIDs=[package], DPs=first, FailedOnly=False),
                lambda _: tally.site.wait_installed(package, n_dps + 1))
            rows.append(Row('no-op, 1 DP', 'tallyman', wall, server, dps))

        warm_memory()
        wall, cpu = timed(lambda: subprocess.run(['rsync', '-a', '--delete', f"{sources['A2']}/", f'{work}/copy-rsync/'], check=True))
        rows.append(Row("publish A'", 'rsync', wall, cpu, 0, sync=sync_seconds(work)))
        subprocess.run(['rsync', '-a', '--delete', f"{sources['A2']}/", f'{source}/'], check=True)
        os.sync()
        wall, server, cpu = rsync.pull('A2', [f'{work}/r{i}' for i in range(n_dps + 1)])
        rows.append(Row(f"A to A' on {n_dps + 1}", 'rsync', wall, server, cpu, sync=sync_seconds(work)))
        _, wall, server, dps = tally.step(lambda: tally.site.update_package(package), lambda _: tally.site.wait_stored(package, 2))
        rows.append(Row("publish A'", 'tallyman', wall, server, dps))
        _, wall, server, dps = tally.step(lambda: None, lambda _: tally.site.wait_installed(package, n_dps + 1), warm=False)
        rows.append(Row(f"A to A' on {n_dps + 1}", 'tallyman', wall, server, dps, 'from stored to installed'))

        wall, server, cpu = rsync.pull('B', [f'{work}/rb'])
        rows.append(Row('B to 1', 'rsync', wall, server, cpu, sync=sync_seconds(work)))
        big, wall, server, dps = tally.step(lambda: tally.site.create_package('B', sources['B']),
                                            lambda p: tally.site.wait_stored(p, 1))
        rows.append(Row('publish B', 'tallyman', wall, server, dps))
        _, wall, server, dps = tally.step(lambda: tally.site.method('Distribute', PackageIDs=[big], DPs=first),
                                          lambda _: tally.site.wait_installed(big, 1))
        rows.append(Row('B to 1', 'tallyman', wall, server, dps))
        differences = tally.site.method('Verify', Deep=True).get('Differences') or []
        if differences:
            raise RuntimeError(f'verify: {differences}')
    finally:
        rsync.stop()
        tally.site.stop()


def middle(values):
    return sorted(values)[len(values) // 2]


FIELDS = ('wall', 'sync', 'server', 'receivers')


def ratios(mine, peer):
    def ratio(a, b):
        return f'{a / b:.2f}' if b else ''
    return (ratio(mine['wall'], peer['wall']), ratio(mine['wall'], peer['wall'] + peer['sync']),
            ratio(mine['server'] + mine['receivers'], peer['server'] + peer['receivers']), ratio(mine['server'], peer['server']))


def report(rows):
    print(f"{'step':<14} {'who':<9} {'wall s':>8} {'+ sync s':>8} {'server CPU':>10} {'DP CPU':>8} "
          f"{'x rsync':>8} {'x synced':>8} {'x CPU':>8} {'x server':>8}  note")
    for step in dict.fromkeys(row.what for row in rows):
        by_who = {}
        for row in rows:
            if row.what == step:
                by_who.setdefault(row.who, []).append(row)
        median = {who: {field: middle([getattr(row, field) for row in mine]) for field in FIELDS} for who, mine in by_who.items()}
        for who, m in median.items():
            peer = median.get('rsync') if who != 'rsync' else None
            x = ratios(m, peer) if peer else ('', '', '', '')
            print(f"{step:<14} {who:<9} {m['wall']:>8.3f} {m['sync']:>8.2f} {m['server']:>10.2f} {m['receivers']:>8.2f} "
                  f"{x[0]:>8} {x[1]:>8} {x[2]:>8} {x[3]:>8}  {by_who[who][0].note}")


class FreshFileSystem:
    """An ext4 image without history when root can mount one, else a plain folder."""

    def __init__(self, work, plain):
        self.image, self.folder, self.mounted = f'{work}/image', f'{work}/fs', False
        os.makedirs(self.folder, exist_ok=True)
        if plain:
            return
        with open(self.image, 'wb') as out:
            out.truncate(24 << 30)
        make = ['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', self.image]
        self.mounted = shutil.which('mkfs.ext4') and subprocess.call(make) == 0 and \
            subprocess.call(['mount', '-o', 'loop,noinit_itable', self.image, self.folder], stderr=subprocess.DEVNULL) == 0

    def close(self):
        if self.mounted:
            for _ in range(50):
                if subprocess.call(['umount', self.folder], stderr=subprocess.DEVNULL) == 0:
                    break
                time.sleep(.1)
        if os.path.exists(self.image):
            os.unlink(self.image)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument('--quick', action='store_true', help='2,000 files instead of 20,000')
    arguments.add_argument('--runs', type=int, default=1)
    arguments.add_argument('--dps', type=int, default=8)
    arguments.add_argument('--tls', action='store_true', help='DPs over TLS (rsync has none); default: the plain loopback listener')
    arguments.add_argument('--folder', action='store_true', help='a plain folder instead of a fresh ext4 image on a loop device')
    arguments.add_argument('--work', help='folder for everything; default: a temporary one')
    options = arguments.parse_args()
    work = options.work or tempfile.mkdtemp(prefix='tallyman-bench-')
    os.makedirs(work, exist_ok=True)
    count, big = (2000, 128 * MIB) if options.quick else (20000, 512 * MIB)
    sources = {name: f'{work}/w{count}/{name}' for name in ('A', 'A2', 'B')}
    os.makedirs(f'{work}/w{count}', exist_ok=True)
    workload.small_files(sources['A'], count)
    workload.successor(sources['A'], sources['A2'])
    workload.big_file(sources['B'], big)
    files, size = workload.tree_size(sources['A'])
    print(f'A: {files} files, {size / MIB:.0f} MiB; B: {big / MIB:.0f} MiB; {options.dps} DPs; '
          f"{'TLS' if options.tls else 'plain'}; {os.cpu_count()} cores", flush=True)
    settings = [f'max_dps_per_package={options.dps}'] + ([] if options.tls else [f'plain_dp_port={free_port()}'])
    rows = []
    for _ in range(options.runs):
        system = FreshFileSystem(work, options.folder)
        try:
            run_once(system.folder, sources, options.dps, settings, rows)
        finally:
            system.close()
    report(rows)
    if not options.work:
        shutil.rmtree(work)
    return 0


if __name__ == '__main__':
    sys.exit(main())
