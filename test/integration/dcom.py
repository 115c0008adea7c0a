#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The DCOM wire, as clients of other people see it: python3-impacket, and sinks of our own.

Activation and both kinds of authentication level; queries; events while a real distribution runs; objects and classes;
creating, changing, deleting, methods; asynchronous calls with sinks that are quick, slow, dead, unwilling; what is
refused, and in which words.
"""
import contextlib
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, UnixConnection, resident_bytes  # noqa: E402
from dcom_client import FORWARD, IMMEDIATELY, INFINITE, Client, Exporter, Writer, properties, target, this, values, wmi  # noqa: E402
from impacket.dcerpc.v5 import dcomrt, transport  # noqa: E402
from impacket.dcerpc.v5.dtypes import NULL  # noqa: E402
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_NONE, DCERPCException  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
ROOT = 'SMS_PackageStatusRootSummarizer'
MADE = f"SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA '{ROOT}'"
CHANGED = f"SELECT * FROM __InstanceModificationEvent WITHIN 1 WHERE TargetInstance ISA '{ROOT}'"
CONTEXT = uuid.UUID('44aca674-e8fc-11d0-a07c-00c04fb68820'), uuid.UUID('674b6698-ee92-11d0-ad71-00c04fd8fdff')
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


def refused(what):
    """The HRESULT, or the words, of what must fail."""
    try:
        return what()
    except wmi.DCERPCSessionError as e:
        return e.get_error_code()
    except (DCERPCException, Exception) as e:
        return str(e)


def in_thread(what, *arguments):
    """impacket keeps one connection a thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(what(*arguments)))
    thread.start()
    return thread, found


class Fixture:
    def __init__(self, folder):
        self.site = Site(folder, 2)

    def prepare(self):
        folder = self.site.folder
        self.host = self.site.settings['TALLYMAN_DCOM_HOST']
        self.code = self.site.settings['TALLYMAN_SITE']
        self.password = open(self.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")).read().strip()
        self.source = f'{folder}/source'
        os.mkdir(self.source)
        for i in range(3):
            with open(f'{self.source}/file{i}', 'w') as out:
                out.write(f'content {i}\n' * 100)
        self.tallyman('user', 'enable-ntlm', 'admin', '--new-password-file', self.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\""))
        self.reader = self.tallyman('user', 'add', 'reader', '--role', 'analyst', '--ntlm')
        self.sinks = '.'.join(self.host.split('.')[:3]) + '.%d'

    def tallyman(self, *words):
        return subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{self.site.socket}', *words], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def client(self, level=5, user='admin', password=None, **more):
        return Client(self.host, user, password or self.password, self.code, level, **more)


# ---- the resolver ----

def resolver(f):
    link = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:{f.host}').get_dce_rpc()
    link.set_auth_level(RPC_C_AUTHN_LEVEL_NONE)
    link.connect()
    exporter = dcomrt.IObjectExporter(link)
    check('ServerAlive', exporter.ServerAlive()['ErrorCode'] == 0)
    names = [b['aNetworkAddr'].rstrip('\0') for b in exporter.ServerAlive2()]
    check('ServerAlive2 names the address that was dialled first', names[0] == f.host, names)
    connection = dcomrt.DCOMConnection(f.host, 'admin', f.password, 'SITE', oxidResolver=False)
    made = dcomrt.IActivation(connection.get_dce_rpc()).RemoteActivation(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login)
    for resolve in (exporter.ResolveOxid, exporter.ResolveOxid2):
        names = [b['aNetworkAddr'].rstrip('\0') for b in resolve(made.get_oxid(), (7,))]
        check(f'{resolve.__name__} tells the port', names[0] == f'{f.host}[49700]', names)
        check(f'{resolve.__name__} of a stranger', '0x80070776' in str(refused(lambda: resolve(4711, (7,)))).lower() or
              refused(lambda: resolve(4711, (7,))) == 0x80070776, refused(lambda: resolve(4711, (7,))))
    answer = exporter.ComplexPing(0, 0, [made.get_oid()], [])
    check('ComplexPing makes a set', answer['ErrorCode'] == 0 and answer['pSetId'] != 0)
    check('SimplePing knows it', exporter.SimplePing(answer['pSetId'])['ErrorCode'] == 0)
    check('SimplePing of a stranger', '778' in str(refused(lambda: exporter.SimplePing(4711))), refused(lambda: exporter.SimplePing(4711)))
    login = wmi.IWbemLevel1Login(made)
    found = login.RemQueryInterface(1, (wmi.IID_IWbemLoginClientID[:-4],))
    check('RemQueryInterface', found.get_iPid() != made.get_iPid())
    check('RemAddRef', login.RemAddRef()['ErrorCode'] == 0)
    check('EstablishPosition', refused(login.EstablishPosition) == 0x80004001, refused(login.EstablishPosition))
    check('IActivation logs in', login.NTLMLogin(f'//./root/sms/site_{f.code}', NULL, NULL).get_iPid() is not None)
    connection.disconnect()
    check('a class that is not here', '0x80040154' in str(refused(lambda: unknown_class(f))).lower() or
          refused(lambda: unknown_class(f)) == 0x80040154, refused(lambda: unknown_class(f)))


