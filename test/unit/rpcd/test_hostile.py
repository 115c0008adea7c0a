#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_hostile - clients that mean harm: floods, half-open binds, slow senders, fragment bombs, guessing, nonsense

    test_hostile.py RPC_TEST_SERVER [WRONG_PASSWORDS]

While each goes on, somebody else is served.
"""
import hashlib
import hmac
import os
import random
import resource
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

SERVER = sys.argv.pop(1)
WRONG = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 10000
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")
EXPORTER = bytes.fromhex("c4fefc9960521b10bbcb00aa0021347a00000000")
MGMT = bytes.fromhex("80bda8af8a7dc911bef408002b10298901000000")
NEGOTIATE = b"NTLMSSP\0" + struct.pack("<II", 1, 0xe2088297) + bytes(16) + bytes(8)


def pdu(kind, flags, body, call=1, token=b"", trailer=b""):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body) + len(trailer) + len(token), len(token),
                       call) + body + trailer + token


def bind(interface, level=0, context=1, kind=11, call=1, token=NEGOTIATE):
    body = struct.pack("<HHIBBHHBB", 5840, 5840, 0, 1, 0, 0, 0, 1, 0) + interface + NDR
    trailer = struct.pack("<BBBBI", 10, level, 0, 0, context) if level else b""
    return pdu(kind, 3, body, call, token if level else b"", trailer)


def request(call, stub=b"", flags=3, opnum=3, hint=0):
    return pdu(0, flags, struct.pack("<IHH", hint or len(stub), 0, opnum) + stub, call)


def read(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def answer(s):
    head = read(s, 16)
    length, token = struct.unpack_from("<HH", head, 8)
    return head[2], head + read(s, length - 16)


def fields(message, at):
    length, _, offset = struct.unpack_from("<HHI", message, at)
    return message[offset:offset + length]


def authenticate(challenge, user, nt_hash):
    """an NTLMv2 AUTHENTICATE without a MIC; the hash is wrong, so no key is needed"""
    name = user.encode("utf-16-le")
    owf = hmac.new(nt_hash, user.upper().encode("utf-16-le"), "md5").digest()
    blob = b"\1\1" + bytes(6) + bytes(8) + os.urandom(8) + bytes(4) + bytes(4) + bytes(4)
    proof = hmac.new(owf, challenge[24:32] + blob, "md5").digest()
    head, payload = b"NTLMSSP\0" + struct.pack("<I", 3), b""
    for value in (b"", proof + blob, b"", name, b"", bytes(16)):
        head += struct.pack("<HHI", len(value), len(value), 72 + len(payload))
        payload += value
    return head + struct.pack("<I", 0xe2088297) + bytes(8) + payload


class Hostile(unittest.TestCase):
    arguments = ()

    def start(self, *arguments):
        # what was freed counts as freed, or memory() would measure ASan
        environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
        self.process = subprocess.Popen([SERVER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.port = int(self.process.stdout.readline().split("=")[1])
        self.sockets = []
        self.log = threading.Thread(target=self.process.stdout.read, daemon=True)      # a full pipe would stop it
        self.log.start()
        self.addCleanup(self.stop)

    def stop(self):
        for s in self.sockets:
            s.close()
        self.process.stdin.close()
        self.assertEqual(self.process.wait(60), 0)
        self.log.join(60)
        self.process.stdout.close()

    def connect(self, source="127.0.0.1"):
        s = socket.socket()
        self.sockets.append(s)
        s.settimeout(60)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.bind((source, 0))
        s.connect(("127.0.0.1", self.port))
        return s

    def serves(self, source="127.0.0.9"):
        """ServerAlive, from another address"""
        with self.connect(source) as s:
            s.sendall(bind(EXPORTER))
            self.assertEqual(answer(s)[0], 12)
            s.sendall(request(2))
            kind, body = answer(s)
            self.assertEqual((kind, body[24:]), (2, bytes(4)))

    def memory(self):
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * resource.getpagesize()

    def closes(self, sockets):
        for s in sockets:
            try:
                while s.recv(65536):
                    pass
            except ConnectionError:
                pass

    def test_flood_of_one_address(self):
        self.start("--per-address", "20")
        mine = [self.connect() for _ in range(60)]
        self.closes(mine[20:])
        for s in mine[:20]:
            s.sendall(bind(EXPORTER))
            self.assertEqual(answer(s)[0], 12)
        self.serves()

    def test_flood_of_all_addresses(self):
        self.start("--connections", "30")
        bound = self.connect("127.0.0.3")
        bound.sendall(bind(EXPORTER))
        self.assertEqual(answer(bound)[0], 12)
        mine = [self.connect(f"127.0.1.{i}") for i in range(80)]
        self.serves()
        self.closes(mine[:50])                          # those who had not bound for longest
        bound.sendall(request(2))                       # who had bound stays
        self.assertEqual(answer(bound)[0], 2)

    def test_half_open_binds(self):
        self.start("--handshake", "1")
        mine = [self.connect() for _ in range(30)]
        for i, s in enumerate(mine):
            if i % 3:
                s.sendall(bind(MGMT, level=6))
                if i % 3 == 2:
                    self.assertEqual(answer(s)[0], 12)
        self.serves()
        self.closes(mine)

    def test_slow_senders(self):
        self.start("--handshake", "60", "--fragment", "1")
        mine = [self.connect() for _ in range(20)]
        text = bind(EXPORTER)
        open_, at = list(mine), 0
        while open_ and at < len(text) - 1:             # an octet a quarter of a second would take 18 seconds
            self.serves()
            for s in list(open_):
                try:
                    s.sendall(text[at:at + 1])
                except ConnectionError:
                    open_.remove(s)
            at += 1
            for s in select.select(open_, [], [], 0.25)[0]:
                open_.remove(s)
        self.assertLess(at, len(text) - 1)
        self.closes(mine)

    def test_slow_readers(self):
        """answers that nobody takes: the server stops reading, and its memory stays"""
        self.start("--queued", "1000000")
        s = self.connect()
        s.sendall(bind(EXPORTER))
        self.assertEqual(answer(s)[0], 12)
        before, sent = self.memory(), 0
        s.setblocking(False)
        batch = b"".join(request(k + 2) for k in range(1000))
        while sent < 100 << 20 and select.select([], [s], [], 1)[1]:
            sent += s.send(batch[sent % len(batch):])
        self.assertLess(sent, 100 << 20)
        self.serves()
        self.assertLess(self.memory() - before, 50 << 20)

    def test_many_slow_readers(self):
        """each within its own limit, together too much: the hogs go, others are served"""
        self.start("--queued", "2000000", "--waiting", "4")
        hogs, batch = [self.connect() for _ in range(12)], b"".join(request(k + 2) for k in range(1000))
        for s in hogs:
            s.sendall(bind(EXPORTER))
            self.assertEqual(answer(s)[0], 12)
            s.setblocking(False)
        gone, sent, until = set(), dict.fromkeys(hogs, 0), time.monotonic() + 60
        while len(gone) < 3 and time.monotonic() < until:
            for s in select.select([], [s for s in hogs if s not in gone], [], 0.1)[1]:
                try:
                    sent[s] += s.send(batch[sent[s] % len(batch):])
                except BlockingIOError:
                    pass
                except OSError:
                    gone.add(s)
        self.assertGreaterEqual(len(gone), 3)
        self.assertLess(len(gone), len(hogs))
        self.serves()

    def test_fragment_bombs(self):
        """requests that never end: 4 MiB each are kept and no more"""
        self.start()
        before = self.memory()
        for k in range(4):
            s = self.connect(f"127.0.0.{k + 20}")
            s.sendall(bind(EXPORTER))
            self.assertEqual(answer(s)[0], 12)
            stub = bytes(5800)
            for i in range(1500):                       # 8.7 MB
                s.sendall(request(2, stub, flags=1 if i == 0 else 0, hint=0xffffffff))
            kind, body = answer(s)
            self.assertEqual((kind, struct.unpack_from("<I", body, 24)[0]), (3, 14))
        self.serves()
        self.assertLess(self.memory() - before, 60 << 20)

    def test_many_unfinished_calls(self):
        self.start()
        s = self.connect()
        s.sendall(bind(EXPORTER))
        self.assertEqual(answer(s)[0], 12)
        with self.assertRaises((ConnectionError, EOFError)):
            for call in range(2, 100000):
                s.sendall(request(call, bytes(16), flags=1))
        self.serves()

    def test_wrong_passwords(self):
        self.start("--connections", "3000", "--per-address", "3000")
        for k in range(WRONG):
            with self.connect() as s:
                s.sendall(bind(MGMT, level=6))
                kind, body = answer(s)
                self.assertEqual(kind, 12)
                challenge = body[body.index(b"NTLMSSP\0"):]
                user = ("admin", "nobody")[k % 2]
                token = authenticate(challenge, user, hashlib.md5(str(k).encode()).digest())
                s.sendall(pdu(16, 3, bytes(4), 1, token, struct.pack("<BBBBI", 10, 6, 0, 0, 1)))
                s.sendall(pdu(0, 3, struct.pack("<IHH", 4, 0, 99) + b"evil" + bytes(12), 2, bytes(16),
                              struct.pack("<BBBBI", 10, 6, 12, 0, 1)))
                kind, body = answer(s)
                self.assertEqual((kind, struct.unpack_from("<I", body, 24)[0]), (3, 5))
            if k % 100 == 0:
                self.serves()
        self.serves()

    def test_many_security_contexts(self):
        self.start()
        s = self.connect()
        s.sendall(bind(MGMT, level=6))
        self.assertEqual(answer(s)[0], 12)
        kinds = []
        for k in range(2, 80):
            s.sendall(bind(MGMT, level=6, context=k, kind=14, call=k))
            kinds.append(answer(s)[0])
        self.assertEqual(set(kinds), {15})      # past 64, the one unused for longest makes room
        self.serves()

    def test_nonsense(self):
        self.start("--handshake", "2", "--fragment", "2")
        chance = random.Random(7)
        good = bind(MGMT, level=6) + request(2, bytes(40))
        for k in range(300):
            text = bytearray(good)
            for _ in range(chance.randrange(1, 8)):
                text[chance.randrange(len(text))] = chance.randrange(256)
            s = self.connect()
            try:
                s.sendall(bytes(text[:chance.randrange(1, len(text))]))
            except ConnectionError:
                pass
            s.close()
        self.serves()


if __name__ == "__main__":
    unittest.main(verbosity=1)
