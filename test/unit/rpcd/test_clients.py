#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_clients - RPC clients of others against our server: impacket and Samba, NTLM, SPNEGO and Kerberos, levels 5 and 6

    test_clients.py RPC_TEST_SERVER

A client that is not installed is skipped, and said so.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SERVER = sys.argv.pop(1) if len(sys.argv) > 1 else None
PASSWORD = "Passw0rd!"
BIG = bytes(range(256)) * 120 + b"tail"                 # 30 KB: six fragments

try:
    from impacket.dcerpc.v5 import mgmt, rpcrt, transport
    from impacket.uuid import uuidtup_to_bin
except ImportError:
    mgmt = None
try:
    from samba import gensec, param, credentials         # gensec first, or ClientConnection crashes
    from samba.dcerpc import mgmt as samba_mgmt
except ImportError:
    gensec = None


class Server:
    """rpc_test_server with its log read by a thread, so that it never waits for us"""

    def __init__(self, *args):
        self.process = subprocess.Popen([SERVER, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split("=")[1])
        self.lines = []
        self.more = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.more:
                self.lines.append(line.strip())
                self.more.notify_all()

    def wait_for(self, text, count=1, seconds=30):
        with self.more:
            return self.more.wait_for(lambda: sum(text in l for l in self.lines) >= count, seconds)

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(30)
        self.reader.join(30)
        self.process.stdout.close()
        return code


class Case(unittest.TestCase):
    arguments = ()

    def setUp(self):
        self.server = Server(*self.arguments)

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)


@unittest.skipIf(mgmt is None, "python3-impacket is not installed")
class Impacket(Case):
    def connect(self, level=6, password=PASSWORD, user="admin", fragment=None, uuid=None):
        t = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:127.0.0.1[{self.server.port}]")
        t.set_credentials(user, password, "SITESRV")
        t.set_connect_timeout(60)
        self.addCleanup(lambda: t.get_socket() and t.get_socket().close())
        dce = t.get_dce_rpc()
        if level > 1:
            dce.set_auth_level(level)
        dce.set_auth_type(rpcrt.RPC_C_AUTHN_WINNT)
        dce.connect()
        if fragment:
            dce.set_max_fragment_size(fragment)
        dce.bind(uuid or mgmt.MSRPC_UUID_MGMT)
        return dce

    def call(self, dce, opnum, stub):
        dce.call(opnum, stub)
        return dce.recv()

    def test_levels(self):
        for level in (5, 6):
            dce = self.connect(level)
            self.assertEqual(self.call(dce, 99, b"hello"), b"hello")
            answer = mgmt.hinq_if_ids(dce)
            self.assertEqual(answer["if_id_vector"]["count"], 2)
            dce.disconnect()
        self.assertTrue(self.server.wait_for("LOGON ok admin SITESRV\\admin", 2))

    def test_fragments(self):
        for level in (5, 6):
            for size in (None, 100, 1500):
                dce = self.connect(level, fragment=size)
                for n in (1, 15, 16, 17, 101, len(BIG)):
                    self.assertEqual(self.call(dce, 99, BIG[:n]), BIG[:n])
                dce.disconnect()

    def test_second_security_context(self):
        dce = self.connect(6)
        other = dce.alter_ctx(mgmt.MSRPC_UUID_MGMT)
        for _ in range(3):
            self.assertEqual(self.call(dce, 99, b"first"), b"first")
            self.assertEqual(self.call(other, 99, b"second"), b"second")

    def test_refusals(self):
        for arguments in ({"password": "wrong"}, {"user": "nobody"}, {"level": 2}, {"level": 4}, {"level": 1}):
            with self.assertRaisesRegex(Exception, "access_denied|ACCESS_DENIED"):
                dce = self.connect(**arguments)
                self.call(dce, 99, b"hello")
        self.assertTrue(self.server.wait_for("LOGON refused - SITESRV\\nobody"))

    def test_unknown_things(self):
        with self.assertRaisesRegex(Exception, "abstract_syntax_not_supported"):
            self.connect(6, uuid=uuidtup_to_bin(("11111111-2222-3333-4444-555555555555", "1.0")))
        dce = self.connect(6)
        with self.assertRaisesRegex(Exception, "nca_s_op_rng_error"):
            self.call(dce, 50, b"")
        self.assertEqual(self.call(dce, 99, b"still there"), b"still there")

    def test_resolver_needs_no_logon(self):
        dce = self.connect(1, uuid=uuidtup_to_bin(("99fcfec4-5260-101b-bbcb-00aa0021347a", "0.0")))
        self.assertEqual(self.call(dce, 3, b""), bytes(4))
        self.assertEqual(self.call(dce, 5, b"")[:4], struct.pack("<HH", 5, 7))


