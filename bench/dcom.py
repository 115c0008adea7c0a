#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SELECT * FROM SMS_PackageStatusRootSummarizer over DCOM, beside the same query over REST, in one run.

    bench/dcom.py [--quick] [--work DIR]

Over DCOM by Next (each object with its class) and by the smart enumerator (the class once), at levels 5 (signed)
and 6 (sealed); level 2 (connect) is asked for, too, and what the server says is shown.  The client is bench/dcom.c,
which decodes every object; over REST the client is Python, with its parser of JSON in C.  CPU is of one core.
Needs port 135 of a loopback address, so root.
"""
import argparse
import base64
import http.client
import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

from engine import BUILD, CLASS, Running  # puts test/lib into the path

from tallysite import UnixConnection

QUERY = f'SELECT * FROM {CLASS}'


def over_dcom(running, level, how, page, runs):
    settings = running.site.settings
    words = [settings['TALLYMAN_DCOM_HOST'], 'admin', settings['TALLYMAN_PASSWORD_FILE'].strip("'\""),
             f"//./root/sms/site_{settings['TALLYMAN_SITE']}", level, how, page, runs, QUERY]
    before = server_cpu(running)
    done = subprocess.run([f'{BUILD}/bench/dcom', *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.strip()
    return {**json.loads(done.stdout), 'server_cpu': server_cpu(running) - before}


def server_cpu(running):
    """To the nanosecond; the times of /proc/PID/stat are multiples of 10 ms."""
    tasks = f'/proc/{running.server}/task'
    return sum(int(open(f'{tasks}/{task}/schedstat').read().split()[0]) for task in os.listdir(tasks)) / 1e9


def own_cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def over_rest(running, link, headers, runs):
    """One connection; the first answer is not counted."""
    target, found = '/AdminService/wql?query=' + urllib.parse.quote(QUERY), {}
    for run in range(runs + 1):
        if run == 1:
            found = {'rows': 0, 'octets': 0, 'seconds': time.monotonic(), 'client_cpu': own_cpu(), 'server_cpu': server_cpu(running)}
        link.request('GET', target, headers=headers)
        answer = link.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f'{target}: {answer.status} {data[:200]}')
        if run:
            found['rows'] += len(json.loads(data)['value'])
            found['octets'] += len(data)
    return {**found, 'seconds': time.monotonic() - found['seconds'], 'client_cpu': own_cpu() - found['client_cpu'],
            'server_cpu': server_cpu(running) - found['server_cpu']}


def https(running):
    settings = running.site.settings
    trust = ssl.create_default_context(cafile=settings['TALLYMAN_CACERT'].strip("'\""))
    trust.check_hostname = False
    password = open(settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")).read().strip()
    return (http.client.HTTPSConnection(*running.site.https(), context=trust),
            {'Authorization': 'Basic ' + base64.b64encode(f'admin:{password}'.encode()).decode()})


def measure(running, runs, rounds):
    """Every way once a round; the round of least CPU of the server counts."""
    ways = {'REST, Unix socket': lambda: over_rest(running, UnixConnection(running.site.socket), {}, runs),
            'REST, HTTPS': lambda: over_rest(running, *https(running), runs)}
    for name, how, page in (('Next by 1', 'next', 1), ('Next by 100', 'next', 100), ('smart by 100', 'smart', 100)):
        for level in (5, 6):
            ways[f'DCOM {level}, {name}'] = lambda level=level, how=how, page=page: over_dcom(running, level, how, page, runs)
    best = {}
    for _ in range(rounds):
        for name, run in ways.items():
            got = run()
            if isinstance(got, str):
                raise RuntimeError(f'{name}: {got}')
            if name not in best or got['server_cpu'] < best[name]['server_cpu']:
                best[name] = got
    base = best['REST, Unix socket']['server_cpu'] / best['REST, Unix socket']['rows']
    print(f"{'':<22} {'rows':>7} {'rows/s':>8} {'octets/row':>10} {'server us/row':>13} {'x REST':>7} {'client us/row':>13}")
    for name, r in best.items():
        n = r['rows']
        print(f"{name:<22} {n // runs:>7} {n / r['seconds']:>8.0f} {r['octets'] / n:>10.0f} {r['server_cpu'] / n * 1e6:>13.1f} "
              f"{r['server_cpu'] / n / base:>7.2f} {r['client_cpu'] / n * 1e6:>13.1f}", flush=True)
    print(f"DCOM 2 (connect): {over_dcom(running, 2, 'next', 100, 1)}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument('--quick', action='store_true', help='1,000 packages')
    arguments.add_argument('--work', help='folder for everything; default: a temporary one')
    options = arguments.parse_args()
    work = options.work or tempfile.mkdtemp(prefix='tallyman-bench-')
    os.makedirs(work, exist_ok=True)
    print(f'{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}', flush=True)
    running = Running(work, 2, 1000 if options.quick else 10000)
    try:
        subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{running.site.socket}', 'user', 'enable-ntlm', 'admin',
                        '--new-password-file', running.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")], check=True)
        measure(running, 5, 3)
    finally:
        running.site.stop()
        if not options.work:
            shutil.rmtree(work)
    return 0


if __name__ == '__main__':
    sys.exit(main())
