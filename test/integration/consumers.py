#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Permanent subscriptions with real receivers: a web server, a mail server, a log file, a program.

A receiver that fails first, one that is dead, a command line that tries to be a shell's, and a site server that is
killed with -9 while packages are created: nothing may be lost, and nobody held up by somebody else.
"""
import email
import email.header
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/../lib')
from tallysite import Site, UnixConnection, kill_and_restart  # noqa: E402

BUILD = os.environ.get('TALLYMAN_BUILD') or f'{HERE}/../../build'
SECRET = 'a secret of the test'
PACKAGES = 'SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA "SMS_Package"'
failures = []


def check(name, good, seen=''):
    print(f"{'ok' if good else 'not ok'} - {name}{'' if good else f': {seen}'}", flush=True)
    if not good:
        failures.append(name)


def until(good, seconds=90):
    end = time.monotonic() + seconds
    while not good():
        if time.monotonic() > end:
            return False
        time.sleep(.05)
    return True


# ---- receivers ----

class Web(http.server.ThreadingHTTPServer):
    """Keeps what is posted; answers what `answers` has for the path, else 200."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), WebHandler)
        self.requests, self.answers, self.lock = [], {}, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f'http://127.0.0.1:{self.server_address[1]}{path}'

    def taken(self, path):
        with self.lock:
            return [r for r in self.requests if r['path'] == path and r['status'] == 200]


class WebHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with self.server.lock:
            answers = self.server.answers.get(self.path, [])
            status = answers.pop(0) if answers else 200
            self.server.requests.append({'path': self.path, 'status': status, 'headers': dict(self.headers), 'body': body})
        self.send_response(status)
        if status == 302:
            self.send_header('Location', self.server.url('/elsewhere'))
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *args):
        pass


class Mail(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), MailHandler)
        self.messages = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MailHandler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def handle(self):
        self.say('220 test')
        envelope = {'to': []}
        for line in self.rfile:
            verb = line.decode().strip()
            upper = verb.upper()
            if upper.startswith('DATA'):
                self.say('354 go on')
                data = b''
                for more in self.rfile:
                    if more == b'.\r\n':
                        break
                    data += more[1:] if more.startswith(b'.') else more
                self.server.messages.append(dict(envelope, data=data))
                envelope = {'to': []}
                self.say('250 taken')
                continue
            if upper.startswith('MAIL FROM:'):
                envelope['from'] = verb[10:].split()[0].strip('<>')
            elif upper.startswith('RCPT TO:'):
                envelope['to'].append(verb[8:].split()[0].strip('<>'))
            self.say('221 bye' if upper.startswith('QUIT') else '250 fine')
            if upper.startswith('QUIT'):
                return


# ---- asking ----

def ask(site, method, path, body=None):
    link = UnixConnection(site.socket)
    link.request(method, path, json.dumps(body) if body is not None else None, {'Content-Type': 'application/json'})
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer.status, json.loads(data) if data else None


def create(site, class_name, **properties):
    status, answer = ask(site, 'POST', f'/AdminService/wmi/{class_name}', properties)
    if status != 201:
        raise RuntimeError(f'{class_name}: {status} {answer}')
    return answer


def bind(site, consumer, filter_name):
    return create(site, '__FilterToConsumerBinding', Consumer=consumer, Filter=f'__EventFilter.Name="{filter_name}"')


def package(site, name):
    """A package without source files, created when the site server is there to do it; its id."""
    while True:
        try:
            status, answer = ask(site, 'POST', '/AdminService/wmi/SMS_Package', {'Name': name, 'PkgSourceFlag': 1})
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(.05)
            continue
        if status == 201:
            return answer['PackageID']
        if status < 500:
            raise RuntimeError(f'{status} {answer}')
        time.sleep(.05)


def lines(path):
    try:
        with open(path, encoding='utf-8') as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def first_times(items):
    return list(dict.fromkeys(items))


# ---- what is stored ----

