#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Things go wrong on a DP; the status says so, in the right state, for the right reason, and never INSTALLED.

Bytes that change on a DP's disk, a full disk, a certificate of somebody else, a
clock that is off, a DP that claims what it does not hold, an order that lowers
Installed before anything moves.
"""
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import http.client

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site  # noqa: E402

INSTALLED, RETRYING, FAILED, UPDATING, MONITORING = 0, 2, 3, 7, 8
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


class Dp:
    """One tallyman-dp process of the site: what it runs on, and how to run it otherwise."""

    def __init__(self, site, pid):
        self.site, self.pid = site, pid
        self.argv = open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0')[:-1]
        self.program = os.readlink(f'/proc/{pid}/exe')
        self.data = next(self.argv[i + 1] for i, word in enumerate(self.argv) if word == b'--data').decode()

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        while os.path.exists(f'/proc/{self.pid}') and open(f'/proc/{self.pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX':
            time.sleep(.01)

    def start(self, extra=(), prefix=()):
        run = self.argv.index(b'run')
        argv = list(prefix) + [self.program] + self.argv[1:run] + [word.encode() for word in extra] + self.argv[run:]
        with open(f'{self.data}.log', 'ab') as out:
            self.pid = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL).pid


def tree(folder, files=40, size=30000, seed=1):
    rand = random.Random(seed)
    os.makedirs(f'{folder}/sub', exist_ok=True)
    for number in range(files):
        with open(f"{folder}/{'sub/' if number % 2 else ''}file {number}.bin", 'wb') as out:
            out.write(rand.randbytes(size + number))
    with open(f'{folder}/large.bin', 'wb') as out:
        out.write(rand.randbytes(3 << 20))


def condition(site, package, dp_name):
    rows = site.get('TM_DistributionCondition', f"PackageID eq '{package}'")
    return next(row for row in rows if row['ServerName'].lower() == dp_name.lower())


def wait_for(site, package, dp_name, good, seconds=30):
    end = time.monotonic() + seconds
    while True:
        row = condition(site, package, dp_name)
        if good(row) or time.monotonic() > end:
            return row
        time.sleep(.05)


def root(site, package):
    return site.get('SMS_PackageStatusRootSummarizer', f"PackageID eq '{package}'")[0]


def counters(row):
    return row['Targeted'], row['Installed'], row['Retrying'], row['Failed']


def distribute(site, package, dp_name):
    site.method('Distribute', PackageIDs=[package], DPs=[dp_name])


def order_lowers_installed_at_once(site, package, work):
    names = site.dps()
    site.method('Distribute', PackageIDs=[package], DPs=names)
    site.wait_installed(package, len(names))
    check('Installed = Targeted on all', counters(root(site, package)) == (3, 3, 0, 0), root(site, package))
    os.rename(f'{work}/source', f'{work}/away')        # the snapshot cannot even begin
    site.update_package(package)
    row = root(site, package)
    check('ordering an update lowers Installed before anything moves', counters(row)[:2] == (3, 0) and row['SourceVersion'] == 2, row)
    os.rename(f'{work}/away', f'{work}/source')
    with open(f'{work}/source/sub/new.txt', 'w') as out:
        out.write('new\n')
    site.update_package(package)
    site.wait_installed(package, len(names))
    check('a later update of a mended source arrives', root(site, package)['SourceVersion'] == 3, root(site, package))


def changed_bytes_are_found_and_mended(site, package, dp, name):
    pack = f"{dp.data}/library/packs/{sorted(os.listdir(f'{dp.data}/library/packs'))[0]}"
    flip_bit(pack, os.path.getsize(pack) // 2)
    site.method('Validate', PackageIDs=[package], DPs=[name])
    row = wait_for(site, package, name, lambda r: r['State'] == MONITORING)
    check('validation finds a flipped bit: state 8', row['State'] == MONITORING, row)
    check('and names the file', 'file' in row['Reason'] or 'large.bin' in row['Reason'], row['Reason'])
    check('Installed does not count it', counters(root(site, package)) == (3, 2, 0, 0), root(site, package))
    site.method('Redistribute', PackageIDs=[package], DPs=[name], FailedOnly=False)
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('a redistribution mends it', row['State'] == INSTALLED, row)
    check('and sends only the bad piece', 0 < row['BytesReceived'] <= 600000, row)


def full_disk(site, package, dp, name):
    dp.stop()
    dp.start(['--set', 'library_reserve=900T'])
    distribute(site, package, name)
    row = wait_for(site, package, name, lambda r: r['State'] == RETRYING)
    check('a full disk ends in INSTALL_RETRYING', row['State'] == RETRYING, row)
    check('for the reason DiskFull', row['ReasonCode'] == 'DiskFull', row)
    dp.stop()
    dp.start()
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('and gets there when there is room, without waiting for the retry delay', row['State'] == INSTALLED, row)


def foreign_certificate(site, package, dp, name):
    dp.stop()
    keep = {file: open(f'{dp.data}/{file}', 'rb').read() for file in ('dp.pem', 'dp.key')}
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-keyout', f'{dp.data}/dp.key', '-out', f'{dp.data}/dp.pem', '-subj', f'/CN={name}'],
                   check=True, stderr=subprocess.DEVNULL)
    dp.start()
    distribute(site, package, name)
    row = wait_for(site, package, name, lambda r: r['ReasonCode'] == 'BadCertificate', 60)
    check('a certificate of another authority: reason BadCertificate', row['ReasonCode'] == 'BadCertificate', row)
    check('and never INSTALLED', row['State'] != INSTALLED, row)
    dp.stop()
    for file, data in keep.items():
        with open(f'{dp.data}/{file}', 'wb') as out:
            out.write(data)
    dp.start()
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('with its own certificate it goes on', row['State'] == INSTALLED, row)


def wrong_clock(site, package, dp, name):
    if not shutil.which('faketime'):
        check('faketime is installed', False, 'script/bootstrap --test installs it')
        return
    dp.stop()
    dp.start(prefix=[b'faketime', b'-f', b'+2h'])
    distribute(site, package, name)
    row = wait_for(site, package, name, lambda r: r['ReasonCode'] == 'ClockSkew', 60)
    check('a clock two hours ahead: reason ClockSkew', row['ReasonCode'] == 'ClockSkew' and row['State'] != INSTALLED, row)
    subprocess.run(['pkill', '-f', dp.data], check=False)
    time.sleep(.5)
    dp.start()
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('with the clock right it goes on', row['State'] == INSTALLED, row)


def lying_dp(site, package, dp, name):
    """A DP's own certificate, but reports about bytes it does not have."""
    dp.stop()
    distribute(site, package, name)
    context = ssl.create_default_context(cafile=f'{dp.data}/ca.pem')
    context.check_hostname = False
    context.load_cert_chain(f'{dp.data}/dp.pem', f'{dp.data}/dp.key')
    host, port = site.https()

    def post(path, body):
        link = http.client.HTTPSConnection(host, port, context=context)
        link.request('POST', path, body if isinstance(body, bytes) else json.dumps(body), {'Content-Type': 'application/json'})
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status

    report = {'order': 1, 'kind': 'install', 'package': package, 'version': root(site, package)['SourceVersion'],
              'manifest': '00' * 32, 'result': 'installed', 'code': '', 'text': '', 'files': [],
              'bytes_received': 1, 'bytes_reused': 0, 'seconds': 0}
    post('/dp/v1/report', report)
    check('a report with another manifest does not install', condition(site, package, name)['State'] != INSTALLED)
    for garbage in (b'{', b'[]', b'\0' * 1000, b'{"result":"installed"}', b'{"order":' + b'[' * 100000):
        status = post('/dp/v1/report', garbage)
        check(f'garbage {garbage[:12]!r} is refused', 400 <= status < 500, status)
    check('and changes nothing', condition(site, package, name)['State'] != INSTALLED)
    dp.start()
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('the real DP then does install', row['State'] == INSTALLED, row)