def unknown_class(f):
    connection = dcomrt.DCOMConnection(f.host, 'admin', f.password, 'SITE', oxidResolver=False)
    connection.CoCreateInstanceEx(b'\x11' * 16 + bytes(4), wmi.IID_IWbemLevel1Login)


# ---- who may come in ----

def logons(f):
    for level in (6, 5):
        c = f.client(level)
        check(f'level {level}: a query', len(c.rows('SELECT * FROM TM_User')) == 2)
        c.close()
    check('level 2 is refused', 'denied' in str(refused(lambda: f.client(2))).lower(), refused(lambda: f.client(2)))
    check('a wrong password', 'denied' in str(refused(lambda: f.client(password='wrong'))).lower())
    names = (f'\\\\{f.host}\\root\\sms\\site_{f.code}', f'ROOT/sms\\SITE_{f.code.lower()}', '//./root/sms', 'root\\subscription', 'root')
    for name in names:
        c = f.client(namespace=name)
        check(f'namespace {name}', c.services is not None)
        c.close()
    check('no such namespace', refused(lambda: f.client(namespace='//./root/cimv2')) == 0x8004100e)


# ---- reading ----

def queries(f):
    c = f.client()
    one = c.rows('SELECT Name, SourceVersion FROM SMS_Package WHERE PkgSourceFlag = 1')
    check('a property list gives these properties', one and list(properties(one[0])) == ['Name', 'SourceVersion'], one and properties(one[0]))
    check('COUNT', c.rows('SELECT COUNT(*) FROM SMS_Package')[0].Count >= 1)
    joined = c.rows('SELECT p.PackageID, s.SiteCode FROM SMS_Package AS p INNER JOIN SMS_Site AS s ON p.SourceSite = s.SiteCode')
    check('a join', joined and set(properties(joined[0])) == {'p', 's'}, joined and properties(joined[0]))
    check('classes by query', {o.getClassName() for o in c.rows("SELECT * FROM meta_class WHERE __THIS ISA '__InstanceOperationEvent'")} >=
          {'__InstanceCreationEvent', '__InstanceDeletionEvent'})
    for text, code in (('SELECT * FROM Nope', 0x80041010), ('SELECT FROM', 0x80041017), ('SELECT Nope FROM SMS_Package', 0x80041017), ('', 0x80041008)):
        check(f'query "{text}"', refused(lambda: c.services.ExecQuery(text)) == code, refused(lambda: c.services.ExecQuery(text)))
    rows = c.services.ExecQuery('SELECT * FROM Nope', IMMEDIATELY | FORWARD)
    check('an unknown class, semisynchronously: told by Next', refused(lambda: rows.Next(INFINITE, 1)) == 0x80041010)
    check('flags that are none', refused(lambda: c.services.ExecQuery('SELECT * FROM SMS_Site', 0x4000000)) == 0x80041008)
    request = Writer().bstr('CQL').bstr('SELECT * FROM SMS_Site').u32(0).u32(0)
    reader, told = c.call('IWbemServices', 20, request)
    check('another language', reader.interface() is None and reader.u32() == 0x80041018)
    check('the error tells itself in words', told and told['StatusCode'] == 0x80041018 and 'WQL' in told['Description'] and
          told['Operation'] == 'ExecQuery' and told['ParameterInfo'].startswith('SELECT'), told)
    enumerators(c)
    smart(c)
    c.close()


def over_rest(f, text):
    """How many rows REST gives, or the HRESULT it refuses with."""
    link = UnixConnection(f.site.socket)
    link.request('POST', '/AdminService/wql', text.encode(), {'Content-Type': 'text/plain'})
    answer = link.getresponse()
    told = json.loads(answer.read())
    link.close()
    return len(told['value']) if answer.status == 200 else int(told['error'].get('hresult', '0'), 16)


