# SPDX-License-Identifier: Apache-2.0
"""wmicrowd - test/lib/wmi_crowd.c from Python: many WMI clients that watch, in one process"""
import os
import subprocess
import threading

BUILD = os.environ.get('TALLYMAN_BUILD') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../build')
EVENTS = "SELECT * FROM __InstanceOperationEvent WITHIN 1 WHERE TargetInstance ISA 'SMS_PackageStatusRootSummarizer'"


class Crowd:
    """N watchers; events is what each saw: (class, PackageID, Targeted, Installed). They dial from NET.1 and on."""

    def __init__(self, site, n, level, net, query=EVENTS):
        self.changed, self.ready, self.events, self.trouble = threading.Condition(), False, [[] for _ in range(n)], None
        s = {name: value.strip("'\"") for name, value in site.settings.items()}
        self.program = subprocess.Popen(
            [f'{BUILD}/test/lib/wmi_crowd', s['TALLYMAN_DCOM_HOST'], 'admin', s['TALLYMAN_PASSWORD_FILE'],
             f"//./root/sms/site_{s['TALLYMAN_SITE']}", str(level), str(n), net, query],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        self.wait(lambda: self.ready)

    def read(self):
        for line in self.program.stdout:
            words = line.split()
            with self.changed:
                if words[0] == 'event':
                    self.events[int(words[1])].append((words[2], words[3], *(int(w) for w in words[4:])))
                elif words[0] == 'ready':
                    self.ready = True
                else:
                    self.trouble = line
                self.changed.notify_all()
        with self.changed:
            self.trouble = self.trouble or 'it ended'
            self.changed.notify_all()

    def wait(self, done):
        with self.changed:
            good = self.changed.wait_for(lambda: done() or self.trouble, 120)
            assert good and not self.trouble, f'{self.trouble}: {self.events}'

    def end(self):
        self.program.stdin.close()
        return self.program.wait(60)
