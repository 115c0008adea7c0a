# SPDX-License-Identifier: Apache-2.0
"""The queries of test/data/real_queries_more.txt against a site; the file's head says what its lines mean."""
import datetime
import json
import re
import time


def instant(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def columns(row, names):
    return {name: row[name] for name in names.split()}


def bare(value):
    """Without system properties, at every depth."""
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if not k.startswith('__')}
    return [bare(v) for v in value] if isinstance(value, list) else value


def cut(text, rows):
    """The columns that a query of one class selects."""
    listed = re.match(r'select\s+(?:distinct\s+)?(.*?)\s+from\s', text, re.I)
    if not listed or listed[1].endswith('*'):
        return [bare(row) for row in rows]
    wanted = {name.split('.')[-1].lower() for name in re.split(r'\s*,\s*', listed[1])}
    return [{k: v for k, v in row.items() if k.lower() in wanted} for row in rows]


def once(rows):
    return [json.loads(text) for text in dict.fromkeys(json.dumps(row, sort_keys=True) for row in rows)]


def agrees(text, got, want, ordered):
    if isinstance(want, str) or isinstance(got, str):
        return got == want
    if isinstance(want, set):
        return {row['__CLASS'] for row in got} == want and len(got) == len(want)
    if re.match(r'select\s+count\s*\(', text, re.I):
        return [bare(row) for row in got] == [{'Count': len(want)}]
    joined = want and all(isinstance(v, dict) or v is None for v in want[0].values())
    want = want if joined else cut(text, want)
    if re.match(r'select\s+distinct', text, re.I):
        want = once(want)
    got = [bare(row) for row in got]
    if not ordered:
        got, want = (sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) for rows in (got, want))
    return got == want


def read(path):
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                yield line.rstrip('\n').split('\t')


def data_queries(site, path, names, ask, check):
    for text, expression in read(path):
        if expression.startswith('~'):
            continue
        ordered = expression.startswith('= ')
        for again in (True, True, False):       # the site may say something while it is asked
            rows = {}
            scope = {**names, 'D': instant, 'C': columns, 'T': lambda name: rows.setdefault(name, site.get(name))}  # noqa: B023
            got, want = ask(text), eval(expression.removeprefix('= '), scope)  # pylint: disable=eval-used
            good = agrees(text, got, want, ordered)
            if good or not again:
                break
            time.sleep(.2)
        check(text[:150], good, f'{got if isinstance(got, str) else len(got)}, not {want if isinstance(want, (str, set)) else len(want)}: '
                                f'{json.dumps(got)[:300]}')


def kinds(events):
    return [e['__CLASS'].removeprefix('__Instance').removesuffix('Event').lower() for e in events]


def came(expected, events):
    """Whether these are the events; of those that come late: whether they have come."""
    if expected.startswith('group'):
        return sum(e['NumberOfEvents'] for e in events) == int(expected.split()[1])
    first, star, last = expected.partition('*')
    if star:
        return kinds(events)[:1] == first.split() and kinds(events)[-1:] == last.split()
    return kinds(events) == expected.split()


def event_queries(site, path, watch, check):
    def make(name):
        return site.call('POST', '/AdminService/wmi/SMS_Package', {'Name': name, 'PkgSourceFlag': 1})['PackageID']

    package = f"P01{int(make('Before the events')[3:], 16) + 1:05X}"
    watches = []
    for text, expression in read(path):
        if expression.startswith('~'):
            expected, w = eval(expression[2:]), watch(text.replace('EVENTID', package))  # pylint: disable=eval-used
            if 'E_' in expected:
                check(text[:150], w.error == expected, w.error)
            else:
                check(f'{text[:120]}: accepted', w.error is None, w.error)
                watches.append((text, expected, w))
    check('the package is the one', make('Event one') == package)
    for name in ('Event two', 'Event three'):
        site.call('PATCH', f"/AdminService/wmi/SMS_Package('{package}')", {'Name': name})
    site.call('DELETE', f"/AdminService/wmi/SMS_Package('{package}')")
    for text, expected, w in sorted(watches, key=lambda one: one[1] == ''):         # those that bring nothing last
        check(text[:150], w.wait(lambda events: came(expected, events)), (expected, w.events))  # noqa: B023