def over_dcom(c, text):
    reader, _ = c.call('IWbemServices', 20, Writer().bstr('WQL').bstr(text).u32(FORWARD).u32(0))
    objref = reader.interface()
    if not objref:
        return reader.u32()
    rows = c.object_of(objref)
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(10000), rows)
    found, hresult = next_of(reader)
    rows.RemRelease()
    return len(found) if hresult == 1 else hresult


def real_queries(f):
    """What administrators ask: DCOM gives as many rows as REST, or refuses for the same reason."""
    c, texts = f.client(), set()
    for name in ('real_queries.txt', 'real_queries_more.txt'):
        with open(f'{HERE}/../data/{name}') as lines:
            texts |= {line.rstrip('\n') for line in lines if line.strip() and not line.startswith('#')}
    other = {text: answers for text in sorted(texts)
             for answers in [(over_rest(f, text), over_dcom(c, text))] if answers[0] != answers[1]}
    check(f'{len(texts)} queries of administrators are answered as over REST', not other, list(other.items())[:5])
    c.close()


def enumerators(c):
    rows = c.services.ExecQuery('SELECT * FROM SMS_Package ORDER BY PackageID', 0)
    first = rows.Next(INFINITE, 1)[0].PackageID
    second = rows.Next(INFINITE, 1)[0].PackageID
    with contextlib.redirect_stdout(io.StringIO()):         # impacket prints what it got
        rows.Reset()
    check('Reset goes to the beginning', rows.Next(INFINITE, 1)[0].PackageID == first)
    objref, hresult = by_hand_clone(c, rows)
    check('Clone stands where it was made', hresult == 0 and c.object_of(objref) is not None)
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(1), c.object_of(objref))
    check('Clone gives what comes next', next_of(reader)[0][0]['PackageID'] == second)
    reader, _ = c.call('IEnumWbemClassObject', 7, Writer().u32(INFINITE).u32(1), rows)
    check('Skip', reader.u32() == 0)
    reader, _ = c.call('IEnumWbemClassObject', 7, Writer().u32(INFINITE).u32(1000), rows)
    check('Skip past the end', reader.u32() == 1)
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(0).u32(5), rows)
    check('Next at the end', next_of(reader) == ([], 1))
    forward = c.services.ExecQuery('SELECT * FROM SMS_Package', FORWARD)
    reader, _ = c.call('IEnumWbemClassObject', 3, Writer(), forward)
    check('no Reset of a forward-only one', reader.u32() == 0x80041016)
    check('no Clone of a forward-only one', by_hand_clone(c, forward)[1] == 0x80041016)
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(100), forward)
    found, hresult = next_of(reader)
    check('Next of more than there are', hresult == 1 and len(found) == len(c.rows('SELECT * FROM SMS_Package')), (hresult, len(found)))


def by_hand_clone(c, rows):
    reader, _ = c.call('IEnumWbemClassObject', 6, Writer(), rows)
    return reader.interface(), reader.u32()


def next_of(reader):
    reader.u32()
    reader.u32()
    pointers = [reader.u32() for _ in range(reader.u32())]
    found = [values(reader.interface_body()) for _ in pointers]
    assert reader.u32() == len(found)
    return found, reader.u32()


def smart(c):
    rows = c.services.ExecQuery('SELECT * FROM SMS_Package', IMMEDIATELY | FORWARD)
    fetch = rows.RemQueryInterface(1, (b'\xee\x45\x1c\x1c\x95\x43\xd2\x11\xb6\x0b\x00\x10\x4b\x70\x3e\xfd',))
    reader, _ = c.call('IWbemFetchSmartEnum', 3, Writer(), fetch)
    objref = reader.interface()
    check('GetSmartEnum', reader.u32() == 0 and objref)
    rows.RemRelease()
    kinds, proxy, hresult = [], os.urandom(16), 0
    while hresult == 0:
        reader, _ = c.call('IWbemWCOSmartEnum', 3, Writer().raw(proxy).u32(INFINITE).u32(1), c.object_of(objref))
        n, size = reader.u32(), reader.u32()
        packet = reader.raw(reader.u32()) if reader.u32() else b''
        reader.at += -reader.at % 4
        hresult = reader.u32()
        if n:
            check('a packet of the length it says', len(packet) == size and packet[4:12] == b'WBEMDATA')
            kinds.append(packet[4 + 8 + 4 + 4 + 4 + 2 + 4 + 4 + 4 + 4 + 4 + 8])
    check('smart Next: the class once, then instances alone', kinds == [2] + [3] * (len(kinds) - 1) and len(kinds) > 1 and hresult == 1,
          (kinds, hresult))


