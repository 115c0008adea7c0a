#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The status engine: report to subscriber, cost of a change, lists, idling; and the same by polling, in one run.

    bench/engine.py [--quick | --full] [--only LETTERS] [--work DIR]

(a) durable report -> counters -> subscriber's socket: latency and CPU at 1, 100 and 1,000 subscribers
(b) CPU of a change by the number of (package, DP) rows, anywhere and package by package
(c) SELECT * FROM SMS_PackageStatusRootSummarizer as list and WQL against a bare SQLite scan with serialisation
(d) CPU of idling with 1,000 subscribers
(e) (a) by polling: every 2 s all instances, boxed, compared with the ones before

CPU is of one core; wall times on a shared machine say less.  A report is sent by a
made-up distribution point over the plain loopback listener, which looks its name
up in the database each time; TLS would not be measured here.
"""
import argparse
import http.client
import json
import os
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../test/lib'))
from distribution import free_port  # noqa: E402
from tallysite import Site, UnixConnection, cpu_seconds, wait_gone  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD', os.path.join(HERE, '../build'))
CLASS = 'SMS_PackageStatusRootSummarizer'
QUERY = f"SELECT * FROM __InstanceModificationEvent %sWHERE TargetInstance ISA '{CLASS}'"
EVENTS = '/AdminService/events?query='


def engine(*words):
    return json.loads(subprocess.run([f'{BUILD}/bench/engine', *map(str, words)], check=True, stdout=subprocess.PIPE).stdout)


def middle(values):
    return statistics.median(values)


# ---- (b) ----

ASSIGN = """
INSERT INTO assignment (pkg_id, dp_id, state, held, copied_us, summary_us)
SELECT p.pkg_id, d.dp_id, d.dp_id = ?1, d.dp_id <> ?1, 1, 1 FROM package p, dp d ORDER BY 1, 2;
INSERT INTO pair_status (id, us) SELECT pkg_id << 20 | dp_id, summary_us FROM assignment;
INSERT INTO package_category SELECT pkg_id, state, count(*), max(summary_us) FROM assignment GROUP BY pkg_id, state;
UPDATE dp_summary SET (assigned, installed, last_us) =
       (SELECT count(*), count(a.state = 0 OR NULL), 1 FROM assignment a WHERE a.dp_id = dp_summary.dp_id);
UPDATE root_summary SET (targeted, installed, n_assigned) =
       (SELECT count(*), count(a.state = 0 OR NULL), count(*) FROM assignment a WHERE a.pkg_id = root_summary.pkg_id);
