#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An account with a security scope over HTTPS: lists, gets, queries, offers, orders and events show what is in its scope."""
import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
WMI = '/AdminService/wmi/'
failures = []


def check(what, good, seen=''):
    print(('ok - ' if good else 'not ok - ') + what + ('' if good else f': {seen}'), flush=True)
    if not good:
        failures.append(what)


class Account:
    """Someone who asks over HTTPS with a name and a password."""

    def __init__(self, site, name, password):
        self.host, self.port = site.https()
        self.tls = ssl.create_default_context(cafile=site.settings['TALLYMAN_CACERT'].strip("'\""))
        self.tls.check_hostname = False
        self.headers = {'Authorization': 'Basic ' + base64.b64encode(f'{name}:{password}'.encode()).decode(),
                        'Content-Type': 'application/json'}

    def open(self, verb, path, body=None):
        link = http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=60)
        link.request(verb, path, json.dumps(body) if body is not None else None, self.headers)
        return link, link.getresponse()

    def ask(self, verb, path, body=None):
        link, answer = self.open(verb, path, body)
        data = answer.read()
        link.close()
        return answer.status, json.loads(data) if data else None

    def rows(self, name, where=None):
        query = '?' + urllib.parse.urlencode({'$filter': where}, quote_via=urllib.parse.quote) if where else ''
        return self.ask('GET', f'{WMI}{name}{query}')[1]['value']

    def query(self, text):
        return self.ask('GET', '/AdminService/wql?' + urllib.parse.urlencode({'query': text}))[1]['value']


class Listener:
    """Server-sent events, as they come, each as (sequence, event, data)."""

    def __init__(self, account, query):
        self.link, self.answer = account.open('GET', '/AdminService/events?' + query)
        self.heard, self.changed = [], threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        kind = data = ''
        try:
            for line in self.answer:
                line = line.decode().rstrip('\r\n')
                if line.startswith('event:'):
                    kind = line[6:].strip()
                elif line.startswith('data:'):
                    data = line[5:].strip()
                elif not line and data:
                    with self.changed:
                        self.heard.append((kind, json.loads(data)))
                        self.changed.notify_all()
                    kind = data = ''
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass                        # closed by us, or at the end

    def wait(self, done):
        with self.changed:
            return self.changed.wait_for(lambda: any(done(k, d) for k, d in self.heard), 60)


def prepare(site):
    """Open is in scope Lab together with dp01; Secret is in none."""
    source = f'{site.folder}/source'
    os.mkdir(source)
    with open(f'{source}/setup.txt', 'w') as out:
        out.write('content\n' * 1000)
    ids = [site.create_package(name, source) for name in ('Open', 'Secret')]
    dp = next(d for d in site.get('TM_DistributionPoint') if d['Name'].lower().startswith('dp01'))
    lab = site.call('POST', WMI + 'SMS_SecuredCategory', {'CategoryName': 'Lab'})['CategoryID']
    for key, kind in ((ids[0], 2), (dp['NALPath'], 42)):
        site.call('POST', WMI + 'SMS_SecuredCategoryMembership', {'CategoryID': lab, 'ObjectKey': key, 'ObjectTypeID': kind})
    site.method('Distribute', PackageIDs=ids, All=True)
    for one in ids:
        site.wait_installed(one, 2)
    return ids, dp['NALPath'], lab


