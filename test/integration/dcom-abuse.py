#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers who mean harm to a whole site's DCOM ports, all at once; REST and WMI clients are served meanwhile.

    dcom-abuse.py [WRONG-PASSWORDS]         (default 2000)

What each attack does to a connection is test/unit/rpcd/test_hostile.py's to say, with time-outs cut short.  Here the
attackers stay while the next comes: floods of two ports from several addresses, binds that stop half-way, senders of
an octet at a time, requests that never end, contexts without number, pings of strangers, guesses of passwords.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, resident_bytes  # noqa: E402
from wmicrowd import BUILD, Crowd  # noqa: E402

WRONG = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
NDR = bytes.fromhex('045d888aeb1cc9119fe808002b10486002000000')
EXPORTER = bytes.fromhex('c4fefc9960521b10bbcb00aa0021347a00000000')
SERVICES = bytes.fromhex('99dc56958c82cf11a37e00aa003240c700000000')
NEGOTIATE = b'NTLMSSP\0' + struct.pack('<II', 1, 0xe2088297) + bytes(24)
GROWTH_MAX = 128 << 20          # requests that never end may keep 64 MiB in all
LINES_MAX = 200
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


# ---- PDUs ----

def pdu(kind, flags, body, call=1, token=b'', trailer=b''):
    return struct.pack('<BBBBIHHI', 5, 0, kind, flags, 0x10, 16 + len(body) + len(trailer) + len(token), len(token), call) + \
        body + trailer + token


def bind(contexts, kind=11, call=1, security=None):
    """contexts: (id, interface); security: the id of an NTLM context that begins."""
    body = struct.pack('<HHIBBH', 5840, 5840, 0, len(contexts), 0, 0)
    for number, interface in contexts:
        body += struct.pack('<HBB', number, 1, 0) + interface + NDR
    trailer = struct.pack('<BBBBI', 10, 6, 0, 0, security) if security is not None else b''
    return pdu(kind, 3, body, call, NEGOTIATE if security is not None else b'', trailer)


def request(call, stub, flags=3, opnum=3, hint=None):
    return pdu(0, flags, struct.pack('<IHH', len(stub) if hint is None else hint, 0, opnum) + stub, call)


def authenticate(user, guess):
    """An NTLMv2 AUTHENTICATE whose proof is made up."""
    head, payload = b'NTLMSSP\0' + struct.pack('<I', 3), b''
    blob = b'\1\1' + bytes(14) + os.urandom(8) + bytes(8)
    for value in (b'', struct.pack('<QQ', guess, guess) + blob, b'', user.encode('utf-16-le'), b'', bytes(16)):
        head += struct.pack('<HHI', len(value), len(value), 72 + len(payload))
        payload += value
    return head + struct.pack('<I', 0xe2088297) + bytes(8) + payload


def answer(link):
    def read(n):
        data = b''
        while len(data) < n:
            more = link.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data
    head = read(16)
    return head[2], head + read(struct.unpack_from('<H', head, 8)[0] - 16)


class Abuse:
    def __init__(self, folder):
        self.site, self.links, self.n_made = Site(folder, 0), [], 0

    def prepare(self):
        self.host = self.site.settings['TALLYMAN_DCOM_HOST']
        self.net = '.'.join(self.host.split('.')[:3])
        subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{self.site.socket}', 'user', 'enable-ntlm', 'admin',
                        '--new-password-file', self.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")], check=True)
        self.watcher = Crowd(self.site, 1, 6, self.net)
        self.server, _ = self.site.pids()
        self.before = resident_bytes(self.server)

    def connect(self, source, port=135):
        link = socket.socket()
        link.settimeout(60)
        link.bind((source, 0))
        link.connect((self.host, port))
        self.links.append(link)
        return link

    def send(self, link, data):
        """False: the site has closed it."""
        try:
            link.sendall(data)
            return True
        except OSError:
            return False

    def bound(self, source):
        link = self.connect(source)
        link.sendall(bind([(0, EXPORTER)]))
        assert answer(link)[0] == 12
        return link

    def served(self, during):
        """REST makes a package, the watcher hears of it, somebody else logs in and subscribes."""
        row = self.site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': during, 'PkgSourceFlag': 1})
        self.n_made += 1
        self.watcher.wait(lambda: len(self.watcher.events[0]) >= self.n_made)
        check(f'{during}: REST and WMI clients are served', self.watcher.events[0][-1][1] == row['PackageID'] and
              Crowd(self.site, 1, 5, self.net).end() == 0, self.watcher.events[0][-1:])