def flip_bit(path, at):
    with open(path, 'r+b') as out:
        out.seek(at)
        byte = out.read(1)
        out.seek(-1, 1)
        out.write(bytes([byte[0] ^ 1]))


def damaged_site_library(site, package, dp, name):
    """The site's own bytes rot before they are sent: the DP refuses them, and a new version of the same source mends."""
    packs = f'{site.folder}/site/library/packs'
    newest = max((f'{packs}/{entry}' for entry in os.listdir(packs)), key=os.path.getmtime)
    flip_bit(newest, os.path.getsize(newest) - 20000)
    distribute(site, package, name)
    row = wait_for(site, package, name, lambda r: r['ReasonCode'] in ('HashMismatch', 'SourceGone'))
    check('a damaged site library installs nothing', row['State'] == RETRYING, row)
    check('and says so', row['ReasonCode'] in ('HashMismatch', 'SourceGone'), row)
    site.update_package(package)
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('an update from the sound source mends it', row['State'] == INSTALLED, row)


def lost_library(site, package, dp, name):
    distribute(site, package, name)
    wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    dp.stop()
    shutil.rmtree(f'{dp.data}/library')
    dp.start()
    row = wait_for(site, package, name, lambda r: r['State'] == MONITORING)
    check('a DP that lost its disk is not INSTALLED', row['State'] == MONITORING, row)
    site.method('Redistribute', DPs=[name], FailedOnly=True)
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('redistributing what is in trouble mends it', row['State'] == INSTALLED, row)


