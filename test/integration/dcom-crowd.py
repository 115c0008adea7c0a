#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many WMI clients at once: 500 that idle, then 50 and a few sinks that watch one distribution to 20 DPs.

What an idle subscriber costs; that each watcher sees the package appear once and Installed reach Targeted once, in
order; that one which stops reading holds nobody up and misses nothing.  The watchers are our own light client
(test/lib/wmi_crowd.c): what the wire looks like to others is dcom.py's to show.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, resident_bytes  # noqa: E402
from dcom_client import Client, Exporter, Writer  # noqa: E402
from wmicrowd import EVENTS, Crowd  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
N_DPS, N_IDLE, IDLE_KIB = 20, 500, 64
MADE, CHANGED = '__InstanceCreationEvent', '__InstanceModificationEvent'
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


# ---- clients ----

def is_final(event, package):
    return event == (CHANGED, package, N_DPS, N_DPS)


def wait_final(crowd, package):
    crowd.wait(lambda: all(s and is_final(s[-1], package) for s in crowd.events))


def watched_well(seen, package):
    """Created first and once, Installed = Targeted last and once, and never backwards."""
    counts = [(e[2], e[3]) for e in seen]
    return (seen and [e[0] for e in seen].count(MADE) == 1 and seen[0][:2] == (MADE, package) and
            all(e[1] == package for e in seen) and sum(is_final(e, package) for e in seen) == 1 and is_final(seen[-1], package) and
            counts == sorted(counts))


class Sink(Exporter):
    """The same by ExecNotificationQueryAsync."""

    def seen(self):
        found = []
        for what, event, *_ in list(self.heard):
            if what == 'Indicate':
                inner = event['TargetInstance']['ObjectBlock']
                inner.parseObject()
                row = {name: one['value'] for name, one in inner.ctCurrent['values'].items()}
                found.append((event['__CLASS'], row['PackageID'], row['Targeted'], row['Installed']))
        return found


# ---- the site and its distribution points ----

class Fixture:
    def __init__(self, folder):
        self.port = free_port()
        self.site = Site(folder, 0, [f'plain_dp_port={self.port}'])

    def prepare(self):
        self.host = self.site.settings['TALLYMAN_DCOM_HOST']
        self.code = self.site.settings['TALLYMAN_SITE']
        self.password_file = self.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")
        self.net = '.'.join(self.host.split('.')[:3])
        subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{self.site.socket}', 'user', 'enable-ntlm', 'admin',
                        '--new-password-file', self.password_file], check=True)
        self.source = f'{self.site.folder}/source'
        os.mkdir(self.source)
        with open(f'{self.source}/setup.exe', 'w') as out:
            out.write('content')
        self.names = [f'dp{i:02d}.example.com' for i in range(N_DPS)]
        self.key = f'{self.site.folder}/dp.key'
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', self.key], check=True)
        for name in self.names:
            self.enrol(name, self.site.method('AddDistributionPoint', Name=name, SiteCode=self.code, Url='')['Token'])

    def enrol(self, name, token):
        csr = subprocess.run(['openssl', 'req', '-new', '-key', self.key, '-subj', f'/CN={name}'], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        self.ask(name, 'POST', '/dp/v1/enroll', {'name': name, 'token': token, 'csr': csr, 'url': ''})

    def ask(self, name, method, path, body=None):
        link = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        link.request(method, path, json.dumps(body) if body else None,
                     {'X-Tallyman-DP': name, 'X-Tallyman-Clock': str(time.time_ns() // 1000), 'Content-Type': 'application/json'})
        answer = link.getresponse()
        data = answer.read()
        link.close()
        assert answer.status < 300, f'{path}: {answer.status} {data[:200]}'
        return json.loads(data) if data else None

    def install(self, name):
        """A distribution point that has the content the moment it hears of it."""
        while True:
            for order in self.ask(name, 'GET', '/dp/v1/orders?wait=20')['orders']:
                if order['kind'] != 'install':
                    continue
                self.ask(name, 'POST', '/dp/v1/report', {
                    'order': order['id'], 'kind': 'install', 'package': order['package'], 'version': order['version'],
                    'manifest': order['manifest'], 'result': 'installed', 'code': '', 'text': '', 'files': [],
                    'bytes_received': 7, 'bytes_reused': 0, 'seconds': 0})
                return


# ---- parts ----

def idle(f):
    server, _ = f.site.pids()
    assert Crowd(f.site, 1, 6, f.net).end() == 0
    before = resident_bytes(server)
    crowd = Crowd(f.site, N_IDLE, 6, f.net)
    cost = (resident_bytes(server) - before) / N_IDLE / 1024
    check('500 idle subscribers end well', crowd.end() == 0)
    sanitized = b'__asan_init' in open(f'/proc/{server}/exe', 'rb').read()
    check(f'one of {N_IDLE} idle subscribers costs {cost:.0f} KiB (of {IDLE_KIB}{"; not counted under sanitizers" if sanitized else ""})',
          sanitized or cost <= IDLE_KIB, cost)


def subscribe_sink(f, client, address):
    sink = Sink(address)
    request = Writer().bstr('WQL').bstr(EVENTS).u32(0).u32(0).interface(sink.objref())
    reader, _ = client.call('IWbemServices', 23, request)
    assert reader.u32() == 0
    return sink


def distribution(f):
    crowds = [Crowd(f.site, 25, level, f.net) for level in (5, 6)]
    deaf = Crowd(f.site, 1, 6, f.net)
    client = Client(f.host, 'admin', open(f.password_file).read().strip(), f.code)
    sinks = [subscribe_sink(f, client, f'{f.net}.{last}') for last in range(251, 255) if f'{f.net}.{last}' != f.host]
    deaf.program.send_signal(signal.SIGSTOP)
    dps = [threading.Thread(target=f.install, args=(name,)) for name in f.names]
    for dp in dps:
        dp.start()
    package = f.site.create_package('Watched', f.source)
    f.site.method('Distribute', PackageIDs=[package], All=True)
    for dp in dps:
        dp.join()
    for crowd in crowds:
        wait_final(crowd, package)
    for sink in sinks:
        sink.wait(lambda heard, sink=sink: is_final((sink.seen() or [None])[-1], package))
    check('one that reads nothing holds nobody up', not deaf.events[0])
    deaf.program.send_signal(signal.SIGCONT)
    wait_final(deaf, package)
    for n, crowd in enumerate(crowds):
        bad = [s for s in crowd.events if not watched_well(s, package)]
        check(f'level {5 + n}: each of 25 sees the creation and Installed = Targeted once, in order', not bad, bad[:3])
    bad = [s.seen() for s in sinks if not watched_well(s.seen(), package)]
    check(f'so does each of {len(sinks)} sinks', not bad, bad)
    check('and the one that read nothing, once it reads', watched_well(deaf.events[0], package), deaf.events)
    check('all end well', [crowd.end() for crowd in (*crowds, deaf)] == [0, 0, 0])
    client.close()
    for sink in sinks:
        sink.close()


def main():
    folder = tempfile.mkdtemp(prefix='tallyman-crowd-')
    f = Fixture(folder)
    try:
        f.prepare()
        idle(f)
        distribution(f)
    finally:
        f.site.stop()
        log = open(f'{folder}/site.log').read()
        check('the site says nothing of sanitizers', 'Sanitizer' not in log and 'runtime error' not in log, log[-3000:])
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
