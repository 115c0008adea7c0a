#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""package_status - how far packages are, as it happens, over WMI

    package_status.py HOST SITECODE USER [--password-file FILE] [--packages N] [--ready-file FILE]

The original's sample as a client by third parties runs it: two notification queries over DCOM by python3-impacket, and
for each event the package's name, how many distribution points it is meant for and how many hold it.  The password is
asked for, or the first line of FILE.  With --packages it ends when N packages have been seen on all their distribution
points; --ready-file appears when both queries are under way.

A distribution point's wire is not needed: this is what an administrator's machine does.  The account must be allowed to
log on by NTLM: tallyman user enable-ntlm USER.
"""
import argparse
import getpass
import queue
import sys
import threading

from impacket.dcerpc.v5.dcom import wmi
from impacket.dcerpc.v5.dcomrt import DCOMConnection
from impacket.dcerpc.v5.dtypes import NULL

QUERIES = [f"SELECT * FROM {event} WITHIN {within} WHERE TargetInstance ISA 'SMS_PackageStatusRootSummarizer'"
           for event, within in (('__InstanceCreationEvent', 10), ('__InstanceModificationEvent', 120))]
RETURN_IMMEDIATELY, FORWARD_ONLY, INFINITE = 0x10, 0x20, 0xffffffff
connecting = threading.Lock()


def properties(embedded):
    """impacket 0.10 leaves the object within an event as it came."""
    if isinstance(embedded, wmi.ENCODING_UNIT):
        embedded['ObjectBlock'].parseObject()
        return {name: one['value'] for name, one in embedded['ObjectBlock'].ctCurrent['values'].items()}
    return {name: one['value'] for name, one in embedded.getProperties().items()}


def follow(options, password, query, events):
    try:
        with connecting:                    # connections of impacket share the timer of their pings
            connection = DCOMConnection(options.host, options.user, password, '', oxidResolver=True)
            login = wmi.IWbemLevel1Login(connection.CoCreateInstanceEx(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login))
        services = login.NTLMLogin(f'//./root/sms/site_{options.site}', NULL, NULL)
        login.RemRelease()
        found = services.ExecNotificationQuery(query, RETURN_IMMEDIATELY | FORWARD_ONLY)
        events.put('ready')
        while True:
            events.put(properties(found.Next(INFINITE, 1)[0].TargetInstance))
    except Exception as e:                  # whatever it is, the other query is half the truth
        events.put(e)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('host')
    parser.add_argument('site')
    parser.add_argument('user')
    parser.add_argument('--password-file')
    parser.add_argument('--packages', type=int)
    parser.add_argument('--ready-file')
    options = parser.parse_args()
    password = open(options.password_file).readline().strip() if options.password_file else getpass.getpass()
    events, ready, seen = queue.Queue(), 0, set()
    for query in QUERIES:                   # each with a connection and a thread of its own
        threading.Thread(target=follow, args=(options, password, query, events), daemon=True).start()
    while not options.packages or len(seen) < options.packages:
        event = events.get()
        if isinstance(event, Exception):
            print(f'package_status: {event}', file=sys.stderr)
            return 1
        if event == 'ready':
            ready += 1
            if ready == len(QUERIES) and options.ready_file:
                open(options.ready_file, 'w').close()
            continue
        print(f"Name: {event['Name']}\nTargeted: {event['Targeted']}\nInstalled: {event['Installed']}\n", flush=True)
        if event['Targeted'] and event['Targeted'] == event['Installed']:
            seen.add(event['PackageID'])
    return 0


if __name__ == '__main__':
    sys.exit(main())