@unittest.skipIf(gensec is None, "python3-samba is not installed")
class Samba(Case):
    """Samba checks every signature, header signing included, and sends a MIC"""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "smb.conf")
        with open(path, "w") as f:
            f.write(f"[global]\nworkgroup=SITESRV\nprivate dir={self.folder.name}\nlock dir={self.folder.name}\n")
        self.lp = param.LoadParm(path)
        self.credentials = credentials.Credentials()
        self.credentials.guess(self.lp)
        self.credentials.set_username("admin")
        self.credentials.set_password(PASSWORD)
        self.credentials.set_domain("SITESRV")
        self.credentials.set_kerberos_state(credentials.DONT_USE_KERBEROS)

    def tearDown(self):
        super().tearDown()
        self.folder.cleanup()

    def connect(self, options):
        return samba_mgmt.mgmt(f"ncacn_ip_tcp:127.0.0.1[{self.server.port},{options}]", self.lp, self.credentials)

    def test_levels_and_fragments(self):
        for options in ("ntlm,sign", "ntlm,seal"):
            m = self.connect(options)
            for n in (0, 1, 15, 16, 17, len(BIG)):
                echo = m.request(99, BIG[:n])
                self.assertEqual(echo[:n], BIG[:n])
                self.assertLess(len(echo) - n, 300)     # the verification trailer of [MS-RPCE] 2.2.2.13

    def test_spnego(self):
        for options in ("spnego,sign", "spnego,seal"):
            m = self.connect(options)
            for n in (1, len(BIG)):
                self.assertEqual(m.request(99, BIG[:n])[:n], BIG[:n])
        self.assertTrue(self.server.wait_for("LOGON ok admin SITESRV\\admin", 2))

    def test_wrong_password(self):
        self.credentials.set_password("wrong")
        for options in ("ntlm,seal", "spnego,seal"):
            with self.assertRaises(Exception):
                self.connect(options).request(99, b"x")
        self.assertTrue(self.server.wait_for("LOGON refused - SITESRV\\admin", 2))


