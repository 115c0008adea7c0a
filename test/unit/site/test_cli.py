#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tallyman against a fake site: what it asks, what it prints, what it exits with.  test_cli.py PATH-OF-TALLYMAN"""
import csv
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_site import Site, nal  # noqa: E402

TALLYMAN = os.path.abspath(sys.argv.pop(1))


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='tallyman-cli-')
        self.site = Site(self.folder.name)
        for name in ('dp-par-1', 'dp-par-2', 'dp-rom-1'):
            self.site.change('TM_DistributionPoint', {'Name': name, 'NALPath': nal(name), 'SiteCode': 'P01', 'Enrolled': True})

    def tearDown(self):
        self.site.server.shutdown()
        self.site.server.server_close()
        self.folder.cleanup()

    def environment(self):
        return {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'HOME': self.folder.name,
                'TALLYMAN_SERVER': f'unix:{self.site.path}', 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}

    def run_cli(self, *words, env=None):
        done = subprocess.run([TALLYMAN, *words], env={**self.environment(), **(env or {})}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def ok(self, *words, **more):
        code, out, err = self.run_cli(*words, **more)
        self.assertEqual(code, 0, f'{words}: {out}{err}')
        return out

    def last_call(self):
        return self.site.calls[-1]

    def package(self, package='P0100001', name='7-Zip', states=(0, 0, 0), version=3, held=None):
        """A package with one row a state; all summaries follow from them."""
        wanted = [s for s in states if s not in (4, 5, 6)]
        installed = sum(s == 0 for s in states)
        ready = bool(wanted) and installed == len(wanted)
        for number, state in enumerate(states):
            dp = ('dp-par-1', 'dp-par-2', 'dp-rom-1')[number]
            self.site.change('TM_DistributionCondition', {
                'PackageID': package, 'ServerNALPath': nal(dp), 'ServerName': dp, 'SiteCode': 'P01', 'State': state,
                'StateName': f'STATE_{state}', 'SourceVersion': held or version, 'BytesTotal': 5000,
                'Reason': 'the disk is full' if state == 3 else None, 'NextStep': 'free some space' if state == 3 else None})
        self.site.change('SMS_PackageStatusRootSummarizer', {
            'PackageID': package, 'Name': name, 'SourceVersion': version, 'Targeted': len(wanted), 'Installed': installed,
            'Retrying': sum(s in (2, 5) for s in states), 'Failed': sum(s in (3, 6) for s in states)})
        self.site.change('TM_PackageCondition', {
            'PackageID': package, 'Name': name, 'SourceVersion': version, 'Ready': ready,
            'ReadyReason': 'Ready' if ready else 'NotDistributed' if not wanted else 'InProgress',
            'ReadyMessage': f'installed on {installed} of {len(wanted)}'})

    # ---- WQL ----

    ROWS = [{'__CLASS': 'SMS_Package', '__RELPATH': 'SMS_Package.PackageID="P0100001"', 'PackageID': 'P0100001', 'Priority': 2,
             'SourceDate': '2026-01-02T03:04:05Z'},
            {'__CLASS': 'SMS_Package', '__RELPATH': 'SMS_Package.PackageID="P0100002"', 'PackageID': 'P0100002', 'Priority': 10,
             'SourceDate': None}]

    def answer_query(self, rows, **what):
        self.site.replies['POST /AdminService/wql'] = {'value': rows}
        self.site.replies['POST /AdminService/wql/check'] = {'kind': 'data', 'canonical': 'SELECT', 'star': False, **what}

    def test_query_in_every_format(self):
        self.answer_query(self.ROWS, columns=['Priority', 'PackageID'])
        text = "SELECT Priority, PackageID FROM SMS_Package"
        self.assertEqual(self.ok('query', text), 'Priority  PackageID\n       2  P0100001\n      10  P0100002\n')
        self.assertIn(('POST', '/AdminService/wql', text), self.site.calls)
        self.assertEqual(list(csv.reader(io.StringIO(self.ok('query', text, '-o', 'csv')))),
                         [['Priority', 'PackageID'], ['2', 'P0100001'], ['10', 'P0100002']])
        self.assertEqual(self.ok('query', text, '-o', 'name').split('\n')[1], 'SMS_Package.PackageID="P0100002"')
        self.assertEqual(json.loads(self.ok('query', text, '--json')), self.ROWS)
        self.assertEqual([json.loads(line) for line in self.ok('query', text, '-o', 'jsonl').splitlines()], self.ROWS)
        self.assertEqual(self.ok('query', text, '-o', 'mof'),
                         'instance of SMS_Package\n{\n        PackageID = "P0100001";\n        Priority = 2;\n'
                         '        SourceDate = "20260102030405.000000+000";\n};\n\n'
                         'instance of SMS_Package\n{\n        PackageID = "P0100002";\n        Priority = 10;\n};\n')

    def test_a_query_for_all_properties_prints_blocks(self):
        self.answer_query(self.ROWS, columns=['PackageID'], star=True)
        self.assertIn('Priority    2\nSourceDate  2026-01-02T03:04:05Z\n\n__CLASS', self.ok('query', 'SELECT * FROM SMS_Package'))

    def test_joined_rows(self):
        row = {'__CLASS': '__Generic', 'p': {'__CLASS': 'SMS_Package', 'PackageID': 'P0100001'},
               's': {'__CLASS': 'SMS_Package', 'Priority': 2}, 'Expr1': 'X'}
        self.answer_query([row], columns=['p.PackageID', 's.Priority', 'Expr1'])
        self.assertEqual(self.ok('query', 'SELECT ...'), 'p.PackageID  s.Priority  Expr1\nP0100001              2  X\n')
        self.assertEqual(self.ok('query', 'SELECT ...', '-o', 'mof'),
                         'instance of __Generic\n{\n        p = \ninstance of SMS_Package\n{\n        PackageID = "P0100001";\n};\n'
                         '        s = \ninstance of SMS_Package\n{\n        Priority = 2;\n};\n        Expr1 = "X";\n};\n')

    def test_a_wrong_query_is_pointed_at(self):
        self.site.replies['POST /AdminService/wql/check'] = self.site.replies['POST /AdminService/wql'] = (400, {'error': {
            'code': 'InvalidQuery', 'wbem': 'WBEM_E_INVALID_QUERY', 'hresult': '0x80041017', 'column': 12, 'message': 'no é'}}, {})
        for verb in (['query'], ['wql', 'check']):
            code, out, err = self.run_cli(*verb, 'SELECT *\n\té FROMM X')
            self.assertEqual((code, out), (2, ''))
            self.assertEqual(err.splitlines(), ['tallyman: no é (WBEM_E_INVALID_QUERY).', '  ?é FROMM X', '    ^'])
        code, out, err = self.run_cli('wql', 'check', 'X', '--json')
        self.assertEqual((code, json.loads(err)['error']['code']), (2, 'WBEM_E_INVALID_QUERY'))
        self.assertEqual(self.run_cli('wql', 'check', 'X', '--kind', 'other')[0], 2)

    def test_wql_check(self):
        self.answer_query([], canonical='SELECT * FROM SMS_Site')
        self.assertEqual(self.ok('wql', 'check', 'select * from sms_site', '--kind', 'data'),
                         'kind       data\ncanonical  SELECT * FROM SMS_Site\n')

    def test_watch_a_query(self):
        self.site.notifications = [
            ('__InstanceModificationEvent', {'__CLASS': '__InstanceModificationEvent', 'TIME_CREATED': '134117966450000000',
                                             'TargetInstance': {'__CLASS': 'SMS_Package', 'PackageID': 'P0100001', 'Priority': 3},
                                             'PreviousInstance': {'__CLASS': 'SMS_Package', 'PackageID': 'P0100001', 'Priority': 2}}),
            ('__AggregateEvent', {'__CLASS': '__AggregateEvent', 'NumberOfEvents': 4})]
        text = "SELECT * FROM __InstanceModificationEvent WHERE TargetInstance ISA 'SMS_Package'"
        lines = self.ok('watch', text, '--count', '2', '--from', '7').splitlines()
        self.assertEqual(lines[0], '8  2026-01-02T03:04:05Z  modification  SMS_Package.PackageID="P0100001"  Priority 2 → 3')
        self.assertEqual(lines[1], '9  -  __AggregateEvent  {"__CLASS": "__AggregateEvent", "NumberOfEvents": 4}')
        self.assertEqual(json.loads(self.ok('watch', text, '--count', '1', '--json')), self.site.notifications[0][1])
        self.assertEqual(self.ok('watch', text, '--count', '1', '--show', 'Priority'), 'Priority: 3\n\n')
        self.assertEqual(self.run_cli('watch', text, '--count', '9', '--timeout', '1s')[0], 5)

    # ---- words, help and errors ----

    def test_help_fits_a_screen(self):
        out = self.ok('--help')
        self.assertLessEqual(len(out.splitlines()), 30)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        for line in self.ok('wait', '--help').splitlines() + self.ok('distribute', '--help').splitlines():
            self.assertLessEqual(len(line), 90)
        self.assertIn('dp add NAME', self.ok('dp', '--help'))
        self.assertIn('tallyman', self.ok('--version'))

    def test_usage_errors_are_2(self):
        for words in ([], ['frob'], ['dp', 'frob'], ['wait'], ['status', '--bogus'], ['distribute', 'P0100001'],
                      ['distribute', 'P0100001', '--all', '--dp', 'x'], ['-o', 'xml', 'status'], ['retry'], ['dp', 'add', 'x'],
                      ['package', 'create'], ['wait', 'P0100001', '--for', 'ever'], ['wait', 'P0100001', '--min-ready', '101%'],
                      ['wait', 'P0100001', '--timeout', 'soon'], ['status', '--state', 'purple'], ['diff', '--dp', 'dp-par-1']):
            code, out, err = self.run_cli(*words)
            self.assertEqual((code, out), (2, ''), words)
            self.assertRegex(err, r'^tallyman: .*--help')

    def test_errors_have_their_codes(self):
        self.assertEqual(self.run_cli('package', 'show', 'P0199999')[0], 3)
        self.assertEqual(self.run_cli('status', 'P0199999')[0], 3)
        self.assertEqual(self.run_cli('dp', 'remove', 'no-such*')[0], 3)
        self.site.replies['POST TM_Site.Verify'] = (403, {'error': {'code': 'AccessDenied', 'message': 'you may not'}}, {})
        code, out, err = self.run_cli('verify', '-o', 'json')
        self.assertEqual((code, out), (6, ''))
        self.assertEqual(json.loads(err), {'error': {'code': 'AccessDenied', 'message': 'you may not', 'exit': 6}})
        code, out, err = self.run_cli('status', env={'TALLYMAN_SERVER': 'unix:/nonexistent'})
        self.assertEqual(code, 7)
        self.assertIn('unix:/nonexistent', err)

    def test_where_the_server_comes_from(self):
        os.makedirs(f'{self.folder.name}/.config/tallyman')
        with open(f'{self.folder.name}/.config/tallyman/tallyman.conf', 'w') as out:
            out.write(f'# mine\n\nserver = unix:{self.site.path}\n')
        self.ok('dp', 'list', env={'TALLYMAN_SERVER': ''})
        self.assertEqual(self.run_cli('dp', 'list', env={'TALLYMAN_SERVER': 'unix:/x'})[0], 7)
        self.ok('--server', f'unix:{self.site.path}', 'dp', 'list', env={'TALLYMAN_SERVER': 'unix:/x'})
        with open(f'{self.folder.name}/.config/tallyman/tallyman.conf', 'a') as out:
            out.write('colour = red\n')
        code, _, err = self.run_cli('dp', 'list')
        self.assertEqual(code, 1)
        self.assertIn("line 4: unknown setting 'colour'", err)

    def test_completion_knows_the_verbs(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../data/bash-completion/tallyman')

        def complete(*words):
            line = 'source "$0"; COMP_WORDS=(tallyman "$@" ""); COMP_CWORD=$(($# + 1)); _tallyman; echo "${COMPREPLY[@]}"'
            env = {**self.environment(), 'PATH': f'{os.path.dirname(TALLYMAN)}:{os.environ["PATH"]}'}
            return subprocess.run(['bash', '-c', line, script, *words], env=env, stdout=subprocess.PIPE, text=True,
                                  check=True).stdout.split()
        for word in complete():
            usage = self.ok(word, '--help')
            verbs = [line.split()[1] for line in usage.splitlines() if line.startswith(f'  {word} ')]
            self.assertEqual(sorted(verbs), sorted(complete(word)) if verbs else [], word)
        self.assertEqual(complete('dp', 'show'), ['dp-par-1', 'dp-par-2', 'dp-rom-1'])
        self.assertEqual(complete('distribute', 'P0100001', '--dp', 'dp-par-1'), ['dp-par-1', 'dp-par-2', 'dp-rom-1'])

    # ---- output ----

    def test_formats(self):
        self.package(name='a, "b"\x1b[31m')
        table = self.ok('status')
        self.assertTrue(table.startswith('1 package: 1 ready, 0 in progress, 0 in error, 0 not distributed.'))
        self.assertNotIn('\x1b', table)
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        rows = json.loads(self.ok('status', '--json'))
        self.assertEqual((rows[0]['Targeted'], rows[0]['Installed'], rows[0]['Ready'], rows[0]['Status']), (3, 3, True, 'Success'))
        self.assertEqual(json.loads(self.ok('-o', 'jsonl', 'status').splitlines()[0]), rows[0])
        fields = list(csv.DictReader(io.StringIO(self.ok('status', '-o', 'csv'), newline='')))
        self.assertEqual((fields[0]['Name'], fields[0]['Installed']), ('a, "b"\x1b[31m', '3'))
        self.assertEqual(self.ok('status', '-o', 'name'), 'P0100001\n')
        self.assertIn('NAL PATH', self.ok('dp', 'list', '-o', 'wide'))

    def test_status_answers_first(self):
        self.package(states=(0, 3, 2))
        out = self.ok('status', 'P0100001')
        self.assertEqual(out.splitlines()[0], 'P0100001 7-Zip is not ready: installed on 1 of 3. dp-par-2: the disk is full. '
                                              'Next: free some space.')
        for word in ('Success', 'Error', 'In progress'):
            self.assertIn(word, out)
        self.assertEqual(self.ok('status', '--state', 'error', '-o', 'name'), 'dp-par-2\n')
        self.assertEqual(self.ok('status', 'P0100001', '--state', '0,2', '-o', 'name'), 'dp-par-1\ndp-rom-1\n')
        one = json.loads(self.ok('status', 'P0100001', '--json'))
        self.assertEqual([row['State'] for row in one['DistributionPoints']], [0, 3, 2])

    # ---- orders ----

    def test_packages(self):
        self.site.replies['POST SMS_Package'] = (201, {'PackageID': 'P0100007', 'Name': 'x'}, {})
        self.assertEqual(self.ok('package', 'create', '--name', 'x', '--source', 'here', '--priority', 'high'), 'P0100007\n')
        body = self.last_call()[2]
        self.assertEqual(body, {'Name': 'x', 'Priority': 1, 'PkgSourceFlag': 2, 'PkgSourcePath': f'{os.getcwd()}/here'})
        self.ok('package', 'create', '--name', 'x')
        self.assertEqual(self.last_call()[2], {'Name': 'x'})
        self.assertEqual(json.loads(self.ok('package', 'create', '--name', 'x', '--json'))['PackageID'], 'P0100007')

    def test_orders_name_their_targets(self):
        self.site.replies['POST TM_Site.Distribute'] = {'ReturnValue': 0, 'Count': 2}
        self.ok('distribute', 'P0100001', '--dp', 'DP-PAR-*')
        self.assertEqual(self.last_call()[2], {'PackageIDs': ['P0100001'], 'DPs': ['dp-par-1', 'dp-par-2']})
        self.ok('distribute', 'P0100001', 'P0100002', '--all')
        self.assertEqual(self.last_call()[2], {'PackageIDs': ['P0100001', 'P0100002'], 'All': True})
        self.site.change('SMS_DistributionPointGroup', {'GroupID': 'g1', 'Name': 'Paris'})
        self.site.change('SMS_DPGroupMembers', {'GroupID': 'g1', 'DPNALPath': nal('dp-rom-1')})
        self.ok('distribute', 'P0100001', '--group', 'paris')
        self.assertEqual(self.last_call()[2], {'PackageIDs': ['P0100001'], 'Groups': ['Paris']})
        self.site.replies['POST TM_Site.Remove'] = {'ReturnValue': 0, 'Count': 1}
        self.package(states=(0, 0, 0))
        self.ok('remove', '--group', 'Paris', '--', 'P0100001')
        self.assertEqual(self.last_call()[2], {'PackageIDs': ['P0100001'], 'DPs': ['dp-rom-1']})
        self.package('P0100002', states=(0,))
        self.ok('remove', 'P0100002', '--dp', '*')
        self.assertEqual(self.last_call()[2], {'PackageIDs': ['P0100002'], 'DPs': ['dp-par-1']})
        self.assertEqual(self.run_cli('remove', 'P0100002', '--dp', '*rom*')[0], 3)
        self.site.replies['POST TM_Site.Redistribute'] = {'ReturnValue': 0, 'Count': 4}
        self.assertEqual(json.loads(self.ok('retry', '--failed', '--json'))['Count'], 4)
        self.assertEqual(self.last_call()[2], {'FailedOnly': True})
        n = len(self.site.calls)
        self.assertEqual(self.ok('distribute', 'P0100001', '--dp', '*par*', '--dry-run', '-o', 'csv'),
                         'PackageID,ServerName\nP0100001,dp-par-1\nP0100001,dp-par-2\n')
        self.assertEqual([call[0] for call in self.site.calls[n:]], ['GET'])
        self.site.replies['POST TM_Site.Distribute'] = {'ReturnValue': 5}
        self.assertEqual(self.run_cli('distribute', 'P0100001', '--all')[0], 1)

    def test_only_the_token_on_stdout(self):
        self.site.replies['POST TM_Site.AddDistributionPoint'] = {'ReturnValue': 0, 'Token': 'tm1.x', 'NALPath': 'n'}
        self.assertEqual(self.ok('dp', 'add', 'dp-new', '--site', 'P01'), 'tm1.x\n')
        self.assertEqual(self.last_call()[2], {'SiteCode': 'P01', 'Name': 'dp-new'})

    def test_any_object(self):
        self.package()
        self.site.change('SMS_Package', {'PackageID': 'P0100001', 'Name': 'x', 'Priority': 2, 'SourceDate': '2026-01-02T03:04:05Z'})
        path = 'SMS_Package.PackageID="P0100001"'
        self.assertEqual(json.loads(self.ok('get', path, '-o', 'json'))['Priority'], 2)
        self.assertIn('SourceDate = "20260102030405.000000+000";', self.ok('get', path, '-o', 'mof'))
        self.assertEqual(self.ok('get', 'SMS_Package', '-o', 'name'), path + '\n')
        self.assertEqual(self.ok('get', 'SMS_Package', '-o', 'csv'),
                         'PackageID,Name,Priority,SourceDate\nP0100001,x,2,2026-01-02T03:04:05Z\n')
        self.site.replies["PATCH SMS_Package(PackageID='P0100001')"] = {}
        self.ok('put', path, 'Name=7', 'priority=3')
        self.assertEqual(self.last_call()[2], {'Name': '7', 'Priority': 3})
        self.assertEqual(self.run_cli('put', path, 'Priority=high')[0], 2)
        self.assertEqual(self.run_cli('put', path, 'Nothing=1')[0], 3)
        self.site.replies["POST SMS_Package(PackageID='P0100001')/AdminService.AddDistributionPoints"] = {'ReturnValue': 0}
        self.ok('invoke', path, 'AddDistributionPoints', 'SiteCode=["P01"]', f'NALPath={json.dumps([nal("dp-par-1")])}')
        self.assertEqual(self.last_call()[2], {'SiteCode': ['P01'], 'NALPath': [nal('dp-par-1')]})
        self.assertEqual(self.ok('class', 'list', '-o', 'name'), 'SMS_Package\n')
        self.assertIn('class SMS_Package', self.ok('class', 'show', 'SMS_Package'))
        self.assertEqual(self.run_cli('class', 'show', '../x')[0], 3)

    def test_verify_and_diff(self):
        self.site.replies['POST TM_Site.Verify'] = {'ReturnValue': 0, 'Differences': []}
        self.assertEqual(self.ok('verify', '--deep'), '')
        self.assertEqual(self.last_call()[2], {'Deep': True})
        self.site.replies['POST TM_Site.Verify'] = {'ReturnValue': 0, 'Differences': ['RootCounter P0100001: 2, not 3']}
        code, out, _ = self.run_cli('verify')
        self.assertEqual(code, 1)
        self.assertIn('RootCounter', out)
        self.package(states=(0, 2))
        code, out, _ = self.run_cli('diff', '--dp', 'dp-par-1', 'dp-par-2', '-o', 'json')
        self.assertEqual((code, json.loads(out)), (1, [{'PackageID': 'P0100001', 'A': '3 INSTALLED', 'B': '3 INSTALL_RETRYING'}]))
        self.assertEqual(self.run_cli('diff', '--dp', 'dp-par-1', 'dp-par-1')[0], 0)

    # ---- waiting and watching ----

    def wait(self, *words, then=None):
        self.site.on_stream = then
        return self.run_cli('wait', *words)

    def test_ready_already(self):
        self.package()
        self.assertEqual(self.wait('P0100001')[0], 0)
        self.assertEqual(self.wait('P0100001', '--version', '3')[0], 0)
        self.assertEqual(self.wait('P0199999')[0], 3)

    def test_becomes_ready(self):
        self.package(states=(0, 1, 1))
        code, out, err = self.wait('P0100001', then=lambda: (self.package(states=(0, 0, 1)), self.package(states=(0, 0, 0))))
        self.assertEqual((code, out), (0, ''))
        self.assertIn('2 of 3 (66 %)', err)
        self.assertNotIn('\x1b', err)
        self.package(states=(0, 1, 1))
        code, out, err = self.wait('-q', 'P0100001', then=self.package)
        self.assertEqual((code, out, err), (0, '', ''))

    def test_nothing_is_missed_between_snapshot_and_stream(self):
        self.package(states=(0, 1, 1))
        real = self.site.stream

        def late(handler, query):
            self.site.stream = real
            self.package()              # committed after the snapshot, before the stream is open
            real(handler, query)
        self.site.stream = late
        self.assertEqual(self.wait('P0100001', '--timeout', '30s')[0], 0)

    def test_another_version_is_waited_for(self):
        self.package(version=3)
        self.assertEqual(self.wait('P0100001', '--version', '4', then=lambda: self.package(version=4))[0], 0)

    def test_failed_for_good(self):
        self.package(states=(0, 1, 1))
        code, _, err = self.wait('P0100001', then=lambda: (self.package(states=(0, 3, 1)), self.package(states=(0, 3, 0))))
        self.assertEqual(code, 4)
        self.assertIn('tallyman status P0100001', err)
        self.package(states=(0, 1, 1))
        self.assertEqual(self.wait('P0100001', '--fail-fast', then=lambda: self.package(states=(0, 3, 1)))[0], 4)
        self.package(states=(0, 3, 0))
        self.assertEqual(self.wait('P0100001', '--min-ready', '60%')[0], 0)
        self.assertEqual(self.wait('P0100001', '--for', 'failed')[0], 0)
        self.package('P0100002')
        self.assertEqual(self.wait('P0100002', 'P0100001')[0], 4)

    def test_removed(self):
        self.package(states=(4,))
        gone = {'PackageID': 'P0100001', 'ServerNALPath': nal('dp-par-1')}
        then = lambda: self.site.change('TM_DistributionCondition', delete=gone)   # noqa: E731
        self.assertEqual(self.wait('P0100001', '--for', 'removed', then=then)[0], 0)
        self.package(states=(0, 4))
        gone['ServerNALPath'] = nal('dp-par-2')
        self.assertEqual(self.wait('P0100001', '--for', 'removed', then=then)[0], 0)
        self.package(states=(6,))
        self.assertEqual(self.wait('P0100001', '--for', 'removed')[0], 4)

    def test_time_and_interruption(self):
        self.package(version=3)
        code, _, err = self.wait('P0100001', '--version', '4', '--timeout', '1s')
        self.assertEqual(code, 5)
        self.assertIn('not ready within 1s', err)
        process = subprocess.Popen([TALLYMAN, 'wait', 'P0100001', '--version', '4'], env=self.environment(), stderr=subprocess.PIPE, text=True)
        self.site.on_stream = lambda: process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, err)

    def test_watch(self):
        self.package(states=(0, 1))
        self.site.on_stream = lambda: self.package(states=(0, 0))
        out = self.ok('watch', 'SMS_PackageStatusRootSummarizer', '--count', '1')
        self.assertRegex(out, r'^\d+  2026-01-02T03:04:05Z  modification  SMS_Package.*  Installed 1 → 2\n$')
        self.site.on_stream = lambda: self.package(states=(0, 3))
        self.assertEqual(self.ok('watch', 'SMS_PackageStatusRootSummarizer', '--count', '1', '--show', 'Name,Targeted', 'Installed'),
                         'Name: 7-Zip\nTargeted: 2\nInstalled: 1\n\n')
        events = [json.loads(line) for line in self.ok('events', '--from', '103', '--count', '2', '-o', 'jsonl').splitlines()]
        self.assertEqual([(e['sequence'], e['event']) for e in events], [(104, 'creation'), (105, 'creation')])
        self.assertNotIn('before', events[0])
        self.assertEqual(self.run_cli('watch', 'TM_PackageCondition', '--count', '1', '--timeout', '1s')[0], 5)


if __name__ == '__main__':
    unittest.main()