def objects(f):
    c = f.client()
    found, _ = c.services.GetObject('SMS_Package')
    check('GetObject of a class', found.getClassName() == 'SMS_Package' and 'PkgSourcePath' in found.getProperties())
    check('its methods', 'RefreshPkgSource' in found.getMethods(), list(found.getMethods()))
    package = c.rows('SELECT * FROM SMS_Package')[0].PackageID
    for path in (f'SMS_Package.PackageID="{package}"', f'\\\\.\\root\\sms\\site_{f.code}:SMS_Package="{package}"'):
        check(f'GetObject {path}', c.services.GetObject(path)[0].PackageID == package)
    for path, code in (('Nope', 0x80041002), ('SMS_Package.PackageID="NOPE0000"', 0x80041002), ('SMS_Package.', 0x8004103a)):
        check(f'GetObject {path}', refused(lambda: c.services.GetObject(path)) == code, refused(lambda: c.services.GetObject(path)))
    reader, _ = c.call('IWbemServices', 6, Writer().bstr(f'SMS_Package="{package}"').u32(IMMEDIATELY).u32(0).wanted().wanted())
    check('GetObject, semisynchronously', reader.inout() is None)
    result = c.object_of(reader.inout())
    check('with a call result', reader.u32() == 0)
    reader, _ = c.call('IWbemCallResult', 3, Writer().u32(INFINITE), result)
    check('GetResultObject', values(reader.interface())['PackageID'] == package and reader.u32() == 0)
    reader, _ = c.call('IWbemCallResult', 6, Writer().u32(INFINITE), result)
    check('GetCallStatus', (reader.u32(), reader.u32()) == (0, 0))
    reader, _ = c.call('IWbemServices', 12, Writer().bstr('__InstanceOperationEvent').u32(IMMEDIATELY | FORWARD).u32(0))
    classes = c.object_of(reader.interface())
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(50), classes)
    check('CreateClassEnum', {one['__CLASS'] for one in next_of(reader)[0]} >= {'__InstanceCreationEvent', '__InstanceModificationEvent'})
    reader, _ = c.call('IWbemServices', 18, Writer().bstr('SMS_Package').u32(IMMEDIATELY | FORWARD).u32(0))
    rows = c.object_of(reader.interface())
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(50), rows)
    check('CreateInstanceEnum', package in {one['PackageID'] for one in next_of(reader)[0]})
    refused_classes(c)
    c.close()
    top = f.client(namespace='root')
    reader, _ = top.call('IWbemServices', 3, Writer().bstr(f'sms\\site_{f.code}').u32(0).u32(0).wanted().u32(0))
    below = reader.inout()
    check('OpenNamespace', below and reader.u32() == 0 and reader.u32() == 0)
    reader, _ = top.call('IWbemServices', 20, Writer().bstr('WQL').bstr('SELECT * FROM SMS_Package').u32(0).u32(0))
    check('a class of another namespace is not in this one', reader.interface() is None and reader.u32() == 0x80041010)
    reader, _ = top.call('IWbemServices', 20, Writer().bstr('WQL').bstr('SELECT * FROM SMS_Package').u32(0).u32(0), top.object_of(below))
    check('but in that', reader.interface() is not None)
    top.close()


def refused_classes(c):
    reader, told = c.call('IWbemServices', 10, Writer().bstr('SMS_Package').u32(0).u32(0).wanted())
    check('DeleteClass is refused', reader.inout() is None and reader.u32() == 0x80041003 and 'fixed' in told['Description'], told)
    reader, _ = c.call('IWbemServices', 5, Writer().u32(0))
    check('QueryObjectSink is refused', reader.interface() is None and reader.u32() == 0x8004100c)


# ---- writing ----

def by_put(c, objref, flags=0):
    reader, told = c.call('IWbemServices', 14, Writer().interface(objref).u32(flags).u32(0).wanted())
    result = reader.inout()
    return result and c.object_of(result), reader.u32(), told


def marshalled(one):
    with contextlib.redirect_stdout(io.StringIO()):         # impacket prints what it packs
        return one.marshalMe().getData()


def instance_of(c, name, **given):
    found, _ = c.services.GetObject(name)
    one = found.SpawnInstance()
    for key, value in given.items():
        setattr(one, key, value)
    return marshalled(one)


