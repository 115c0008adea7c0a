# SPDX-License-Identifier: Apache-2.0
"""A site of plain dictionaries behind a local socket: as much of the administration service as the command line asks for.

change() is a committed change: it alters rows, counts the sequence up and reaches every open event stream.
"""
import http.server
import json
import os
import queue
import re
import socketserver
import threading
import urllib.parse

KEYS = {
    'SMS_Package': ['PackageID'], 'SMS_PackageStatusRootSummarizer': ['PackageID'], 'TM_PackageCondition': ['PackageID'],
    'TM_DistributionCondition': ['PackageID', 'ServerNALPath'], 'TM_DistributionPoint': ['Name'], 'SMS_Site': ['SiteCode'],
    'SMS_PackageStatusDetailSummarizer': ['PackageID', 'SiteCode'], 'SMS_DistributionPointGroup': ['GroupID'],
    'SMS_DistributionJob': ['JobID'], 'SMS_DPGroupMembers': ['GroupID', 'DPNALPath'],
}
CLASSES = {
    'SMS_Package': {
        'Name': 'SMS_Package',
        'Properties': [{'Name': 'PackageID', 'Type': 'string', 'Key': True}, {'Name': 'Name', 'Type': 'string'}, {'Name': 'Priority', 'Type': 'uint32'},
                       {'Name': 'SourceDate', 'Type': 'datetime'}],
        'Methods': [{'Name': 'AddDistributionPoints', 'Parameters': [{'Name': 'SiteCode', 'Type': 'string', 'Array': True},
                                                                     {'Name': 'NALPath', 'Type': 'string', 'Array': True}]}],
    },
}


def nal(name):
    return f'["Display=\\\\{name}\\"]MSWNET:["SMS_SITE=P01"]\\\\{name}\\'


class Site:
    def __init__(self, folder):
        self.lock = threading.RLock()
        self.rows = {name: [] for name in KEYS}
        self.sequence = 100
        self.log = []                   # (sequence, event)
        self.streams = []
        self.calls = []                 # (method, path, body)
        self.replies = {}               # "POST TM_Site.Verify" -> body
        self.notifications = []         # (event class, event) that an event query brings
        self.on_stream = None           # called once when a stream opens
        self.path = os.path.join(folder, 'site.sock')
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *words):
                pass

            def address_string(self):
                return 'unix'

            def do(self):
                site.handle(self)
            do_GET = do_POST = do_PATCH = do_DELETE = do

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.server = Server(self.path, Handler)
        threading.Thread(target=self.server.serve_forever, args=[.01], daemon=True).start()

    def change(self, class_name, after=None, delete=None):
        with self.lock:
            rows, keys = self.rows[class_name], KEYS[class_name]
            want = after or delete
            before = next((row for row in rows if all(row[key] == want[key] for key in keys)), None)
            if before:
                rows.remove(before)
            if after:
                after = {**(before or {}), **after}
                rows.append(after)
            if before == after:
                return
            self.sequence += 1
            kind = 'modification' if before and after else 'creation' if after else 'deletion'
            path = class_name + '.' + ','.join(f'{key}={json.dumps(want[key])}' for key in keys)
            event = {'class': class_name, 'path': path, 'time': '2026-01-02T03:04:05Z', 'before': before, 'after': after}
            self.log.append((self.sequence, kind, event))
            for stream in self.streams:
                stream.put(self.log[-1])

    def handle(self, h):
        url = urllib.parse.urlsplit(h.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = h.rfile.read(int(h.headers.get('Content-Length') or 0)).decode()
        if not (h.headers.get('Content-Type') or '').startswith('text/'):
            body = json.loads(body or 'null')
        path = urllib.parse.unquote(url.path)
        with self.lock:
            self.calls.append((h.command, path, body))
        if path == '/AdminService/events':
            return self.stream(h, query)
        status, answer, extra = self.answer(h.command, path, query, body)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        h.send_response(status)
        for name, value in extra.items():
            h.send_header(name, value)
        h.send_header('Content-Length', str(len(text.encode())))
        h.end_headers()
        h.wfile.write(text.encode())

    def answer(self, verb, path, query, body):
        name = path.removeprefix('/AdminService/wmi/')
        if f'{verb} {name}' in self.replies:
            reply = self.replies[f'{verb} {name}']
            return reply if isinstance(reply, tuple) else (200, reply, {})
        if path == '/AdminService/class':
            return 200, {'value': sorted(CLASSES)}, {}
        if path.startswith('/AdminService/class/'):
            name = path.rsplit('/', 1)[1]
            if name not in CLASSES:
                return 404, {'error': {'code': 'NotFound', 'message': f'no class {name}'}}, {}
            return 200, f'class {name}\n{{\n}};\n' if query.get('format') == 'mof' else CLASSES[name], {}
        with self.lock:
            if verb == 'GET' and name in self.rows:
                found = self.rows[name]
                match = re.fullmatch(r"(\w+) eq '(.*)'", query.get('$filter', ''))
                if match:
                    found = [row for row in found if row.get(match[1]) == match[2].replace("''", "'")]
                return 200, {'value': found}, {'X-Tallyman-Sequence': str(self.sequence)}
            match = re.fullmatch(r"(\w+)\((.*)\)", name)
            if verb == 'GET' and match and match[1] in self.rows:
                for row in self.rows[match[1]]:
                    keys = KEYS[match[1]]
                    forms = [','.join(f"{key}='{row[key]}'" for key in keys), f"'{row[keys[0]]}'"]
                    if match[2] in forms:
                        return 200, row, {}
        return 404, {'error': {'code': 'NotFound', 'message': f'there is no {name}'}}, {}

    def stream(self, h, query):
        mine, start = queue.Queue(), int(query.get('from', self.sequence))
        with self.lock:
            for item in self.log:
                if item[0] > start:
                    mine.put(item)
            self.streams.append(mine)
            then, self.on_stream = self.on_stream, None
        h.send_response(200)
        h.send_header('Content-Type', 'text/event-stream')
        h.send_header('X-Tallyman-Sequence', str(start))
        h.send_header('Connection', 'close')
        h.end_headers()
        h.wfile.flush()
        if then:
            then()
        if 'query' in query:            # canned: (kind, event) for whatever is asked
            for number, (kind, event) in enumerate(self.notifications):
                h.wfile.write(f'id: {start + number + 1}\nevent: {kind}\ndata: {json.dumps(event)}\n\n'.encode())
            h.wfile.flush()
            mine.get()
            return
        while True:
            sequence, kind, event = mine.get()
            if event['class'] in query.get('class', event['class']).split(','):
                try:
                    h.wfile.write(f'id: {sequence}\nevent: {kind}\ndata: {json.dumps(event)}\n\n'.encode())
                except OSError:
                    return              # the client had enough
