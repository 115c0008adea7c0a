# SPDX-License-Identifier: Apache-2.0
# SPDX-License-Identifier: Apache-2.0
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.parse

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS = os.sysconf('SC_CLK_TCK')


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost')
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Site:
    def __init__(self, folder, dps, settings=(), address=None):
        self.folder = folder
        address = address or '127.%d.%d.%d' % tuple(random.randrange(1, 255) for _ in range(3))
        arguments = [f'{HERE}/script/site', 'start', folder, '--dps', str(dps), '--address', address]
        for setting in settings:
            arguments += ['--set', setting]
        out = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
        self.settings = dict(line.split('=', 1) for line in out.splitlines() if '=' in line)
        server = self.settings['TALLYMAN_SERVER'].strip("'\"")
        self.socket = server.removeprefix('unix:')

    def https(self):
        url = urllib.parse.urlsplit(self.settings['TALLYMAN_CONSOLE_URL'].strip("'\""))
        return url.hostname, url.port

    def stop(self):
        subprocess.run([f'{HERE}/script/site', 'stop', self.folder], check=True, stdout=subprocess.DEVNULL)

    def call(self, method, path, body=None):
        link = UnixConnection(self.socket)
        link.request(method, path, json.dumps(body) if body is not None else None, {'Content-Type': 'application/json'})
        answer = link.getresponse()
        data = answer.read()
        link.close()
        if answer.status >= 300:
            raise RuntimeError(f'{method} {path}: {answer.status} {data.decode()[:500]}')
        return json.loads(data) if data else None

    def get(self, class_name, where=None):
        query = '?' + urllib.parse.urlencode({'$filter': where}, quote_via=urllib.parse.quote) if where else ''
        return self.call('GET', f'/AdminService/wmi/{class_name}{query}')['value']

    def method(self, name, **parameters):
        return self.call('POST', f'/AdminService/wmi/TM_Site.{name}', parameters)

    def create_package(self, name, source):
        row = self.call('POST', '/AdminService/wmi/SMS_Package', {'Name': name, 'PkgSourceFlag': 2, 'PkgSourcePath': source})
        return row['PackageID']

    def update_package(self, package):
        self.call('POST', f"/AdminService/wmi/SMS_Package('{package}')/AdminService.RefreshPkgSource", {})

    def dps(self):
        return sorted(row['Name'] for row in self.get('TM_DistributionPoint'))

    def wait(self, class_name, done):
        """Until done(rows by path) holds for the instances of a class; by events, nothing polls."""
        link = UnixConnection(self.socket)
        link.request('GET', f'/AdminService/events?class={class_name}')
        events = link.getresponse()
        rows = {}
        for row in self.get(class_name):
            rows[json.dumps([row.get(key) for key in ('PackageID', 'SiteCode', 'ServerNALPath', 'JobID') if key in row])] = row
        while not done(rows.values()):
            line = events.readline().decode()
            if not line:
                raise RuntimeError('the event stream ended')
            if not line.startswith('data:'):
                continue
            change = json.loads(line[5:])
            row = change.get('after') or change['before']
            key = json.dumps([row.get(key) for key in ('PackageID', 'SiteCode', 'ServerNALPath', 'JobID') if key in row])
            if change.get('after'):
                rows[key] = change['after']
            else:
                rows.pop(key, None)
        link.close()

    def wait_stored(self, package, version):
        """The snapshot of that version is in the site's library."""
        self.wait('SMS_Package', lambda rows: any(row['PackageID'] == package and row['SourceVersion'] == version and not row['ActionInProgress'] for row in rows))

    def wait_installed(self, package, targeted):
        self.wait('SMS_PackageStatusRootSummarizer', lambda rows: any(
            row['PackageID'] == package and row['Installed'] == row['Targeted'] == targeted for row in rows))

    def pids(self):
        """Process ids: the site server's, then the DPs'."""
        server, dps = None, []
        for entry in os.listdir('/proc'):
            if not entry.isdigit():
                continue
            try:
                line = open(f'/proc/{entry}/cmdline', 'rb').read()
                parent = open(f'/proc/{entry}/stat').read().rsplit(')', 1)[1].split()[1]
                # A child that has not become its program yet looks like the daemon.
                if parent != '0' and open(f'/proc/{parent}/cmdline', 'rb').read() == line:
                    continue
            except OSError:
                continue
            words = line.split(b'\0')
            if not any(self.folder.encode() in word for word in words[1:]):
                continue
            program = os.path.basename(words[0])
            if program == b'tallymand':
                server = int(entry)
            elif program == b'tallyman-dp':
                dps.append(int(entry))
        return server, dps


def cpu_seconds(pid):
    """User and system time of a process and of its children it has waited for."""
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICKS


def resident_bytes(pid, peak=False):
    for line in open(f'/proc/{pid}/status'):
        if line.startswith('VmHWM:' if peak else 'VmRSS:'):
            return int(line.split()[1]) * 1024
    return 0


def wait_gone(pid):
    while os.path.exists(f'/proc/{pid}') and open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX':
        time.sleep(.005)


def kill_and_restart(pid, log):
    """kill -9, then the same command again; returns the new process id."""
    argv = open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0')[:-1]
    program, folder = os.readlink(f'/proc/{pid}/exe'), os.readlink(f'/proc/{pid}/cwd')
    os.kill(pid, signal.SIGKILL)
    wait_gone(pid)
    with open(log, 'ab') as out:
        return subprocess.Popen(argv, executable=program, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL).pid