def test_writing(site):
    status, answer = ask(site, 'POST', '/AdminService/wmi/__EventFilter', {
        'Name': 'wrong', 'QueryLanguage': 'WQL', 'Query': 'SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISSA "x"'})
    check('a query with a mistake is refused with its column', status == 400 and re.search(r'column \d+', json.dumps(answer)), answer)
    status, answer = ask(site, 'POST', '/AdminService/wmi/__EventFilter', {'Name': 'x', 'QueryLanguage': 'SQL', 'Query': PACKAGES})
    check('another query language is refused', status == 400 and 'WQL' in json.dumps(answer), answer)
    for name, word in (('ActiveScriptEventConsumer', 'CommandLineEventConsumer'), ('NTEventLogEventConsumer', 'LogFileEventConsumer')):
        needed = {'ScriptingEngine': 'VBScript'} if name[0] == 'A' else {'SourceName': 'Test'}
        status, answer = ask(site, 'POST', f'/AdminService/wmi/{name}', {'Name': 'x', **needed})
        check(f'{name} is refused in words', status >= 400 and word in json.dumps(answer), answer)
    row = create(site, '__EventFilter', QueryLanguage='WQL', Query=PACKAGES)
    check('a filter without a name is given one', re.fullmatch(r'\{[0-9A-F-]{36}\}', row['Name']), row)
    check('its creator is Administrators', row['CreatorSID'] == [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0], row)
    path = f"/AdminService/wmi/__EventFilter('{urllib.parse.quote(row['Name'])}')"
    status, answer = ask(site, 'PATCH', path, {'Query': PACKAGES + ' AND TargetInstance.Name = "x"'})
    check('a filter is changed', status == 200 and answer['Query'].endswith('"x"'), answer)
    status, answer = ask(site, 'PATCH', path, {'Query': 'SELECT'})
    check('not to a query with a mistake', status == 400, answer)
    check('a filter is deleted', ask(site, 'DELETE', path)[0] == 204)
    status, answer = ask(site, 'POST', '/AdminService/wmi/__FilterToConsumerBinding', {
        'Consumer': 'LogFileEventConsumer.Name="none"', 'Filter': '__EventFilter.Name="none"'})
    check('a binding needs its consumer', status == 404 and 'create it first' in json.dumps(answer), answer)
    status, answer = ask(site, 'POST', '/AdminService/wmi/SMTPEventConsumer', {
        'Name': 'x', 'SMTPServer': 'localhost', 'ToLine': 'a@b.example', 'HeaderFields': ['X-A: 1\r\nBcc: c@d.example']})
    check('a header line is one line', status == 400, answer)


# ---- delivering ----

def test_webhook(site, web):
    web.answers['/hook'] = [500, 503]
    create(site, '__EventFilter', Name='packages', QueryLanguage='WQL', Query=PACKAGES, EventNamespace='root\\sms\\site_P01')
    row = create(site, 'TM_WebhookEventConsumer', Name='hook', Url=web.url('/hook'), Secret=SECRET, HeaderFields=['X-Test: yes'])
    check('a secret is never shown', row['Secret'] is None and row['HasSecret'] is True, row)
    row = bind(site, '\\\\.\\root\\subscription:TM_WebhookEventConsumer.Name="hook"', 'packages')
    check('a reference has one form', row['Consumer'] == 'TM_WebhookEventConsumer.Name="hook"', row)
    id_ = package(site, 'first "of" all')
    check('a webhook is tried again after 500 and 503', until(lambda: web.taken('/hook')), web.requests)
    tries = [r for r in web.requests if r['path'] == '/hook']
    last = tries[-1]
    body = json.loads(last['body'])
    check('the event is what happened', body['event']['__CLASS'] == '__InstanceCreationEvent' and
          body['event']['TargetInstance']['PackageID'] == id_ and body['site'] == 'P01' and body['subscription'] == 'packages', body)
    check('each try has the same delivery id', len(tries) == 3 and len({r['headers']['X-Tallyman-Delivery'] for r in tries}) == 1,
          [r['headers'] for r in tries])
    at, mac = re.fullmatch(r't=(\d+),v1=([0-9a-f]{64})', last['headers']['X-Tallyman-Signature']).groups()
    good = hmac.new(SECRET.encode(), f'{at}.'.encode() + last['body'], hashlib.sha256).hexdigest()
    check('the signature is right', mac == good and abs(int(at) - time.time()) < 300 and last['headers']['X-Test'] == 'yes', last)


def test_refusals(site, web):
    web.answers['/refuses'] = [404] * 2
    web.answers['/redirects'] = [302] * 2
    for name in ('refuses', 'redirects'):
        create(site, 'TM_WebhookEventConsumer', Name=name, Url=web.url(f'/{name}'))
        bind(site, f'TM_WebhookEventConsumer.Name="{name}"', 'packages')
    package(site, 'refused')
    done = until(lambda: {'refuses', 'redirects'} <= {re.search('"(.*)"', r['Consumer'])[1] for r in site.get('TM_EventFailure')})
    check('404 and 302 are refusals', done, site.get('TM_EventFailure'))
    check('they are not tried again', all(len([r for r in web.requests if r['path'] == f'/{n}']) == 1 for n in ('refuses', 'redirects')),
          web.requests)
    check('no redirect is followed', not [r for r in web.requests if r['path'] == '/elsewhere'])
    for name in ('refuses', 'redirects'):
        binding = urllib.parse.quote(f'TM_WebhookEventConsumer.Name="{name}"')
        filter_ = urllib.parse.quote('__EventFilter.Name="packages"')
        status, answer = ask(site, 'DELETE', f"/AdminService/wmi/__FilterToConsumerBinding(Consumer='{binding}',Filter='{filter_}')")
        check(f'the binding of {name} is deleted', status == 204, answer)