def reads(bob, everybody, ids, dp):
    open_, secret = ids
    check('a list', [p['PackageID'] for p in bob.rows('SMS_Package')] == [open_], bob.rows('SMS_Package'))
    check('everybody else sees both', len(everybody.get('SMS_Package')) == 2)
    check('a filter finds nothing hidden', bob.rows('SMS_Package', f"PackageID eq '{secret}'") == [])
    rows = bob.rows('SMS_PackageStatusDistPointsSummarizer')
    check('the status of a package on a DP', [(r['PackageID'], r['ServerNALPath']) for r in rows] == [(open_, dp)], rows)
    status, one = bob.ask('GET', f"{WMI}SMS_Package('{open_}')")
    check('a get', status == 200 and one['SecuredScopeNames'] == ['Lab'], one)
    status, error = bob.ask('GET', f"{WMI}SMS_Package('{secret}')")
    extended = error['error']['extendedStatus']
    check('what is hidden is not found', status == 404 and extended['__CLASS'] == 'SMS_ExtendedStatus' and
          extended['StatusCode'] == 0x80041002 and secret in extended['ParameterInfo'], error)
    rows = bob.query('SELECT * FROM SMS_PackageStatusRootSummarizer')
    check('a query', [r['PackageID'] for r in rows] == [open_], rows)
    check('COUNT', bob.query('SELECT COUNT(*) FROM SMS_DistributionPointInfo')[0]['Count'] == 1)
    check('memberships of its objects', {r['ObjectKey'] for r in bob.rows('SMS_SecuredCategoryMembership')} == {open_, dp})


def orders(bob, ids):
    open_, secret = ids
    status, error = bob.ask('POST', WMI + 'TM_Site.Distribute', {'PackageIDs': [secret], 'All': True})
    check('an order about what is hidden', status == 404, error)
    status, error = bob.ask('POST', f"{WMI}TM_Site.Redistribute", {'PackageIDs': [open_]})
    check('an order about what is its own', status == 200 and error['Count'] == 1, error)
    status, error = bob.ask('POST', WMI + 'TM_Site.Verify', {})
    check('the site is not its to recount', status == 403 and 'scopes' in error['error']['message'], error)
    status, error = bob.ask('POST', WMI + 'TM_AccountScope', {'LogonName': 'bob', 'CategoryID': 'SMS00ALL'})
    check('it cannot widen what it sees', status == 403, error)


def offers(site, bob, ids):
    collection = site.call('POST', WMI + 'SMS_Collection', {'Name': 'Desks'})['CollectionID']
    for one in ids:
        site.call('POST', WMI + 'SMS_Program', {'PackageID': one, 'ProgramName': 'Run', 'CommandLine': 'setup.txt'})
        site.call('POST', WMI + 'SMS_Advertisement', {'AdvertisementName': f'Offer {one}', 'CollectionID': collection,
                                                      'PackageID': one, 'ProgramName': 'Run'})
    site.wait('TM_Offer', lambda rows: {r['PackageID'] for r in rows} == set(ids))
    seen = [o['PackageID'] for o in bob.ask('GET', '/offers')[1]['value']]
    check('its offers: of its packages, on sites it sees', ids[1] not in seen, seen)
    return {o['PackageID'] for o in site.call('GET', '/offers')['value']} == set(ids)


def events(site, bob, ids):
    plain = Listener(bob, 'class=SMS_Package')
    wql = Listener(bob, urllib.parse.urlencode(
        {'query': "SELECT * FROM __InstanceModificationEvent WITHIN 1 WHERE TargetInstance ISA 'SMS_Package'"}))
    for one in (ids[1], ids[0]):
        site.call('PATCH', f"{WMI}SMS_Package('{one}')", {'Description': f'changed {one}'})
    check('its own change is heard', plain.wait(lambda k, d: ids[0] in json.dumps(d)), plain.heard)
    check('and by an event query', wql.wait(lambda k, d: ids[0] in json.dumps(d)), wql.heard)
    heard = json.dumps(plain.heard + wql.heard)
    check('the other one, which came before, is not', ids[1] not in heard, heard)
    for one in (plain, wql):
        one.link.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(f'{folder}/site', 2)
        try:
            ids, dp, lab = prepare(site)
            password = subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{site.socket}', 'user', 'add', 'bob', '--role',
                                       'administrator'], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            site.call('POST', WMI + 'TM_AccountScope', {'LogonName': 'bob', 'CategoryID': lab})
            bob = Account(site, 'bob', password)
            check('a wrong password', Account(site, 'bob', 'wrong').ask('GET', WMI + 'SMS_Package')[0] == 401)
            reads(bob, site, ids, dp)
            check('everybody else sees both offers', offers(site, bob, ids))
            events(site, bob, ids)
            orders(bob, ids)
        finally:
            site.stop()
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
