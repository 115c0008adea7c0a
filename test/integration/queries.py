#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Queries that administrators really run, against a site with content in every state that can be held still.

Each line of test/data/real_queries.txt is asked over REST; what it should give is told here in Python, over the rows that
the class's own list (no WQL) has.  Then the SDK's how-to pages about packages, with the command line and the examples.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
import realqueries  # noqa: E402
from tallysite import Site, UnixConnection, resident_bytes  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
MAIN, OTHER, THIRD = 'P0100012', 'P0100013', 'P0100014'
DP = 'dp01'                             # DP01.CONTOSO.COM of the queries
INSTALLED, PENDING, RETRYING, FAILED, REMOVING, UPDATING, MONITORING = 0, 1, 2, 3, 4, 7, 8
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


# ---- asking ----

def ask(site, path, body=None):
    """Status and what came."""
    link = UnixConnection(site.socket)
    link.request('POST' if body is not None else 'GET', path, body, {'Content-Type': 'text/plain'})
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer.status, json.loads(data)


def post(site, path, body, context):
    link = UnixConnection(site.socket)
    link.request('POST', path, json.dumps(body), {'Content-Type': 'application/json', **({'X-Tallyman-Context': context} if context else {})})
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer.status, json.loads(data)


def query(site, text):
    status, answer = ask(site, '/AdminService/wql', text)
    return answer['value'] if status == 200 else answer['error']['wbem']


class Watch:
    """An event query and what it brought, from a thread of its own."""

    def __init__(self, site, text):
        self.events, self.error = [], None
        self.link = UnixConnection(site.socket)
        self.link.request('GET', f'/AdminService/events?query={urllib.parse.quote(text)}')
        self.answer = self.link.getresponse()
        if self.answer.status != 200:
            self.error = json.loads(self.answer.read())['error']['wbem']
            return
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.answer:
            if line.startswith(b'data: '):
                self.events.append(json.loads(line[6:]))

    def wait(self, good, seconds=20):
        """Until the events so far are good; says whether they became so."""
        end = time.monotonic() + seconds
        while not good(self.events):
            if time.monotonic() > end:
                return False
            time.sleep(.05)
        return True


# ---- a site with content in all states ----

def tree(folder, seed):
    rand = random.Random(seed)
    os.makedirs(folder)
    for number in range(4):
        with open(f'{folder}/file {number}.bin', 'wb') as out:
            out.write(rand.randbytes(20000 + number))
    return folder


def settle(site, package, dp, state, seconds=40):
    end = time.monotonic() + seconds
    while True:
        rows = site.get('TM_DistributionCondition', f"PackageID eq '{package}' and ServerName eq '{dp}'")
        seen = rows[0]['State'] if rows else None
        if seen == state or time.monotonic() > end:
            check(f'{package} on {dp} is in state {state}', seen == state, rows)
            return
        time.sleep(.05)


def dp_process(site, name):
    """Its process id, and how to start it again."""
    for pid in site.pids()[1]:
        argv = open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0')[:-1]
        if f'/{name}'.encode() in b' '.join(argv):
            return pid, argv, os.readlink(f'/proc/{pid}/exe')
    raise RuntimeError(f'{name} does not run')


def restart(site, name, extra):
    pid, argv, program = dp_process(site, name)
    os.kill(pid, signal.SIGTERM)
    while os.path.exists(f'/proc/{pid}') and open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX':
        time.sleep(.01)
    at = argv.index(b'run')
    with open(f'{site.folder}/{name}.log', 'ab') as out:
        subprocess.Popen([program] + argv[1:at] + [word.encode() for word in extra] + argv[at:], stdout=out, stderr=out,
                         stdin=subprocess.DEVNULL)