def test_mail(site, mail):
    create(site, 'SMTPEventConsumer', Name='mail', SMTPServer=f'127.0.0.1:{mail.server_address[1]}',
           FromLine='Tallyman <tallyman@site.example>', ToLine='ops@example.org; "Müller, Jo" <jo@example.org>',
           BccLine='audit@example.org', Subject='Package %TargetInstance.Name%: 100%%', HeaderFields=['X-Priority: 1'],
           Message='Created %TargetInstance.PackageID%\nby class %TargetInstance.__CLASS%.\n.\nend')
    bind(site, 'SMTPEventConsumer.Name="mail"', 'packages')
    id_ = package(site, 'Grüße aus Köln')
    check('mail comes', until(lambda: mail.messages))
    if not mail.messages:
        return
    message = mail.messages[0]
    check('its envelope', message['from'] == 'tallyman@site.example' and
          message['to'] == ['ops@example.org', 'jo@example.org', 'audit@example.org'], message)
    parsed = email.message_from_bytes(message['data'])
    subject = str(email.header.make_header(email.header.decode_header(parsed['Subject'])))
    to = str(email.header.make_header(email.header.decode_header(parsed['To'])))
    check('its header', subject == 'Package Grüße aus Köln: 100%' and 'Müller' in to and parsed['Bcc'] is None and
          parsed['X-Priority'] == '1', message['data'])
    text = parsed.get_payload(decode=True).decode()
    check('its text', text.replace('\r\n', '\n').rstrip('\n') == f'Created {id_}\nby class SMS_Package.\n.\nend', text)


def test_mail_elsewhere(site, mail):
    before = len(mail.messages)
    create(site, 'SMTPEventConsumer', Name='elsewhere', SMTPServer=f'127.0.0.2:{mail.server_address[1]}', ToLine='ops@example.org',
           FromLine='tallyman@site.example', Subject='never')
    bind(site, 'SMTPEventConsumer.Name="elsewhere"', 'packages')
    package(site, 'to be mailed elsewhere')
    until(lambda: any('elsewhere' in r['Consumer'] for r in site.get('TM_EventFailure')))
    found = [r for r in site.get('TM_EventFailure') if 'elsewhere' in r['Consumer']]
    check('a mail server outside smtp_networks is refused at once', found and found[0]['Tries'] == 1 and
          'not allowed' in found[0]['ErrorDescription'], found)
    check('and gets no message', not any(b'Subject: never' in m['data'] for m in mail.messages[before:]))
    ask(site, 'DELETE', "/AdminService/wmi/SMTPEventConsumer('elsewhere')")