def writing(f):
    c = f.client()
    objref = instance_of(c, 'SMS_Package', Name='By DCOM', Description='made by impacket', PkgSourceFlag=1, Priority=2, ShareType=1)
    check('impacket makes an instance', objref is not None)
    result, hresult, told = by_put(c, objref)
    check('PutInstance creates', hresult == 0, (hex(hresult), told))
    reader, _ = c.call('IWbemCallResult', 4, Writer().u32(INFINITE), result)
    path = reader.bstr()
    check('and tells the path', path.startswith('\\\\') and ':SMS_Package.PackageID="' in path and reader.u32() == 0, path)
    made, _ = c.services.GetObject(path)
    check('it is there', (made.Name, made.Description) == ('By DCOM', 'made by impacket'), properties(made))
    reader, _ = c.call('IWbemServices', 6, Writer().bstr(path).u32(0).u32(0).wanted().u32(0))
    changed = reader.inout().replace(b'made by impacket', b'redo by impacket')
    result, hresult, told = by_put(c, changed)
    check('PutInstance of what was got, changed', hresult == 0, (hex(hresult), told))
    now = properties(c.services.GetObject(path)[0])
    check('and nothing else', {k for k, v in now.items() if v != properties(made)[k]} - {'LastRefreshTime', 'SedoObjectVersion'} == {'Description'} and
          now['Description'] == 'redo by impacket', {k: (v, properties(made)[k]) for k, v in now.items() if v != properties(made)[k]})
    result, hresult, told = by_put(c, changed, 2)
    check('CREATE_ONLY of one that is there', hresult == 0x80041019 and result is None, hex(hresult))
    audit = f.tallyman('query', 'SELECT * FROM TM_User', '-o', 'json')
    check('the account is still there', 'admin' in audit)
    contexts(c, path, changed)
    methods(f, c, path)
    reader_may_not(f, c, path, changed)
    reader, _ = c.call('IWbemServices', 16, Writer().bstr(path).u32(0).u32(0).u32(0))
    check('DeleteInstance', reader.inout() is None and reader.u32() == 0)
    check('it is gone', refused(lambda: c.services.GetObject(path)) == 0x80041002)
    reader, told = c.call('IWbemServices', 16, Writer().bstr(path).u32(0).u32(0).u32(0))
    check('DeleteInstance of what is gone', reader.inout() is None and reader.u32() == 0x80041002 and told['Operation'] == 'DeleteInstance', told)
    c.close()


def context(**named):
    """A marshalled IWbemContext; [MS-WMI] 2.2.13."""
    def text(s):
        return struct.pack('<I', len(s)) + s.encode('utf-16-le')
    data = struct.pack('<I', 1) + bytes(16) + struct.pack('<I', len(named))
    for name, value in named.items():
        data += text(name) + bytes(4)
        if isinstance(value, bool):
            data += struct.pack('<Hq', 11, 0xffff if value else 0)
        elif isinstance(value, int):
            data += struct.pack('<Hq', 3, value)
        else:
            data += struct.pack('<HII', 0x2008, len(value), 4) + b''.join(text(one) for one in value)
    return (b'MEOW' + struct.pack('<I', 4) + CONTEXT[0].bytes_le + CONTEXT[1].bytes_le + struct.pack('<II', 0, len(data)) + data)


def contexts(c, path, changed):
    part = changed.replace(b'redo by impacket', b'part by impacket').replace(b'By DCOM', b'Unheard')
    given = context(__PUT_EXTENSIONS=True, __PUT_EXT_PROPERTIES=['Description'], LocaleID=['MS\\1033'])
    reader, told = c.call('IWbemServices', 14, Writer().interface(part).u32(0).interface(given).wanted())
    reader.inout()
    hresult = reader.u32()
    now = c.services.GetObject(path)[0]
    check('PutInstance of the listed properties alone', (hresult, now.Description, now.Name) == (0, 'part by impacket', 'By DCOM'), (hresult, told))
    query = Writer().bstr('WQL').bstr('SELECT * FROM SMS_Package').u32(FORWARD).interface(context(InstanceCount=1))
    reader, _ = c.call('IWbemServices', 20, query)
    rows = c.object_of(reader.interface())
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(INFINITE).u32(50), rows)
    check('InstanceCount', len(next_of(reader)[0]) == 1)
    broken = given[:-7]
    reader, told = c.call('IWbemServices', 20, Writer().bstr('WQL').bstr('SELECT * FROM SMS_Site').u32(0).interface(broken))
    check('a broken context', reader.interface() is None and reader.u32() == 0x80041007, told)