INSERT INTO detail_summary (pkg_id, site_id, targeted, installed, n_assigned, summary_us)
SELECT r.pkg_id, d.site_id, r.targeted, r.installed, r.n_assigned, 1 FROM root_summary r, (SELECT site_id FROM dp LIMIT 1) d
"""


def assign_all(path):
    """Every package on every DP, installed on all but the last; the triggers' and indexes' work in bulk."""
    db = sqlite3.connect(path)
    later = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND"
                       " (type = 'trigger' OR type = 'index' AND tbl_name = 'assignment')").fetchall()
    for kind, name, _ in later:
        db.execute(f'DROP {kind} {name}')
    last = db.execute('SELECT max(dp_id) FROM dp').fetchone()[0]
    for text in ASSIGN.split(';'):
        db.execute(text, (last,) if '?1' in text else ())
    for _, _, text in later:
        db.execute(text)
    db.execute('DELETE FROM change')
    db.commit()
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()


def changes(work, sizes, count, runs):
    print('\n(b) a change (one report, its counters, its log), 100 to a commit, synchronous=FULL: medians')
    print(f"{'rows':>10} {'packages':>9} {'DPs':>6} {'order':<7} {'CPU us':>8} {'wall us':>8} {'log rows':>9} {'log bytes':>9} "
          f"{'file MB':>8}")
    for packages, dps in sizes:
        path = f'{work}/b.db'
        for suffix in ('', '-wal', '-shm'):
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)
        engine('fill', path, packages, dps)
        assign_all(path)
        size = os.path.getsize(path) / 1e6
        results = {'random': [], 'burst': []}
        for _ in range(runs):
            for order, out in results.items():          # an even number of reports in bursts mends what it damaged
                out.append(engine('change', path, packages, dps, order, count, 100) | log_of(path, count))
                mend(path)
        for order, out in results.items():
            print(f"{packages * dps:>10} {packages:>9} {dps:>6} {order:<7} {middle([r['cpu_us'] for r in out]):>8.0f} "
                  f"{middle([r['wall_us'] for r in out]):>8.0f} {middle([r['log_rows'] for r in out]):>9.1f} "
                  f"{middle([r['log_bytes'] for r in out]):>9.0f} {size:>8.0f}", flush=True)


def log_of(path, count):
    """What a change left in the log."""
    db = sqlite3.connect(path)
    rows, size = db.execute("SELECT count(*), sum(length(class) + length(path) + coalesce(length(before), 0)"
                            " + length(after) + coalesce(length(fact), 0)) FROM change").fetchone()
    db.close()
    return {'log_rows': rows / count, 'log_bytes': size / count}


def mend(path):
    """The next run starts where the first one did."""
    db = sqlite3.connect(path)
    db.execute("DELETE FROM change")
    db.execute("UPDATE assignment SET state = 0, reason_code = NULL, reason = NULL WHERE state = 8")
    db.execute("UPDATE root_summary SET installed = targeted - 1")
    db.execute("UPDATE detail_summary SET installed = targeted - 1")
    db.commit()
    db.close()


# ---- a site with content ----

class Running:
    """Packages that are installed on two DPs, which are gone by now, and wait for a third; others without content."""

    def __init__(self, work, n_loaded, n_packages):
        self.port = free_port()
        self.site = Site(f'{work}/site', 2, [f'plain_dp_port={self.port}', 'dp_offline_grace=1h', 'log_level=warning'])
        names = self.site.dps()
        code = self.site.settings['TALLYMAN_SITE'].strip("'\"")
        self.site.method('AddDistributionPoint', Name='never.example.com', SiteCode=code, Url='')
        os.makedirs(f'{work}/source', exist_ok=True)
        with open(f'{work}/source/setup.exe', 'w') as out:
            out.write('content')
        self.loaded = [self.site.create_package(f'Loaded {i}', f'{work}/source') for i in range(n_loaded)]
        self.site.method('Distribute', PackageIDs=self.loaded, DPs=names + ['never.example.com'])
        mine = set(self.loaded)
        self.site.wait(CLASS, lambda rows: sum(r['Installed'] == 2 for r in rows if r['PackageID'] in mine) == n_loaded)
        self.server, dps = self.site.pids()
        for pid in dps:
            os.kill(pid, signal.SIGTERM)
            wait_gone(pid)
        link = UnixConnection(self.site.socket)
        for i in range(n_packages - n_loaded):
            link.request('POST', '/AdminService/wmi/SMS_Package', json.dumps({'Name': f'Package {i}', 'PkgSourceFlag': 1}),
                         {'Content-Type': 'application/json'})
            answer = link.getresponse()
            answer.read()
            if answer.status != 201:
                raise RuntimeError(f'package {i}: {answer.status}')
        self.pairs = f'{work}/pairs'
        db = sqlite3.connect(f'file:{self.database(work)}?mode=ro', uri=True)
        with open(self.pairs, 'w') as out:
            for package, manifest in db.execute('SELECT package_id, lower(hex(manifest)) FROM version JOIN package USING (pkg_id)'):
                for name in names:
                    out.write(f'{package} {name} {manifest}\n')
        db.close()

    @staticmethod
    def database(work):
        return next(f'{work}/site/site/{name}' for name in os.listdir(f'{work}/site/site') if name.endswith('.db')
                    and 'site' in name)

    def load(self, mode, subscribers, rate, seconds):
        target = f'/AdminService/wmi/{CLASS}'
        if mode != 'poll':
            target = EVENTS + urllib.parse.quote(QUERY % ('WITHIN 10 ' if mode == 'window' else ''))
        out = subprocess.run([f'{BUILD}/bench/engine_load', mode, str(self.port), self.site.socket, str(self.server),
                              str(subscribers), str(rate), str(seconds), self.pairs, target],
                             check=True, stdout=subprocess.PIPE, timeout=seconds + 60).stdout
        return json.loads(out)


HOW = {'events': 'each change', 'window': 'WITHIN 10', 'poll': 'polling 2 s'}


def loads(running, points, seconds, title):
    print(f'\n{title}')
    print(f"{'subscribers':>11} {'how':<12} {'asked/s':>8} {'got/s':>7} {'events/s':>9} {'p50 ms':>8} {'p99 ms':>8} "
          f"{'server CPU %':>12} {'client CPU %':>12}")
    for mode, subscribers, rate in points:
        r = running.load(mode, subscribers, rate, seconds)
        print(f"{subscribers:>11} {HOW[mode]:<12} {rate:>8} {r['answered'] / r['seconds']:>7.0f} "
              f"{r['events'] / r['seconds']:>9.0f} {r['p50_ms']:>8.1f} {r['p99_ms']:>8.1f} {100 * r['server_cpu']:>12.1f} "
              f"{100 * r['client_cpu']:>12.1f}", flush=True)


# ---- (c) ----

def fetch(socket, path):
    link = UnixConnection(socket)
    link.request('GET', path)
    answer = link.getresponse()
    data = answer.read()
    link.close()
    if answer.status != 200:
        raise RuntimeError(f'{path}: {answer.status} {data[:200]}')
    return data


def lists(running, work, runs):
    bare = engine('scan', running.database(work), runs)
    print(f"\n(c) SELECT * FROM {CLASS}: {bare['rows']} instances; server's CPU (mean) and wall (median) of {runs}")
    print(f"{'how':<12} {'CPU ms':>8} {'wall ms':>8} {'MB':>6} {'x bare':>7}")
    print(f"{'bare':<12} {bare['cpu_us'] / 1e3:>8.1f} {'':>8} {bare['bytes'] / 1e6:>6.2f} {1:>7.2f}")
    for how, path in (('REST list', f'/AdminService/wmi/{CLASS}'),
                      ('WQL', '/AdminService/wql?query=' + urllib.parse.quote(f'SELECT * FROM {CLASS}'))):
        data = fetch(running.site.socket, path)
        walls, cpu = [], cpu_seconds(running.server)
        for _ in range(runs):
            start = time.monotonic()
            fetch(running.site.socket, path)
            walls.append(time.monotonic() - start)
        cpu = (cpu_seconds(running.server) - cpu) / runs * 1e3
        print(f"{how:<12} {cpu:>8.1f} {middle(walls) * 1e3:>8.1f} {len(data) / 1e6:>6.2f} {cpu * 1e3 / bare['cpu_us']:>7.2f}", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument('--quick', action='store_true', help='fewer packages, rows and seconds: under a minute')
    arguments.add_argument('--full', action='store_true', help='up to 20 million rows, three runs')
    arguments.add_argument('--only', default='abcde', help='letters of the parts to run')
    arguments.add_argument('--work', help='folder for everything; default: a temporary one')
    options = arguments.parse_args()
    limit, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard > 0 else max(limit, 8192), hard))
    work = options.work or tempfile.mkdtemp(prefix='tallyman-bench-')
    os.makedirs(work, exist_ok=True)
    print(f'{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}', flush=True)
    seconds, packages = (3, 1000) if options.quick else (8, 10000)
    try:
        if set(options.only) & set('acde'):
            running = Running(work, 50 if options.quick else 100, packages)
            try:
                parts(running, work, options, seconds)
            finally:
                running.site.stop()
        if 'b' in options.only:
            sizes = [(200, 100), (1000, 200)] if options.quick else [(200, 100), (2000, 500)]
            changes(work, sizes + ([(5000, 1000), (10000, 2000)] if options.full else []), 1000 if options.quick else 4000,
                    1 if options.quick else 3)
    finally:
        if not options.work:
            shutil.rmtree(work)
    return 0


def parts(running, work, options, seconds):
    if 'a' in options.only:
        points = [('events', 1, 100), ('events', 1, 1000), ('events', 100, 100), ('window', 100, 1000), ('window', 1000, 1000)]
        if not options.quick:
            points = points[:2] + [('events', 100, 100), ('events', 100, 1000), ('events', 1000, 10), ('events', 1000, 1000)] + points[3:]
        loads(running, points, seconds, '(a) report -> counters -> socket, durable')
    if 'd' in options.only:
        loads(running, [('events', 1000, 0)], 5 if options.quick else 10, '(d) idling')
    if 'e' in options.only:
        points = [(mode, n, 50) for n in ((10,) if options.quick else (10, 50)) for mode in ('poll', 'window', 'events')]
        loads(running, points, max(seconds, 5), '(e) the same subscription by polling and by events')
    if 'c' in options.only:
        lists(running, work, 5 if options.quick else 20)


if __name__ == '__main__':
    sys.exit(main())