def test_command(site, folder):
    out = f'{folder}/command'
    os.mkdir(out)
    os.chmod(out, 0o777)
    script = f'{folder}/command.sh'
    with open(script, 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\n{ id -u; grep NoNewPrivs /proc/self/status; id -G; ulimit -c; printf "<%s>" "$@"; echo; cat; echo; env; '
                   f'ls -l /proc/self/fd; }} >{out}/$TALLYMAN_DELIVERY.new\nmv {out}/$TALLYMAN_DELIVERY.new {out}/$TALLYMAN_DELIVERY\n'
                   'echo said by the program\n')
    os.chmod(script, 0o755)
    create(site, 'CommandLineEventConsumer', Name='command', ExecutablePath=script, KillTimeout=60,
           CommandLineTemplate='command "two words" %TargetInstance.Name% "%TargetInstance.Name%" end')
    bind(site, 'CommandLineEventConsumer.Name="command"', 'packages')
    name = 'a; touch x $(id) | $HOME'
    package(site, name)
    seen = until(lambda: [n for n in os.listdir(out) if not n.endswith('.new')])
    check('a program runs', seen, site.get('TM_EventFailure'))
    if not seen:
        return
    with open(f'{out}/{[n for n in os.listdir(out) if not n.endswith(".new")][0]}', encoding='utf-8') as file:
        uid, privs, groups, core, arguments, event, *rest = file.read().splitlines()
    wanted = 65534 if os.geteuid() == 0 else os.geteuid()
    check('as the user of the setting, without other groups', int(uid) == wanted and (os.geteuid() or groups == '65534'), (uid, groups))
    check('without new privileges or core dumps', privs.split()[-1] == '1' and core == '0', (privs, core))
    check('arguments are words of the template, whatever the event says',
          arguments == f'<two words><{name}><%TargetInstance.Name%><end>', arguments)
    check('the event is its input', json.loads(event)['TargetInstance']['Name'] == name, event)
    check('the environment is clean', 'TALLYMAN_FILTER=packages' in rest and not any(r.startswith(('SUDO', 'USER=', 'NOTIFY')) for r in rest), rest)


def test_log(site, folder):
    create(site, 'LogFileEventConsumer', Name='log', Filename='packages.log', MaximumFileSize=0,
           Text='%TargetInstance.PackageID% %TargetInstance.Name%')
    bind(site, 'LogFileEventConsumer.Name="log"', 'packages')
    os.symlink('/etc', f'{folder}/log/link')
    create(site, 'LogFileEventConsumer', Name='escape', Filename=f'{folder}/log/link/cron.d/x', Text='x')
    create(site, 'LogFileEventConsumer', Name='small', Filename='small.txt', MaximumFileSize=10, Text='%TargetInstance.PackageID% is here')
    for name in ('escape', 'small'):
        bind(site, f'LogFileEventConsumer.Name="{name}"', 'packages')
    ids = [package(site, f'logged {n}') for n in range(3)]
    check('a line for each event', until(lambda: lines(f'{folder}/log/packages.log') == [f'{i} logged {n}' for n, i in enumerate(ids)]),
          lines(f'{folder}/log/packages.log'))
    check('full files get numbers', until(lambda: [lines(f'{folder}/log/small.{n}') for n in ('001', '002', 'txt')] ==
                                          [[f'{i} is here'] for i in ids]), os.listdir(f'{folder}/log'))
    check('no way out of the folder', until(lambda: any('escape' in r['Consumer'] for r in site.get('TM_EventFailure'))) and
          not os.path.exists('/etc/cron.d/x'), site.get('TM_EventFailure'))
    ask(site, 'DELETE', "/AdminService/wmi/LogFileEventConsumer('escape')")


def test_dead(site, web, folder):
    """Dead and dumb receivers beside living ones; what they did not take is an event too."""
    port = Web()
    dead = port.url('/')
    port.shutdown()
    port.server_close()
    create(site, '__EventFilter', Name='failures', QueryLanguage='WQL', Query='SELECT * FROM __ConsumerFailureEvent')
    create(site, 'TM_WebhookEventConsumer', Name='failures', Url=web.url('/failures'))
    bind(site, 'TM_WebhookEventConsumer.Name="failures"', 'failures')
    for n in range(3):
        create(site, 'TM_WebhookEventConsumer', Name=f'dead {n}', Url=dead)
        bind(site, f'TM_WebhookEventConsumer.Name="dead {n}"', 'packages')
    create(site, 'CommandLineEventConsumer', Name='hangs', CommandLineTemplate='/bin/sleep 1000')
    bind(site, 'CommandLineEventConsumer.Name="hangs"', 'packages')
    before = len(web.taken('/hook'))
    ids = [package(site, f'beside the dead {n}') for n in range(5)]
    check('living ones are not held up by dead ones',
          until(lambda: [json.loads(r['body'])['event']['TargetInstance']['PackageID'] for r in web.taken('/hook')[before:]] == ids),
          len(web.taken('/hook')))
    check('the log goes on too', until(lambda: [line.split()[0] for line in lines(f'{folder}/log/packages.log')][-5:] == ids))
    check('a failure is an event', until(lambda: [r for r in web.taken('/failures') if 'dead' in r['body'].decode()]), web.requests[-5:])
    event = [json.loads(r['body'])['event'] for r in web.taken('/failures') if 'dead' in r['body'].decode()][0]
    check('it says who, why and what', event['__CLASS'] == '__ConsumerFailureEvent' and 'dead' in event['IntendedConsumer'] and
          'refused' in event['ErrorDescription'] and event['Event']['TargetInstance']['PackageID'] in ids, event)
    check('it is a status message', any(m['MessageID'] == 10850 and 'dead' in m['Text'] for m in site.get('TM_StatusMessage')))

    def states():
        return {re.search('"(.*)"', r['Consumer'])[1]: (r['State'], r['LastError']) for r in site.get('TM_Subscription')}

    check('subscriptions say how they do', until(lambda: states()['dead 0'][0] == 2) and states()['hook'] == (1, None) and
          'refused' in states()['dead 0'][1], states())
    for n in range(3):
        ask(site, 'DELETE', f"/AdminService/wmi/TM_WebhookEventConsumer('dead%20{n}')")


def test_kill(site, web, mail, folder):
    """Packages are created without a pause while the site server is killed; then each receiver has all of them."""
    done, ids = threading.Event(), []

    def create_all():
        n = 0
        while not done.is_set():
            ids.append(package(site, f'killed {n}'))
            n += 1

    hook, mails = len(web.requests), len(mail.messages)
    writer = threading.Thread(target=create_all)
    writer.start()
    for _ in range(3):
        at = len(ids)
        until(lambda: len(ids) >= at + 15)
        kill_and_restart(site.pids()[0], f'{folder}/site/tallymand.log')
    at = len(ids)
    until(lambda: len(ids) >= at + 10)
    done.set()
    writer.join()

    def hooked():
        with web.lock:
            taken = [json.loads(r['body'])['event']['TargetInstance'] for r in web.requests[hook:] if r['path'] == '/hook']
        return [p['PackageID'] for p in taken if p['Name'].startswith('killed')]

    def logged():
        return [line.split()[0] for line in lines(f'{folder}/log/packages.log') if ' killed ' in line]

    def mailed():
        return re.findall(r'Created (\w+)', b''.join(m['data'] for m in mail.messages[mails:]).decode(errors='replace'))

    # A creation that was committed when the answer was lost is made again under another id: all ids known must be there.
    def commanded():
        runs = sorted((os.stat(f'{folder}/command/{n}').st_mtime_ns, n) for n in os.listdir(f'{folder}/command') if not n.endswith('.new'))
        texts = [open(f'{folder}/command/{n}', encoding='utf-8').read() for _, n in runs]
        return [re.search(r'"PackageID":"(\w+)"', text)[1] for text in texts if '<killed ' in text]

    for name, seen in (('webhook', hooked), ('log file', logged), ('mail', mailed), ('program', commanded)):
        good = until(lambda: set(ids) <= set(seen()))
        check(f'kill -9: nothing lost by the {name} ({len(ids)} packages)', good, set(ids) - set(seen()))
        order = [i for i in first_times(seen()) if i in set(ids)]
        check(f'kill -9: in order by the {name}', order == ids, [p for p in zip(order, ids) if p[0] != p[1]][:3])


def test_command_line(site):
    """The same classes with the command line."""
    def run(*words):
        done = subprocess.run([f'{BUILD}/tallyman', '--server', f'unix:{site.socket}', *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    code, out = run('get', '__EventFilter.Name="packages"')
    check('tallyman get', code == 0 and 'TargetInstance ISA' in out, out)
    code, out = run('create', '__EventFilter', 'Name=by hand', 'QueryLanguage=WQL', f'Query={PACKAGES}')
    check('tallyman create', code == 0 and out.strip() == '__EventFilter.Name="by hand"', out)
    code, out = run('delete', out.strip())
    check('tallyman delete', code == 0 and not site.get('__EventFilter', "Name eq 'by hand'"), out)
    code, out = run('subscription', 'list')
    check('tallyman subscription list', code == 0 and 'delivering' in out, out)
    code, out = run('-o', 'json', 'subscription', 'failures')
    check('tallyman subscription failures', code == 0 and 'refuses' in out, out)
    code, out = run('put', '__EventFilter.Name="packages"', 'QueryLanguage=wql')
    check('tallyman put', code == 0, out)


def main():
    folder = tempfile.mkdtemp(prefix='tally-consumers-')
    os.chmod(folder, 0o755)
    os.mkdir(f'{folder}/log')
    settings = [f'consumer_log_folder={folder}/log', 'webhook_http=yes', 'webhook_networks=127.0.0.0/8', 'smtp_tls=no', 'smtp_networks=127.0.0.1',
                'consumer_tries=3', 'consumer_retry_longest=1s']
    if os.geteuid() == 0:
        settings.append('command_user=nobody')
    site = Site(f'{folder}/site', 0, settings)
    web, mail = Web(), Mail()
    try:
        test_writing(site)
        test_webhook(site, web)
        test_refusals(site, web)
        test_mail(site, mail)
        test_mail_elsewhere(site, mail)
        test_command(site, folder)
        test_log(site, folder)
        test_command_line(site)
        test_dead(site, web, folder)
        test_kill(site, web, mail, folder)
    finally:
        if failures:
            print(open(f'{folder}/site/tallymand.log', encoding='utf-8', errors='replace').read()[-6000:], file=sys.stderr)
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