def damage(folder):
    packs = f'{folder}/library/packs'
    path = max((f'{packs}/{entry}' for entry in os.listdir(packs)), key=os.path.getsize)
    with open(path, 'r+b') as out:
        out.seek(os.path.getsize(path) // 2)
        byte = out.read(1)
        out.seek(-1, 1)
        out.write(bytes([byte[0] ^ 1]))


def fill(site, work):
    while True:                         # up to the number before the first that the queries name
        row = site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': 'No files', 'PkgSourceFlag': 1})
        if row['PackageID'] == 'P0100011':
            break
    for number, package in enumerate((MAIN, OTHER, THIRD)):
        made = site.create_package(f'Package {number}', tree(f'{work}/source{number}', number))
        check(f'{package} is made', made == package, made)
        site.wait_stored(package, 1)
    group = site.call('POST', '/AdminService/wmi/SMS_DistributionPointGroup', {'Name': 'DPG-Worldwide'})['GroupID']
    subprocess.run([f'{BUILD}/tallyman', 'group', 'add', 'DPG-Worldwide', DP, 'dp02'], check=True, env=site.env,
                   stdout=subprocess.DEVNULL)
    site.method('Distribute', PackageIDs=[MAIN], Groups=[group])
    site.method('Distribute', PackageIDs=[OTHER, THIRD], DPs=[DP, 'dp04'])
    for package, dp in ((MAIN, DP), (MAIN, 'dp02'), (OTHER, 'dp04'), (THIRD, 'dp04'), (OTHER, DP), (THIRD, DP)):
        settle(site, package, dp, INSTALLED)
    site.method('SetMaintenance', Name='dp04', On=True)
    site.method('Distribute', PackageIDs=[MAIN], DPs=['dp04'])
    settle(site, MAIN, 'dp04', PENDING)
    with open(f'{work}/source1/new', 'w') as out:
        out.write('new\n')
    site.update_package(OTHER)
    settle(site, OTHER, 'dp04', UPDATING)
    site.wait_stored(OTHER, 2)
    settle(site, OTHER, DP, INSTALLED)
    site.method('Remove', PackageIDs=[THIRD], DPs=['dp04'])
    settle(site, THIRD, 'dp04', REMOVING)
    restart(site, 'dp03', ['--set', 'library_reserve=900T'])
    site.method('Distribute', PackageIDs=[MAIN], DPs=['dp03'])
    settle(site, MAIN, 'dp03', RETRYING)
    os.kill(dp_process(site, 'dp05')[0], signal.SIGSTOP)
    site.method('Distribute', PackageIDs=[MAIN], DPs=['dp05'])
    site.method('Cancel', PackageIDs=[MAIN], DPs=['dp05'])
    settle(site, MAIN, 'dp05', FAILED)
    damage(f'{site.folder}/dp02')
    site.method('Validate', PackageIDs=[MAIN], DPs=['dp02'])
    settle(site, MAIN, 'dp02', MONITORING)
    return group


# ---- what each query should give ----

def on_dp(row):
    return DP in (row.get('ServerNALPath') or row.get('NALPath') or row.get('SourceNALPath') or '').lower()


def is_group(site):
    return lambda row: row['GroupID'] == site.group


def expectations(site):
    """What a query asks of which class, by what stands in it; the first that fits."""
    dist, status = 'SMS_PackageStatusDistPointsSummarizer', 'SMS_DistributionDPStatus'
    return [
        (r"State = 1 or State = 2 Or state = 3 Or state = 8", dist, lambda r: r['State'] in (1, 2, 3, 8), 4),
        (r"State IN \(1, 2, 3, 8\)", dist, lambda r: r['State'] in (1, 2, 3, 8), 4),
        (r"State in \('1','2','3','7'\)", dist, lambda r: r['State'] in (1, 2, 3, 7) and on_dp({'SourceNALPath': r['SourceNALPath']}), 0),
        (r"State = 2 OR State = 3$", dist, lambda r: r['State'] in (2, 3), 2),
        (r"where state = 3$", dist, lambda r: r['State'] == 3, 1),
        (r"^SELECT PackageID,PackageType,State", dist, on_dp, 3),
        (r"MSWNET.*AND \(State = 2 OR", dist, lambda r: on_dp(r) and r['State'] in (2, 3, 7, 8), 0),
        (r"DistPointsSummarizer.*State != '0'", dist, lambda r: on_dp(r) and r['State'] != 0, 0),
        (r"State=3 AND ServerNALPath", dist, lambda r: on_dp(r) and r['State'] == 3, 0),
        (r"AND NOT State=0", dist, lambda r: r['PackageID'] == MAIN and r['State'] != 0, 4),
        (r"DistPointsSummarizer where PackageID='", dist, lambda r: r['PackageID'] == MAIN, 5),
        (r"SecureObjectID = ", dist, lambda r: r['SecureObjectID'] == 'ScopeId_0A1B2C3D/Application_4E5F6071', 0),
        (r"DistPointsSummarizer where ServerNALPath like", dist, on_dp, 3),
        (r"MessageState=4 OR MessageState=2", status, lambda r: r['MessageState'] in (2, 4), 3),
        (r"MessageState<>1", status, lambda r: r['MessageState'] != 1, 4),
        (r"DPStatus where PackageID='\w+' OR", status, lambda r: r['PackageID'] in (MAIN, OTHER), 7),
        (r"DPStatus where PackageID='", status, lambda r: r['PackageID'] == MAIN, 5),
        (r"DPStatus where Name=", status, lambda r: r['Name'].lower() == DP, 3),
        (r"SMS_ObjectContentInfo", 'SMS_ObjectContentInfo', lambda r: True, 3),
        (r"SMS_DPGroupDistributionStatusDetails", 'SMS_DPGroupDistributionStatusDetails', lambda r: r['PackageID'] == MAIN, 2),
        (r"ObjectType = '0' OR", 'SMS_DPContentInfo', lambda r: on_dp(r) and r['ObjectType'] in (0, 512), 1),
        (r"SMS_DPContentInfo", 'SMS_DPContentInfo', on_dp, 3),
        (r"ObjectTypeID=31", 'SMS_DPGroupContentInfo', lambda r: is_group(site)(r) and r['ObjectTypeID'] == 31, 0),
        (r"ObjectTypeID = 2", 'SMS_DPGroupContentInfo', lambda r: is_group(site)(r) and r['ObjectTypeID'] == 2, 1),
        (r"sms_distributionpointgroup", 'SMS_DistributionPointGroup', lambda r: r['Name'] == 'DPG-Worldwide', 1),
        (r"^select PackageID, Status", 'SMS_DistributionPoint', on_dp, 3),
        (r"SMS_SystemResourceList", 'SMS_SystemResourceList', lambda r: r['RoleName'] == 'SMS Distribution Point', 5),
        (r"SMS_SCI_SysResUse", 'SMS_SCI_SysResUse', lambda r: r['RoleName'] == 'SMS Distribution Point', 5),
        (r"SMS_PackageBaseclass", 'SMS_Package', lambda r: r['PackageID'] == MAIN, 1),
        (r"SMS_DistributionPointInfo", 'SMS_DistributionPointInfo', lambda r: re.match('dp0[12]', r['ServerName'].lower()), 2),
        (r"FROM SMS_Package WHERE", 'SMS_Package', lambda r: r['PackageID'] == MAIN, 1),
        (r"SMS_DistributionPoint where PackageID='\w+' and", 'SMS_DistributionPoint', lambda r: r['PackageID'] == MAIN and on_dp(r), 1),
        (r"SMS_DistributionPoint where PackageID=", 'SMS_DistributionPoint', lambda r: r['PackageID'] == MAIN, 5),
    ]


def bare(row):
    return json.dumps({name: value for name, value in row.items() if not name.startswith('__')}, sort_keys=True)


def data_query(site, text, classes):
    class_name = re.search(r'\bfrom\s+(\w+)', text, re.I)[1]
    if class_name.lower() not in classes:
        got = query(site, text)
        check(f'no class {class_name} here: {text[:60]}', got == 'WBEM_E_INVALID_CLASS', got)
        return
    _, source, good, least = next(e for e in expectations(site) if re.search(e[0], text, re.I))
    got, rows = query(site, text), [row for row in site.get(source) if good(row)]
    columns = re.match(r'select\s+(.*?)\s+from', text, re.I)[1]
    if columns != '*':
        names = {name.lower() for name in re.split(r'\s*,\s*', columns)}
        rows = [{name: value for name, value in row.items() if name.lower() in names} for row in rows]
    same = isinstance(got, list) and sorted(map(bare, got)) == sorted(map(bare, rows)) and len(got) >= least
    check(text, same, f'{len(got) if isinstance(got, list) else got}, not {len(rows)} (at least {least})')
    if same and 'order by' in text.lower():
        dates = [row['LastUpdateDate'] for row in got]
        check('and in order', dates == sorted(dates, reverse=True), dates)


def event_query(text, watch, classes, site):
    target = re.search(r"'(\w+)'", text)[1]
    if target.lower() not in classes:
        check(text, watch.error == 'WBEM_E_INVALID_CLASS', watch.error)
        return
    wanted = re.search(r'from (\w+)', text, re.I)[1]
    rows = {row.get('PackageID') or row.get('CollectionID') or row['ResourceID']: row for row in site.get(target)}
    rows.pop('SMS00001', None)          # built in
    changed = {MAIN, OTHER, THIRD} if 'Modification' in wanted else set(rows)

    def last(events):
        return {o.get('PackageID') or o.get('CollectionID') or o['ResourceID']: o for o in (e['TargetInstance'] for e in events)}

    def arrived(events):
        seen = last(events)
        return set(seen) >= changed and ('Creation' in wanted or all(bare(seen[key]) == bare(rows[key]) for key in changed))

    check(f'{text}: the events of all, ending with what is', watch.wait(arrived), (watch.error, sorted(last(watch.events)), sorted(changed)))
    check('and nothing else', all(e['__CLASS'] == wanted and e['TargetInstance']['__CLASS'] == target for e in watch.events))


# ---- what is refused ----

REFUSED = [
    ('SELECT', 'WBEM_E_INVALID_QUERY'), ('SELECT * FROM', 'WBEM_E_INVALID_QUERY'), ('', 'WBEM_E_INVALID_PARAMETER'),
    ('SELECT * FROM SMS_NoSuchClass', 'WBEM_E_INVALID_CLASS'), ('SELECT NoSuch FROM SMS_Package', 'WBEM_E_INVALID_QUERY'),
    ("SELECT * FROM SMS_Package WHERE Priority = 'high'", 'WBEM_E_INVALID_QUERY'),
    ("SELECT * FROM SMS_Package WHERE Name = 'a'; DROP TABLE package", 'WBEM_E_INVALID_QUERY'),
    ('SELECT * FROM SMS_Package WHERE ' + '(' * 200 + 'Priority=1' + ')' * 200, 'WBEM_E_QUOTA_VIOLATION'),
    ('SELECT * FROM SMS_Package WHERE Name = "' + 'x' * 17000 + '"', 'WBEM_E_QUOTA_VIOLATION'),
]


LARGEST = 16384         # WBEM_MAX_QUERY


def repeated(head, item, between, tail=''):
    """head, item as often as a query may hold it, tail; %d in the item is its number."""
    text, number = head, 0
    while len(text) + len(between) + len(item) + 4 + len(tail) <= LARGEST:
        text += (between if number else '') + item.replace('%d', str(number))
        number += 1
    return text + tail


def largest(site):
    """Queries of the largest size: an answer, or a documented refusal, and the site grows by no more than 64 MiB."""
    before = resident_bytes(site.pids()[0], peak=True)
    start = 'SELECT PackageID FROM SMS_Package WHERE '
    for name, text in (
            ('OR', repeated(start, "PackageID='P%d'", ' OR ')), ('LIKE', repeated(start, "Name LIKE '%a_[b-%d]%'", ' OR ')),
            ('IN', repeated(start + 'PackageID IN (', "''", ',', ')')), ('NOT', repeated(start + 'NOT (', 'NOT Priority=%d', ' AND ', ')')),
            ('sub-selects', repeated(start, 'PackageID IN (SELECT PackageID FROM SMS_Program)', ' OR ')),
            ('dates', repeated(start, 'DateDiff(dd,SourceDate,GetDate())>%d', ' OR ')),
            ('columns', repeated('SELECT ', 'Name', ',', ' FROM SMS_Package')), ('a text', repeated(start + "Name='", 'x', '', "'")),
            ('order', repeated('SELECT PackageID FROM SMS_Package ORDER BY ', 'Name', ','))):
        check(f'the largest query of {name} is answered', isinstance(query(site, text), list), query(site, text))
    for name, text in (('joins', repeated('SELECT a.Name FROM SMS_Package a', ' JOIN SMS_Package a%d ON a.Name=a%d.Name', '')),
                       ('brackets', start + '(' * 8000 + 'Priority=1' + ')' * 8000), ('NOT', repeated(start, 'NOT', ' ', ' Priority=1')),
                       ('calls', start + 'UPPER(' * 2000 + 'Name' + ')' * 2000 + "='A'"), ('more than fits', ' ' * LARGEST + start + 'Priority=1')):
        check(f'the largest query of {name} is refused', query(site, text) == 'WBEM_E_QUOTA_VIOLATION', query(site, text))
    grown = resident_bytes(site.pids()[0], peak=True) - before
    check('the site grew little by them', grown < 64 << 20, grown)


def refused(site):
    for text, status in REFUSED:
        if text:
            check(f'{status}: {text[:60]}', query(site, text) == status, query(site, text))
    code, answer = ask(site, '/AdminService/wql', "SELECT * FROM SMS_Package WHERE Priority IS 5")
    check('a mistake has its column', code == 400 and answer['error']['column'] == 45, answer)
    watch = Watch(site, 'SELECT * FROM SMS_Package WITHIN 5')
    check('a class of data raises no events', watch.error == 'WBEM_E_NOT_EVENT_CLASS', watch.error)
    code, answer = ask(site, '/AdminService/wql/check?query=' + urllib.parse.quote('select * from sms_site where sitecode=\'P01\''))
    check('checked without running', (code, answer['kind'], answer['canonical']) == (
        200, 'data', 'SELECT * FROM sms_site WHERE sitecode = "P01"'), answer)


def extended(site):
    rows = query(site, 'SELECT COUNT(*) FROM SMS_Package')
    check('COUNT', rows == [{'__CLASS': '__Generic', 'Count': len(site.get('SMS_Package'))}], rows)
    rows = query(site, 'SELECT * FROM SMS_Package AS p INNER JOIN SMS_PackageStatusDistPointsSummarizer AS s '
                       'ON p.PackageID = s.PackageID WHERE s.State <> 0')
    want = sorted((r['PackageID'], r['State']) for r in site.get('SMS_PackageStatusDistPointsSummarizer') if r['State'])
    check('a join gives an object an alias', isinstance(rows, list) and sorted(
        (r['p']['PackageID'], r['s']['State']) for r in rows) == want and {r['__CLASS'] for r in rows} == {'__Generic'}, rows)
    rows = query(site, 'SELECT Name FROM SMS_Package WHERE PackageID IN (SELECT PackageID FROM '
                       'SMS_PackageStatusDistPointsSummarizer WHERE State = 8)')
    check('a sub-select', [r['Name'] for r in rows] == ['Package 0'], rows)
    rows = query(site, "SELECT * FROM meta_class WHERE __this ISA 'SMS_PackageBaseclass'")
    for text in (f"ASSOCIATORS OF {{SMS_Package.PackageID='{MAIN}'}} WHERE ResultClass = SMS_DistributionPoint",
                 f"REFERENCES OF {{\\\\.\\root\\sms\\site_P01:SMS_Package='{MAIN}'}} WHERE ResultClass = SMS_PkgToPkgServer_a"):
        found = query(site, text)
        check(text, isinstance(found, list) and len(found) == len(site.get('SMS_DistributionPoint', f"PackageID eq '{MAIN}'")) == 5, found)
    check('a schema query gives classes', {'SMS_Package', 'SMS_PackageBaseclass'} <= {r['__CLASS'] for r in rows}, rows)


# ---- classes beside those of distribution ----

def other_classes(site):
    names = {row['Name'] for row in query(site, 'SELECT * FROM __NAMESPACE')}
    check('the namespaces of a site', names == {'sms', 'subscription', 'site_P01'}, names)
    for event in ('__ClassDeletionEvent', '__NamespaceOperationEvent', '__EventDroppedEvent', '__ConsumerFailureEvent', '__SystemEvent'):
        watch = Watch(site, f'SELECT * FROM {event}')
        check(f'{event} can be watched', watch.error is None, watch.error)
    collection = site.call('POST', '/AdminService/wmi/SMS_Collection', {'Name': 'Members'})['CollectionID']
    rule = {'__CLASS': 'SMS_CollectionRuleDirect', 'RuleName': 'PC7', 'ResourceClassName': 'SMS_R_System'}
    done = site.call('POST', f"/AdminService/wmi/SMS_Collection('{collection}')/AdminService.AddMembershipRule", {'collectionRule': rule})
    check('a direct rule is added', done == {'ReturnValue': 0, 'QueryID': 0}, done)
    rows = query(site, f"ASSOCIATORS OF {{SMS_Collection.CollectionID='{collection}'}} WHERE ResultClass = SMS_R_System")
    check('and makes a member', [row['Name'] for row in rows] == ['PC7'], rows)
    found = query(site, 'ASSOCIATORS OF {SMS_Collection} WHERE SchemaOnly')
    check('classes that could be associated', {'SMS_Advertisement', 'SMS_Resource'} <= {row['__CLASS'] for row in found}, found)
    raised = {'MessageText': 'Nightly build is out', 'MessageType': 256, 'AttrIDs': [400], 'AttrValues': [MAIN]}
    status, answer = post(site, '/AdminService/wmi/SMS_StatusMessage.RaiseInformationalStatusMsg', raised, '')
    check('without context values no message is raised', status == 400, (status, answer))
    status, answer = post(site, '/AdminService/wmi/SMS_StatusMessage.RaiseInformationalStatusMsg', raised,
                          'ApplicationName=Nightly; MachineName="BUILD 01"')
    check('with them it is', status == 200 and answer['ReturnValue'] == 0, (status, answer))
    rows = query(site, "SELECT stat.Component, ins.InsStrValue, att.AttributeValue FROM SMS_StatusMessage AS stat JOIN "
                       "SMS_StatMsgInsStrings AS ins ON ins.RecordID = stat.RecordID JOIN SMS_StatMsgAttributes AS att ON "
                       "att.RecordID = stat.RecordID WHERE stat.MessageID = 39997 AND att.AttributeID = 400")
    check('and is read with its string and attribute', [(r['stat']['Component'], r['ins']['InsStrValue'], r['att']['AttributeValue'])
                                                        for r in rows] == [('Nightly', 'Nightly build is out', MAIN)], rows)
    state = query(site, "SELECT Status FROM SMS_SummarizerSiteStatus WHERE SiteCode = 'P01'")
    check('a site with failures is red', [row['Status'] for row in state] == [2], state)


# ---- the SDK's how-to pages, with the command line and the examples ----

def howtos(site, work):
    def cli(*words, code=0):
        done = subprocess.run([f'{BUILD}/tallyman', *words], env=site.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(f"tallyman {' '.join(words)[:90]}", done.returncode == code, (done.returncode, done.stdout[-300:], done.stderr[-300:]))
        return done.stdout if code == 0 else done.stderr

    def value(text, name):
        return json.loads(cli('query', text, '-o', 'json'))[0][name]

    out = f'{work}/example.out'
    with open(out, 'w') as file:
        example = subprocess.Popen([f'{BUILD}/examples/package_status', '600'], env=site.env, stdout=file)

    def says(text, seconds=20):
        end = time.monotonic() + seconds
        while text not in open(out).read() and time.monotonic() < end:
            time.sleep(.05)
        return text in open(out).read()

    for number in range(50):            # until both notifications bring what happens
        row = site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': f'Marker {number}', 'PkgSourceFlag': 1})
        site.call('PATCH', f"/AdminService/wmi/SMS_Package('{row['PackageID']}')", {'Name': f'Changed {number}'})
        if says(f'Name: Marker {number}\n', .3) and says(f'Name: Changed {number}\n', 2):
            break
    package = cli('package', 'create', '--name', 'Howto', '--description', 'one', '--source', f'{work}/source0').strip()
    path = f'SMS_Package.PackageID="{package}"'
    cli('put', path, 'Description=two')
    check('configure package properties', value(f"SELECT * FROM SMS_Package WHERE PackageID='{package}'", 'Description') == 'two')
    cli('put', path, f'PkgFlags={0x04000000 | 0x40000000}')
    check('delta replication and distribute on demand', value(f"SELECT PkgFlags FROM SMS_Package WHERE PackageID='{package}'", 'PkgFlags')
          == 0x44000000)
    nal = value(f"SELECT * FROM SMS_SystemResourceList WHERE RoleName='SMS Distribution Point' AND SiteCode='P01' AND "
                f"ServerName='{query(site, 'SELECT ServerName FROM SMS_DistributionPointInfo')[0]['ServerName']}'", 'NALPath')
    site.wait_stored(package, 1)
    site.call('POST', '/AdminService/wmi/SMS_DistributionPoint', {'PackageID': package, 'ServerNALPath': nal, 'SiteCode': 'P01'})
    cli('wait', package, '--timeout', '1m')
    check('examples/package_status says how it came to be', says('Name: Howto\nTargeted: 0\nInstalled: 0\n')
          and says('Name: Howto\nTargeted: 1\nInstalled: 1\n'), open(out).read())
    cli('program', 'create', package, '--name', 'Install', '--command-line', 'setup', '--duration', '5')
    cli('put', f'SMS_Program.PackageID="{package}",ProgramName="Install"', 'Duration=30', 'Comment=longer')
    check('change the maximum run time', value(f"SELECT * FROM SMS_Program WHERE PackageID='{package}'", 'Duration') == 30)
    collection = cli('collection', 'create', '--name', 'Everybody').strip()
    advert = cli('advert', 'create', '--name', 'Howto', '--package', package, '--program', 'Install', '--collection', collection).strip()
    cli('put', f'SMS_Advertisement.AdvertisementID="{advert}"', 'Comment=changed')
    check('modify an advertisement', value(f"SELECT Comment FROM SMS_Advertisement WHERE AdvertisementID='{advert}'", 'Comment') == 'changed')
    check('list programs of packages', value('SELECT p.Name, g.ProgramName FROM SMS_Package AS p JOIN SMS_Program AS g '
                                             'ON p.PackageID = g.PackageID', 'g')['ProgramName'] == 'Install')
    check('an error has its status', 'WBEM_E_INVALID_CLASS' in cli('query', 'SELECT * FROM SMS_Unknown', code=2))
    cli('get', 'SMS_Package.PackageID="UNKNOWN1"', code=3)
    cli('invoke', 'SMS_Identification', 'GetProviderVersion')
    check('connect: where the provider is', value('SELECT * FROM SMS_ProviderLocation', 'SiteCode') == 'P01')
    check('determine what was said about it', value(
        'SELECT stat.Component, att.AttributeValue FROM SMS_StatusMessage stat JOIN SMS_StatMsgAttributes att ON att.RecordID = '
        f"stat.RecordID WHERE att.AttributeID = 400 AND att.AttributeValue = '{package}'", 'stat')['Component'] == 'SMS_DISTRIBUTION_MANAGER')
    check('messages with their strings', package in cli(
        'query', 'SELECT stat.RecordID, ins.InsStrValue FROM SMS_StatusMessage AS stat LEFT OUTER JOIN SMS_StatMsgInsStrings AS ins '
        'ON ins.RecordID = stat.RecordID ORDER BY stat.Time DESC', '-o', 'csv'))
    token = cli('invoke', 'SMS_ScheduleMethods', 'WriteToString',
                'TokenData=[{"__CLASS":"SMS_ST_RecurInterval","DaySpan":1,"StartTime":"2026-01-02T03:04:00Z"}]', '-o', 'json')
    back = cli('invoke', 'SMS_ScheduleMethods', 'ReadFromString', f"StringData={json.loads(token)['StringData']}", '-o', 'json')
    check('a schedule token there and back', json.loads(back)['TokenData'][0]['DaySpan'] == 1, back)
    parts = json.loads(cli('invoke', 'SMS_NAL_Methods', 'UnPackNALPath', f'NALPath={nal}', '-o', 'json'))
    packed = cli('invoke', 'SMS_NAL_Methods', 'PackNALPath', f"NALType={parts['NALType']}", f"NetworkOSPath={parts['NetworkOSPath']}",
                 *(f'{name}={json.dumps(parts[name])}' for name in ('DisplayQualifiers', 'NetworkConnectionQualifiers')), '-o', 'json')
    check('a NAL path taken apart and put together', json.loads(packed)['NALPath'] == nal, packed)
    resumed = cli('watch', "SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'SMS_Package' AND TargetInstance.Name = 'Howto'",
                  '--from', '0', '--count', '1', '--timeout', '20s', '-o', 'jsonl')
    check('events from the beginning', json.loads(resumed)['TargetInstance']['PackageID'] == package, resumed)
    cli('advert', 'delete', advert)
    cli('package', 'delete', package)
    listed = subprocess.run([f'{BUILD}/examples/list_packages'], env=site.env, text=True, stdout=subprocess.PIPE, check=False).stdout
    check('examples/list_packages', f'PackageID: {MAIN}\n' in listed and listed.count('Name: ') >= 20, listed)
    example.send_signal(signal.SIGINT)
    check('examples/package_status ends at Ctrl-C', example.wait(timeout=30) == 0, example.returncode)


def main():
    work = tempfile.mkdtemp(prefix='tallyman-queries-')
    with open(f'{HERE}/../data/real_queries.txt') as file:
        texts = [line.strip() for line in file if line.strip() and not line.startswith('#')]
    site = Site(f'{work}/site', 5, ['retry_delay=10m', 'job_stall_timeout=10m', 'dp_offline_grace=10m'])
    site.env = {**os.environ, 'TALLYMAN_SERVER': f'unix:{site.socket}'}
    try:
        classes = {row['Name'].lower() for row in site.call('GET', '/AdminService/class')['value']}
        events = [(text, Watch(site, text)) for text in texts if '__instance' in text.lower()]
        site.group = fill(site, work)
        check('states 0 to 4, 7 and 8 are there', {row['State'] for row in site.get('SMS_PackageStatusDistPointsSummarizer')}
              == {0, 1, 2, 3, 4, 7, 8})
        site.call('POST', '/AdminService/wmi/SMS_Collection', {'Name': 'Heard of'})
        for text in texts:
            if '__instance' not in text.lower():
                text = text.replace('DP01.CONTOSO.COM', DP.upper()).replace('{3F6D2A10-0000-4000-8000-000000000001}', site.group)
                data_query(site, text, classes)
        for text, watch in events:
            event_query(text, watch, classes, site)
        refused(site)
        largest(site)
        extended(site)
        other_classes(site)
        more = f'{HERE}/../data/real_queries_more.txt'
        realqueries.data_queries(site, more, {'MAIN': MAIN, 'OTHER': OTHER, 'THIRD': THIRD}, lambda text: query(site, text), check)
        realqueries.event_queries(site, more, lambda text: Watch(site, text), check)
        howtos(site, work)
    finally:
        for pid in site.pids()[1]:
            os.kill(pid, signal.SIGCONT)
        site.stop()
    shutil.rmtree(work)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