class Realm:
    """a KDC of MIT on a loopback port, in a folder of its own: admin, stranger, host/NAME with a keytab"""

    name = "TALLYMAN.TEST"

    def __init__(self, host):
        self.folder = tempfile.TemporaryDirectory()
        self.path = lambda name: os.path.join(self.folder.name, name)
        self.host = host
        self.configure(0)
        self.environment = {**os.environ, "KRB5_CONFIG": self.path("krb5.conf"), "KRB5_KDC_PROFILE": self.path("kdc.conf"),
                            "KRB5CCNAME": self.path("ccache"), "KRB5RCACHENAME": "dfl:", "KRB5RCACHEDIR": self.folder.name}
        self.run("kdb5_util", "create", "-s", "-r", self.name, "-P", "master")
        for line in (f"addprinc -pw {PASSWORD} admin", f"addprinc -pw {PASSWORD} stranger", f"addprinc -randkey host/{host}",
                     f"ktadd -k {self.path('keytab')} host/{host}"):
            self.run("kadmin.local", "-r", self.name, "-q", line)
        if not any(self.start() for _ in range(10)):    # somebody else may take the port
            raise RuntimeError("the KDC does not start")

    def start(self):
        """a KDC on a port that was free a moment ago; false when it does not stay"""
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                return False
        self.configure(port)
        self.kdc = subprocess.Popen([tool("krb5kdc"), "-n", "-r", self.name], env=self.environment,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while self.kdc.poll() is None and time.monotonic() < until:
            try:
                self.log_on("admin")
                return True
            except subprocess.CalledProcessError:
                time.sleep(0.05)                        # it does not listen yet
        self.kdc.kill()
        self.kdc.wait()
        return False

    def configure(self, port):
        self.write("krb5.conf", f"""[libdefaults]
 default_realm = {self.name}
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {self.name} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 {self.host} = {self.name}
""")
        self.write("kdc.conf", f"""[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {self.name} = {{
  database_name = {self.path("principal")}
  key_stash_file = {self.path("stash")}
  acl_file = {self.path("acl")}
  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
 }}
""")

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def run(self, *command, text=None):
        subprocess.run([tool(command[0]), *command[1:]], env=self.environment, input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log_on(self, user):
        self.run("kinit", user, text=PASSWORD + "\n")

    def stop(self):
        self.kdc.terminate()
        self.kdc.wait(30)
        self.folder.cleanup()


def tool(name):
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


def own_name():
    """a name of this machine that means an address of it, not an alias of loopback"""
    name = socket.gethostname()
    try:
        return name if name != "localhost" and socket.gethostbyname(name) else None
    except OSError:
        return None


@unittest.skipIf(not (tool("krb5kdc") and tool("kadmin.local") and tool("kinit")), "krb5-kdc is not installed")
@unittest.skipIf(own_name() is None, "this machine's name has no address")
class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = own_name()
        cls.realm = Realm(cls.host)
        cls.before = dict(os.environ)
        os.environ.update(cls.realm.environment)
        cls.server = Server("--address", socket.gethostbyname(cls.host), "--keytab", cls.realm.path("keytab"))

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        os.environ.clear()
        os.environ.update(cls.before)
        cls.realm.stop()
        assert code == 0, code

    @unittest.skipIf(mgmt is None, "python3-impacket is not installed")
    def test_impacket(self):
        self.realm.log_on("admin")
        self.realm.run("kvno", f"host/{self.host}")
        t = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{self.host}[{self.server.port}]")
        t.set_credentials("admin", "", self.realm.name)
        t.set_kerberos(True, "127.0.0.1")
        self.addCleanup(lambda: t.get_socket().close())
        dce = t.get_dce_rpc()
        dce.set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
        dce.set_auth_level(6)                   # its GSS_GetMIC, for 5, adds text to octets and fails
        dce.connect()
        dce.bind(mgmt.MSRPC_UUID_MGMT)
        for n in (1, 16, len(BIG)):
            dce.call(99, BIG[:n])
            self.assertEqual(dce.recv(), BIG[:n])
        self.assertTrue(self.server.wait_for(f"LOGON ok admin admin@{self.realm.name}"))

    @unittest.skipIf(gensec is None, "python3-samba is not installed")
    def samba(self, options):
        self.realm.write("smb.conf", f"[global]\nworkgroup=TALLYMAN\nrealm={self.realm.name}\n"
                                     f"private dir={self.realm.folder.name}\nlock dir={self.realm.folder.name}\n")
        lp = param.LoadParm(self.realm.path("smb.conf"))
        c = credentials.Credentials()
        c.guess(lp)
        c.set_kerberos_state(credentials.MUST_USE_KERBEROS)
        c.set_named_ccache(self.realm.path("ccache"), credentials.SPECIFIED, lp)
        return samba_mgmt.mgmt(f"ncacn_ip_tcp:{self.host}[{self.server.port},{options}]", lp, c)

    @unittest.skipIf(gensec is None, "python3-samba is not installed")
    def test_samba(self):
        self.realm.log_on("admin")
        for options in ("krb5,sign", "krb5,seal", "spnego,sign", "spnego,seal"):
            m = self.samba(options)
            for n in (1, 16, len(BIG)):
                self.assertEqual(m.request(99, BIG[:n])[:n], BIG[:n])

    @unittest.skipIf(gensec is None, "python3-samba is not installed")
    def test_who_has_a_ticket_but_no_account(self):
        self.realm.log_on("stranger")
        with self.assertRaises(Exception):
            self.samba("krb5,seal").request(99, b"x")
        self.assertTrue(self.server.wait_for(f"LOGON refused - stranger@{self.realm.name}"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
