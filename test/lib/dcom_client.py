# SPDX-License-Identifier: Apache-2.0
"""dcom_client - what the DCOM tests share: impacket as a WMI client, and an exporter for sinks of our own

python3-impacket is the client.  Where its API is thin (asynchronous calls, smart enumeration, put), requests are made
of NDR by hand.  Exporter is a client's side of a callback: a resolver on port 135 and a sink, on an address of loopback.
"""
import os
import socket
import struct
import threading
import uuid

from impacket.dcerpc.v5 import dcomrt
from impacket.dcerpc.v5.dcom import wmi
from impacket.dcerpc.v5.dcomrt import DCOMConnection
from impacket.dcerpc.v5.dtypes import NULL

CLSID_OBJECT = uuid.UUID('4590f812-1d3a-11d0-891f-00aa004b2e24')
IID = {name: uuid.UUID(text) for name, text in {
    'IObjectExporter': '99fcfec4-5260-101b-bbcb-00aa0021347a', 'IRemUnknown2': '00000143-0000-0000-c000-000000000046',
    'IWbemObjectSink': '7c857801-7381-11cf-884d-00aa004b2e24', 'IWbemServices': '9556dc99-828c-11cf-a37e-00aa003240c7',
    'IEnumWbemClassObject': '027947e1-d731-11ce-a357-000000000001',
    'IWbemFetchSmartEnum': '1c1c45ee-4395-11d2-b60b-00104b703efd', 'IWbemWCOSmartEnum': '423ec01e-2e35-11d2-b604-00104b703efd',
    'IWbemCallResult': '44aca675-e8fc-11d0-a07c-00c04fb68820', 'IWbemClassObject': 'dc12a681-737f-11cf-884d-00aa004b2e24',
}.items()}
NDR = uuid.UUID('8a885d04-1ceb-11c9-9fe8-08002b104860').bytes_le + struct.pack('<I', 2)
FORWARD, IMMEDIATELY, INFINITE = 0x20, 0x10, 0xffffffff


# ---- NDR by hand ----