# ---- attacks ----

def silence(a):
    for n in range(6):
        for _ in range(300):
            a.connect(f'127.77.0.{n + 1}', (135, 49700)[n % 2])
    a.served('a flood of 1,800 connections that say nothing')


def half_open(a):
    for n in range(200):
        link = a.connect('127.77.1.1', 49700)
        a.send(link, bind([(0, SERVICES)], security=1)[:None if n % 2 else -9])
    a.served('200 logons that stop half-way')


def drip(a):
    text, slow = bind([(0, EXPORTER)]), [a.connect('127.77.2.1') for _ in range(100)]
    for at in range(12):
        for link in slow:
            a.send(link, text[at:at + 1])
        if at % 6 == 5:
            a.served('an octet at a time')


def bombs(a):
    for n in range(20):
        link = a.bound(f'127.77.3.{n + 1}')
        for i in range(600):                    # 3.5 MB, below what one request may be; 70 MB in all
            if not a.send(link, request(2, bytes(5800), flags=1 if i == 0 else 0, hint=0xffffffff)):
                break
    a.served('20 requests that never end')


def contexts(a):
    link = a.bound('127.77.4.1')
    link.sendall(request(2, b''))
    known = answer(link)[0]
    for n in range(40):
        link.sendall(bind([(1 + n * 100 + k, SERVICES) for k in range(100)], kind=14, call=n + 3))
        assert answer(link)[0] == 15
    link.sendall(request(99, b''))
    check('a connection that names 4,000 contexts has lost its first', (known, answer(link)[0]) == (2, 3), known)
    a.served('thousands of contexts')


def pings(a):
    link = a.bound('127.77.5.1')
    for n in range(100):
        oids = os.urandom(8 * 500)
        stub = struct.pack('<QHHHxxIII', 0, 0, 500, 0, 0x20000, 500, 0) + oids + bytes(4)
        link.sendall(request(n + 2, stub, opnum=2))
        assert answer(link)[0] in (2, 3)
    a.served('50,000 pings of objects that are not there')


def guesses(a):
    done = accepted = 0
    for done in range(1, WRONG + 1):
        with a.connect(f'127.77.6.{1 + done % 250}', 49700) as link:
            a.links.pop()
            link.sendall(bind([(0, SERVICES)], security=1))
            assert answer(link)[0] == 12
            token = authenticate(('admin', 'nobody')[done % 2], done)
            link.sendall(pdu(16, 3, bytes(4), 1, token, struct.pack('<BBBBI', 10, 6, 0, 0, 1)) +
                         pdu(0, 3, struct.pack('<IHH', 4, 0, 3) + bytes(16), 2, bytes(16), struct.pack('<BBBBI', 10, 6, 12, 0, 1)))
            kind, body = answer(link)
            accepted += (kind, struct.unpack_from('<I', body, 24)[0]) != (3, 5)
    check(f'{done} wrong passwords: none is taken', accepted == 0, accepted)
    a.served('wrong passwords')


def main():
    folder = tempfile.mkdtemp(prefix='tallyman-abuse-')
    a = Abuse(folder)
    try:
        a.prepare()
        for attack in (silence, half_open, drip, bombs, contexts, pings, guesses):
            attack(a)
        grown = resident_bytes(a.server, peak=True) - a.before
        sanitized = b'__asan_init' in open(f'/proc/{a.server}/exe', 'rb').read()
        check(f'memory grew by {grown >> 20} MiB at most (of {GROWTH_MAX >> 20}{"; not counted under sanitizers" if sanitized else ""})',
              sanitized or grown <= GROWTH_MAX, grown)
        for link in a.links:
            link.close()
        a.served('and when they have gone')
        check('the watcher ends well', a.watcher.end() == 0)
        lines = open(f'{folder}/site.log').read().splitlines()
        check(f'the log has {len(lines)} lines of all this', len(lines) <= LINES_MAX, len(lines))
    finally:
        a.site.stop()
        log = open(f'{folder}/site.log').read()
        check('the site says nothing of sanitizers', 'Sanitizer' not in log and 'runtime error' not in log, log[-3000:])
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