def methods(f, c, path):
    found, _ = c.services.GetObject('SMS_Identification')
    answer = found.GetSiteID()
    check('a static method through impacket', answer.SiteID is not None, properties(answer))
    reader, told = c.call('IWbemServices', 24, Writer().bstr(path).bstr('Nope').u32(0).u32(0).u32(0).wanted().u32(0))
    check('a method there is not', reader.inout() is None and reader.inout() is None and reader.u32() == 0x8004102e, told)
    reader, told = c.call('IWbemServices', 24, Writer().bstr('SMS_Package').bstr('RefreshPkgSource').u32(0).u32(0).u32(0).wanted().u32(0))
    check('a method of an instance needs one', reader.inout() is None and reader.inout() is None and reader.u32() == 0x8004103a, told)


def reader_may_not(f, c, path, objref):
    thread, found = in_thread(reader_tries, f, path, objref, c.services.get_iPid())
    thread.join()
    check('an analyst reads', found and found[0]['reads'], found)
    check('but may not put', found[0]['put'] == 0x80041003, found)
    check('nor delete', found[0]['delete'] == 0x80041003, found)
    check("nor use an object of another's", 'denied' in found[0]['stolen'], found)


def reader_tries(f, path, objref, ipid):
    c = f.client(user='reader', password=f.reader)
    reads = c.services.GetObject(path)[0].Name == 'By DCOM'
    put = by_put(c, objref)[1]
    reader, _ = c.call('IWbemServices', 16, Writer().bstr(path).u32(0).u32(0).u32(0))
    reader.inout()
    answer = {'reads': reads, 'put': put, 'delete': reader.u32()}
    link = c.services.get_dce_rpc()
    link.call(20, this() + bytes(Writer().bstr('WQL').bstr('SELECT * FROM SMS_Site').u32(0).u32(0).data), ipid)
    answer['stolen'] = str(refused(link.recv))
    c.close()
    return answer


# ---- events ----

def watch(f, query, done, ready, seen):
    c = f.client(6)
    events = c.services.ExecNotificationQuery(query, IMMEDIATELY | FORWARD)
    ready.set()
    while not seen or not done(seen):
        event = events.Next(INFINITE, 1)[0]
        one = target(event)
        seen.append((event.getClassName().split(' ')[0], one['PackageID'], one['Name'], one['Targeted'], one['Installed']))
    events.RemRelease()
    c.close()


def events(f):
    """The original sample: a package's root row appears, then counts up; many clients see the same."""
    watchers = []
    for _ in range(25):
        for query, done in ((MADE, lambda seen: True), (CHANGED, lambda seen: seen[-1][3] == seen[-1][4] == 2)):
            ready, seen = threading.Event(), []
            thread = threading.Thread(target=watch, args=(f, query, done, ready, seen))
            thread.start()
            watchers.append((thread, ready, seen))
    for _, ready, _ in watchers:
        ready.wait(60)
    package = f.site.create_package('Watched', f.source)
    f.site.method('Distribute', PackageIDs=[package], All=True)
    for thread, _, _ in watchers:
        thread.join(120)
    made, changed = [w[2] for w in watchers[::2]], [w[2] for w in watchers[1::2]]
    check('each sees the creation once', all(len(s) == 1 and s[0][:3] == ('__InstanceCreationEvent', package, 'Watched') for s in made), made)
    check('each sees Installed = Targeted = 2 at last', all(s and s[-1][1:] == (package, 'Watched', 2, 2) for s in changed), changed)
    check('no Installed goes back', all(a[4] <= b[4] for s in changed for a, b in zip(s, s[1:])), changed)
    c = f.client()
    for flags in (0, IMMEDIATELY):
        check(f'events with flags {flags:#x} are refused', refused(lambda: c.services.ExecNotificationQuery(MADE, flags)) == 0x80041008)
    for text, code in (('SELECT * FROM SMS_Package', 0x80041059), ('SELECT * FROM __InstanceCreationEvent WITHIN 1', 0x80042001)):
        answer = refused(lambda: c.services.ExecNotificationQuery(text, IMMEDIATELY | FORWARD))
        check(f'event query "{text}"', answer == code, answer)
    waiting = c.services.ExecNotificationQuery(MADE, IMMEDIATELY | FORWARD)
    reader, _ = c.call('IEnumWbemClassObject', 4, Writer().u32(50).u32(1), waiting)
    check('Next of events gives up in time', next_of(reader) == ([], 0x40004))
    reader, _ = c.call('IEnumWbemClassObject', 6, Writer(), waiting)
    check('no Clone of events', reader.interface() is None and reader.u32() == 0x80041016)
    c.close()
    return package


# ---- asynchronous calls ----

def asynchronously(f, c, opnum, *texts, exporter, flags=0):
    request = Writer()
    for text in texts:
        request.bstr(text)
    reader, _ = c.call('IWbemServices', opnum, request.u32(flags).u32(0).interface(exporter.objref()))
    return reader.u32()