class Writer:
    def __init__(self):
        self.data = bytearray()
        self.referent = 0x20000

    def align(self, n):
        self.data += b'\0' * (-len(self.data) % n)
        return self

    def number(self, form, size, value):
        self.align(size)
        self.data += struct.pack('<' + form, value)
        return self

    def u16(self, value):
        return self.number('H', 2, value)

    def u32(self, value):
        return self.number('I', 4, value & 0xffffffff)

    def u64(self, value):
        return self.number('Q', 8, value)

    def raw(self, data):
        self.data += data
        return self

    def pointer(self):
        self.referent += 4
        return self.u32(self.referent)

    def bstr(self, text):
        if text is None:
            return self.u32(0)
        units = text.encode('utf-16-le')
        return self.pointer().u32(len(units) // 2).u32(len(units)).u32(len(units) // 2).raw(units)

    def interface(self, data):
        if data is None:
            return self.u32(0)
        return self.pointer().u32(len(data)).u32(len(data)).raw(data)

    def wanted(self):               # [in, out, unique] IFoo **: wanted, and nothing there yet
        return self.pointer().u32(0)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = bytes(data), at

    def number(self, form, size):
        self.at += -self.at % size
        value, = struct.unpack_from('<' + form, self.data, self.at)
        self.at += size
        return value

    def u16(self):
        return self.number('H', 2)

    def u32(self):
        return self.number('I', 4)

    def u64(self):
        return self.number('Q', 8)

    def raw(self, n):
        data = self.data[self.at:self.at + n]
        assert len(data) == n, 'cut'
        self.at += n
        return data

    def interface(self):
        if not self.u32():
            return None
        return self.interface_body()

    def interface_body(self):
        self.u32()
        return self.raw(self.u32())

    def inout(self):
        return self.interface() if self.u32() else None

    def bstr(self):
        if not self.u32():
            return None
        self.u32()
        self.u32()
        return self.raw(2 * self.u32()).decode('utf-16-le')

    def this(self):
        self.raw(28)
        assert self.u32() == 0


def this():
    return struct.pack('<HHII', 5, 7, 0, 0) + uuid.uuid4().bytes_le + b'\0\0\0\0'


def that(reader):
    """Passes over ORPCTHAT; returns the error information there is, an __ExtendedStatus, or None."""
    reader.u32()
    if not reader.u32():
        return None
    reader.u32()
    reader.u32()
    reader.u32()
    n = reader.u32()
    present = [reader.u32() for _ in range(n)]
    found = None
    for one in present:
        if one:
            size = reader.u32()
            reader.raw(16)
            reader.u32()
            found = values(reader.raw(size))
    return found


def custom_data(objref):
    """The data of an OBJREF_CUSTOM."""
    assert objref[:4] == b'MEOW' and struct.unpack_from('<I', objref, 4)[0] == 4, objref[:24].hex()
    size, = struct.unpack_from('<I', objref, 44)
    return objref[48:48 + size]


def parse(objref):
    unit = wmi.ENCODING_UNIT(custom_data(objref))
    unit['ObjectBlock'].parseObject()
    return unit['ObjectBlock'].ctCurrent


def values(objref):
    """Of an instance; of a class only its name."""
    current = parse(objref)
    return {'__CLASS': current['name'].split(' ')[0], **{name: one['value'] for name, one in (current['values'] or {}).items()}}


def properties(instance):
    """Of an object impacket gave."""
    return {name: one['value'] for name, one in instance.getProperties().items()}


def target(event, which='TargetInstance'):
    one = getattr(event, which)
    if isinstance(one, wmi.ENCODING_UNIT):          # impacket 0.10 leaves inherited objects as they came
        one['ObjectBlock'].parseObject()
        return {name: value['value'] for name, value in one['ObjectBlock'].ctCurrent['values'].items()}
    return properties(one)


# ---- a client ----

class Client:
    def __init__(self, host, user, password, code, level=6, namespace=None, resolver=False):
        self.connection = DCOMConnection(host, user, password, 'SITE', oxidResolver=resolver, authLevel=level)
        login = wmi.IWbemLevel1Login(self.connection.CoCreateInstanceEx(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login))
        self.services = login.NTLMLogin(namespace or f'//./root/sms/site_{code}', NULL, NULL)
        login.RemRelease()

    def close(self):
        self.connection.disconnect()

    def rows(self, query, flags=IMMEDIATELY | FORWARD):
        found = []
        rows = self.services.ExecQuery(query, flags)
        while True:
            try:
                found.append(rows.Next(INFINITE, 1)[0])
            except wmi.DCERPCSessionError as e:
                assert e.get_error_code() == 1, hex(e.get_error_code())
                break
        rows.RemRelease()
        return found

    def call(self, iface, opnum, arguments, on=None):
        """A request by hand; a Reader behind ORPCTHAT, and the error information."""
        on = on or self.services
        on.connect(IID[iface].bytes_le + b'\0\0\0\0')
        link = on.get_dce_rpc()
        link.call(opnum, this() + bytes(arguments.data), on.get_iPid())
        reader = Reader(link.recv())
        return reader, that(reader)

    def object_of(self, objref):
        """An impacket interface of a standard OBJREF, for further calls by hand."""
        return dcomrt.IRemUnknown2(dcomrt.INTERFACE(self.services.get_cinstance(), objref, self.services.get_ipidRemUnknown(),
                                                    target=self.services.get_target()))


# ---- the client's side of callbacks ----

class Exporter:
    """A resolver and a sink; what the sink hears is in heard: ('Indicate', class, values) or ('SetStatus', hresult, text, object)."""

    def __init__(self, address, answer=0, delay=None, auth=False):
        self.address, self.port, self.answer, self.delay = address, 0, answer, delay
        self.heard, self.changed, self.levels = [], threading.Condition(), set()
        self.oxid, self.oid = struct.unpack('<QQ', os.urandom(16))
        self.ipid, self.unknown = os.urandom(16), os.urandom(16)
        self.released = self.calling = self.indicated = self.most = self.pings = 0
        self.sockets = []
        self.resolver = self.listen(135)
        self.sink = self.listen(0)
        self.port = self.sink.getsockname()[1]

    def listen(self, port):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address, port))
        s.listen(20)
        threading.Thread(target=self.accept, args=(s,), daemon=True).start()
        return s

    def close(self):
        for s in [self.resolver, self.sink] + self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def accept(self, listener):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            self.sockets.append(link)
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def bindings(self, port=None):
        text = self.address + (f'[{port}]' if port else '')
        words = struct.pack('<H', 7) + text.encode('utf-16-le') + b'\0\0' + b'\0\0'
        security = struct.pack('<HH', 10, 0xffff) + b'\0\0' + b'\0\0'
        return (len(words) + len(security)) // 2, len(words) // 2, words + security

    def objref(self):
        n, security, words = self.bindings()
        return (b'MEOW' + struct.pack('<I', 1) + IID['IWbemObjectSink'].bytes_le + struct.pack('<IIQQ', 0, 5, self.oxid, self.oid) +
                self.ipid + struct.pack('<HH', n, security) + words)

    @staticmethod
    def receive(link, n):
        data = b''
        while len(data) < n:
            more = link.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def serve(self, link):
        stubs, contexts = {}, {}
        try:
            while True:
                head = self.receive(link, 16)
                kind, flags, length, auth, call = head[2], head[3], *struct.unpack_from('<HHI', head, 8)
                body = self.receive(link, length - 16)
                if kind in (11, 14):
                    link.sendall(self.bound(kind, call, body, auth, contexts))
                elif kind == 0:
                    context, opnum = struct.unpack_from('<HH', body, 4)
                    at = 24 if flags & 0x80 else 8
                    stubs[call] = stubs.get(call, b'') + body[at:]
                    if flags & 2:
                        answer = self.answer_of(contexts[context], opnum, stubs.pop(call))
                        link.sendall(struct.pack('<BBBBIHHI', 5, 0, 2, 3, 0x10, 24 + len(answer), 0, call) +
                                     struct.pack('<IHBB', len(answer), context, 0, 0) + answer)
        except (EOFError, OSError):
            pass
        finally:
            link.close()

    @staticmethod
    def bound(kind, call, body, auth, contexts):
        if auth:                        # nobody may authenticate here: the site steps down
            return struct.pack('<BBBBIHHI', 5, 0, 13, 3, 0x10, 21, 0, call) + struct.pack('<HBBB', 8, 1, 5, 0)
        n, results, at = body[8], b'', 12
        for _ in range(n):
            context, transfers = struct.unpack_from('<HB', body, at)
            contexts[context] = uuid.UUID(bytes_le=body[at + 4:at + 20])
            good = NDR in [body[at + 24 + 20 * i:at + 44 + 20 * i] for i in range(transfers)]
            results += struct.pack('<HH', 0 if good else 2, 0 if good else 2) + (NDR if good else bytes(20))
            at += 24 + 20 * transfers
        address = b'' if kind == 14 else b'0\0'
        rest = struct.pack('<HHIH', 5840, 5840, 4711, len(address)) + address
        rest += b'\0' * (-len(rest) % 4) + struct.pack('<BBH', n, 0, 0) + results
        return struct.pack('<BBBBIHHI', 5, 0, kind + 1, 3, 0x10, 16 + len(rest), 0, call) + rest

    def answer_of(self, iface, opnum, stub):
        out = Writer()
        if iface == IID['IObjectExporter'] and opnum == 4:
            known = struct.unpack_from('<Q', stub)[0] == self.oxid
            n, security, words = self.bindings(self.port)
            if known:
                out.pointer().u32(n).u16(n).u16(security).raw(words).align(4).raw(self.unknown).u32(1)
            else:
                out.u32(0).raw(bytes(16)).u32(0)
            return bytes(out.u16(5).u16(7).u32(0 if known else 0x80070776).data)
        if iface == IID['IObjectExporter']:
            self.pings += 1
            return bytes(out.u64(4711).u16(0).u32(0).data)
        out.u32(0).u32(0)
        reader = Reader(stub)
        reader.this()
        if iface == IID['IRemUnknown2']:
            if opnum == 5:
                with self.changed:
                    self.released += 1
                    self.changed.notify_all()
            else:
                out.u32(0)
            return bytes(out.u32(0).data)
        return bytes(out.u32(self.sink_call(opnum, reader)).data)

    def sink_call(self, opnum, reader):
        with self.changed:
            self.calling += 1
            self.most = max(self.most, self.calling)
            self.changed.notify_all()
        if self.delay:
            self.delay()
        with self.changed:
            self.calling -= 1
            if opnum == 3:
                n = reader.u32()
                pointers = [reader.u32() for _ in range(reader.u32())]
                assert n == len(pointers)
                self.indicated += 1
                for _ in range(n):
                    self.heard.append(('Indicate', values(reader.interface_body())))
            else:
                reader.u32()
                hresult = reader.u32()
                text = reader.bstr()
                told = reader.interface()
                self.heard.append(('SetStatus', hresult, text, values(told) if told else None))
            self.changed.notify_all()
        return self.answer

    def wait(self, done, seconds=60):
        with self.changed:
            assert self.changed.wait_for(lambda: done(self.heard), seconds), self.heard
