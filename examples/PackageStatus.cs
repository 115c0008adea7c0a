// SPDX-License-Identifier: Apache-2.0
//
// PackageStatus - how far packages are, as it happens; for Windows, .NET with System.Management
//
//      PackageStatus HOST SITECODE [DOMAIN\USER PASSWORD]
//
// Two watchers: packages whose status appears, packages whose status changes.  Start() and EventArrived make the site
// call this machine back (see docs/windows.md for its firewall); WaitForNextEvent() asks, and needs nothing opened.
using System;
using System.Management;

static class PackageStatus
{
    static void Show(ManagementBaseObject happened)
    {
        var status = (ManagementBaseObject)happened["TargetInstance"];
        Console.WriteLine("Name: {0}", status["Name"]);
        Console.WriteLine("Targeted: {0}", status["Targeted"]);
        Console.WriteLine("Installed: {0}", status["Installed"]);
        Console.WriteLine();
    }

    static ManagementScope Connect(string[] words)
    {
        var options = new ConnectionOptions { EnablePrivileges = false, Authentication = AuthenticationLevel.PacketPrivacy };
        if (words.Length == 4)
        {
            options.Username = words[2];
            options.Password = words[3];
        }
        var scope = new ManagementScope($@"\\{words[0]}\root\sms\site_{words[1]}", options);
        scope.Connect();
        return scope;
    }

    static ManagementEventWatcher Watcher(ManagementScope scope, string eventClass, int seconds)
    {
        var query = new WqlEventQuery(eventClass, TimeSpan.FromSeconds(seconds),
                                      "TargetInstance ISA 'SMS_PackageStatusRootSummarizer'");
        return new ManagementEventWatcher(scope, query);
    }

    static int Main(string[] words)
    {
        if (words.Length != 2 && words.Length != 4)
        {
            Console.Error.WriteLine("PackageStatus HOST SITECODE [DOMAIN\\USER PASSWORD]");
            return 2;
        }
        ManagementScope scope = Connect(words);
        using ManagementEventWatcher created = Watcher(scope, "__InstanceCreationEvent", 10);
        using ManagementEventWatcher changed = Watcher(scope, "__InstanceModificationEvent", 120);
        created.EventArrived += (_, arrived) => Show(arrived.NewEvent);
        created.Stopped += (_, stopped) => Console.Error.WriteLine("no more events: {0}", stopped.Status);
        created.Start();                        // asynchronous: ExecNotificationQueryAsync and a sink
        Console.CancelKeyPress += (_, _) => created.Stop();
        while (true)
            Show(changed.WaitForNextEvent());   // semisynchronous: IEnumWbemClassObject::Next
    }
}