def sinks(f, package):
    c = f.client()
    e = Exporter(f.sinks % 251)
    check('ExecQueryAsync', asynchronously(f, c, 21, 'WQL', 'SELECT * FROM SMS_Package ORDER BY PackageID', exporter=e) == 0)
    e.wait(lambda heard: heard and heard[-1][0] == 'SetStatus')
    rows = [one[1]['PackageID'] for one in e.heard if one[0] == 'Indicate']
    check('Indicate of each, in order, then SetStatus', rows == sorted(rows) and package in rows and e.heard[-1][1:3] == (0, None), e.heard[-1])
    with e.changed:
        check('its references are given back', e.changed.wait_for(lambda: e.released == 1, 60))
    e.heard.clear()
    asynchronously(f, c, 7, f'SMS_Package="{package}"', exporter=e)
    e.wait(lambda heard: len(heard) == 2)
    check('GetObjectAsync', e.heard[0][1]['PackageID'] == package and e.heard[1][:2] == ('SetStatus', 0), e.heard)
    e.heard.clear()
    asynchronously(f, c, 17, 'SMS_Package="NOPE0000"', exporter=e)
    e.wait(lambda heard: len(heard) == 1)
    check('DeleteInstanceAsync that fails tells why', e.heard[0][1] == 0x80041002 and e.heard[0][3]['__CLASS'] == 'SMS_ExtendedStatus' and
          e.heard[0][3]['Operation'] == 'DeleteInstance', e.heard)
    e.heard.clear()
    check('a mistake is told by the call', asynchronously(f, c, 21, 'WQL', 'SELECT FROM', exporter=e) == 0x80041017 and not e.heard)
    check('no sink', c.call('IWbemServices', 21, Writer().bstr('WQL').bstr('SELECT * FROM SMS_Site').u32(0).u32(0).u32(0))[0].u32() == 0x80041008)
    async_events(f, c, e)
    e.close()
    bad_sinks(f, c)
    c.close()


def async_events(f, c, e):
    check('ExecNotificationQueryAsync', asynchronously(f, c, 23, 'WQL', MADE, exporter=e) == 0)
    package = f.site.create_package('Asynchronous', f.source)
    e.wait(lambda heard: len(heard) == 1)
    event = e.heard[0][1]
    inner = event['TargetInstance']
    inner['ObjectBlock'].parseObject()
    check('the event arrives', event['__CLASS'] == '__InstanceCreationEvent' and
          inner['ObjectBlock'].ctCurrent['values']['PackageID']['value'] == package, event)
    e.heard.clear()
    reader, _ = c.call('IWbemServices', 4, Writer().interface(e.objref()))
    check('CancelAsyncCall', reader.u32() == 0)
    e.wait(lambda heard: len(heard) == 1)
    check('is told at last', e.heard[0][:2] == ('SetStatus', 0x80041032), e.heard)
    reader, _ = c.call('IWbemServices', 4, Writer().interface(e.objref()))
    check('CancelAsyncCall of nothing', reader.u32() == 0x80041002)
    f.site.create_package('Nobody hears of it', f.source)
    check('one call at a time', e.most == 1, e.most)
    for _ in range(20):                 # cancelled before, while, or after it is answered: all of it is well
        asynchronously(f, c, 7, f'SMS_Package="{package}"', exporter=e)
        c.call('IWbemServices', 4, Writer().interface(e.objref()))
    e.wait(lambda heard: sum(one[0] == 'SetStatus' for one in heard) >= 21)
    check('calls that are cancelled at once end once', sum(one[0] == 'SetStatus' for one in e.heard) == 21, len(e.heard))


def bad_sinks(f, c):
    """One that never answers, one that is not there, one that says no: nobody else waits for them."""
    stuck = threading.Event()
    slow, no = Exporter(f.sinks % 252, delay=lambda: stuck.wait(100)), Exporter(f.sinks % 253, answer=0x80041032)
    dead = Exporter(f.sinks % 254)
    for one in (slow, no, dead):
        check('an event query of a bad sink', asynchronously(f, c, 23, 'WQL', MADE, exporter=one) == 0)
    dead.close()
    quick = Exporter(f.sinks % 250)
    asynchronously(f, c, 23, 'WQL', MADE, exporter=quick)
    made = [f.site.create_package(f'For bad sinks {i}', f.source) for i in range(3)]
    quick.wait(lambda heard: len(heard) == 3)
    check('a slow, a dead and an unwilling sink hold nobody up', len(quick.heard) == 3 and len(made) == 3)
    no.wait(lambda heard: heard and heard[-1][0] == 'SetStatus')
    # Its one call may bring all three, when the site reaches it after they were made.
    check('who says no is told that it is over, and hears no more', (no.indicated, no.heard[-1][:2]) == (1, ('SetStatus', 0x80041032)),
          no.heard)
    slow.wait(lambda _: slow.calling)
    check('a slow sink has one call', slow.calling == 1)
    stuck.set()
    slow.wait(lambda heard: len(heard) >= 3)
    check('a slow sink gets all of it, one after the other', len(slow.heard) == 3 and slow.most == 1, (slow.heard, slow.most))
    for one in (slow, no, quick):
        one.close()