def silent_dp(site, package, dp, name):
    os.kill(dp.pid, signal.SIGSTOP)
    distribute(site, package, name)
    row = condition(site, package, name)
    check('a DP that does not answer is pending or retrying', row['State'] in (1, RETRYING), row)
    os.kill(dp.pid, signal.SIGCONT)
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('and installs when it answers again', row['State'] == INSTALLED, row)


def truncated_pack(site, package, dp, name):
    distribute(site, package, name)
    wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    dp.stop()
    packs = f'{dp.data}/library/packs'
    newest = max((f'{packs}/{entry}' for entry in os.listdir(packs)), key=os.path.getmtime)
    os.truncate(newest, os.path.getsize(newest) // 2)
    dp.start()
    site.method('Validate', PackageIDs=[package], DPs=[name])
    row = wait_for(site, package, name, lambda r: r['State'] == MONITORING)
    check('a truncated pack is found: state 8', row['State'] == MONITORING, row)
    site.method('Redistribute', PackageIDs=[package], DPs=[name], FailedOnly=False)
    row = wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    check('and mended', row['State'] == INSTALLED, row)


def removal(site, package, dp, name):
    distribute(site, package, name)
    wait_for(site, package, name, lambda r: r['State'] == INSTALLED)
    site.method('Remove', PackageIDs=[package], DPs=[name])
    check('ordering a removal lowers Targeted at once', counters(root(site, package))[0] == 0, root(site, package))
    end = time.monotonic() + 20
    while time.monotonic() < end and site.get('TM_DistributionCondition', f"PackageID eq '{package}'"):
        time.sleep(.05)
    rows = site.get('TM_DistributionCondition', f"PackageID eq '{package}'")
    check('and the row goes when the DP says it is gone', not rows, rows)


def main():
    work = tempfile.mkdtemp(prefix='tallyman-truth-')
    tree(f'{work}/source')
    site = Site(f'{work}/site', 3)
    try:
        dps = [Dp(site, pid) for pid in site.pids()[1]]
        by_name = {}
        for dp in dps:
            by_name[next(name for name in site.dps() if name.lower() in dp.data.lower())] = dp
        package = site.create_package('Truth', f'{work}/source')
        site.wait_stored(package, 1)
        order_lowers_installed_at_once(site, package, work)
        names = sorted(by_name)
        changed_bytes_are_found_and_mended(site, package, by_name[names[0]], names[0])

        for number, scenario in enumerate((full_disk, foreign_certificate, wrong_clock, lying_dp, damaged_site_library,
                                            lost_library, silent_dp, truncated_pack, removal)):
            tree(f'{work}/source{number}', seed=10 + number)
            package = site.create_package(f'Scenario {number}', f'{work}/source{number}')
            site.wait_stored(package, 1)
            name = names[(number + 1) % 3]
            scenario(site, package, by_name[name], name)
        differences = site.method('Verify', Deep=True).get('Differences') or []
        check('verify agrees in the end', not differences, differences)
    finally:
        site.stop()
    shutil.rmtree(work)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