# ---- what it costs ----

def memory(f):
    server, _ = f.site.pids()
    before, clients, n = resident_bytes(server), [], 60
    ready = [threading.Event() for _ in range(n)]
    end = threading.Event()

    def idle(i):
        c = f.client()
        subscription = c.services.ExecNotificationQuery(CHANGED, IMMEDIATELY | FORWARD)
        ready[i].set()
        end.wait(120)
        del subscription
        c.close()

    for i in range(n):
        clients.append(threading.Thread(target=idle, args=(i,)))
        clients[-1].start()
    for one in ready:
        one.wait(120)
    cost = (resident_bytes(server) - before) / n / 1024
    end.set()
    for one in clients:
        one.join()
    sanitized = b'__asan_init' in open(f'/proc/{server}/exe', 'rb').read()
    check(f'an idle subscriber costs {cost:.0f} KiB (of 64; {"not counted: " if sanitized else ""}sanitizers cost more)',
          sanitized or cost <= 64, cost)


# ---- as others see it ----

def example(f):
    """examples/package_status.py prints the original sample's lines."""
    ready = f'{f.site.folder}/ready'
    words = [f'{HERE}/../../examples/package_status.py', f.host, f.code, 'admin', '--packages', '1', '--ready-file', ready,
             '--password-file', f.site.settings['TALLYMAN_PASSWORD_FILE'].strip("'\"")]
    program = subprocess.Popen(['/usr/bin/python3', *words], stdout=subprocess.PIPE, text=True)
    while not os.path.exists(ready) and program.poll() is None:
        time.sleep(.05)
    f.site.method('Distribute', PackageIDs=[f.site.create_package('Example', f.source)], All=True)
    lines = program.communicate(timeout=120)[0].split('\n')
    check('the example prints Name, Targeted, Installed', program.returncode == 0 and lines[0] == 'Name: Example' and
          lines[-5:-1] == ['Name: Example', 'Targeted: 2', 'Installed: 2', ''], lines)


class Capture:
    """What Wireshark's dissectors say to the frames of this test; nothing where tshark is not installed."""

    def __init__(self, f):
        self.file = f'{f.site.folder}/frames.pcap'
        self.program = None
        if shutil.which('tshark'):
            ports = f'host {f.host} and (tcp port 135 or tcp port 49700)'
            self.program = subprocess.Popen(['tshark', '-q', '-i', 'lo', '-f', ports, '-w', self.file], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE, text=True)
            for line in self.program.stderr:
                if line.startswith('Capturing'):
                    break

    def look(self):
        if not self.program:
            print('ok - tshark is not installed: no capture # SKIP')
            return
        self.program.send_signal(signal.SIGINT)
        self.program.wait(60)
        frames = self.frames('dcerpc')
        check(f'{len(frames)} frames of DCE RPC, none malformed', len(frames) > 100 and not self.frames('_ws.malformed'),
              self.frames('_ws.malformed')[:5])
        faults = self.frames('_ws.expert.severity == error && dcerpc')
        check('and no error of the experts', not faults, faults[:5])

    def frames(self, wanted):
        return subprocess.run(['tshark', '-r', self.file, '-Y', wanted], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True).stdout.splitlines()


def main():
    folder = tempfile.mkdtemp(prefix='tallyman-dcom-')
    f = Fixture(folder)
    try:
        f.prepare()
        capture = Capture(f)
        f.site.create_package('First', f.source)
        f.site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': 'Without source', 'PkgSourceFlag': 1})
        for part in (resolver, logons, queries, real_queries, objects, writing):
            part(f)
        sinks(f, events(f))
        example(f)
        capture.look()
        memory(f)
    finally:
        f.site.stop()
        log = open(f'{folder}/site.log').read()
        check('the site says nothing of sanitizers', 'Sanitizer' not in log and 'runtime error' not in log, log[-3000:])
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
