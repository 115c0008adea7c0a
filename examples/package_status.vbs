' SPDX-License-Identifier: Apache-2.0
'
' package_status - how far packages are, as it happens; for Windows Script Host
'
'       cscript //nologo package_status.vbs HOST SITECODE [USER PASSWORD]
'
' Two asynchronous notification queries with one sink each: the site calls this machine back (docs/windows.md says what
' its firewall must let in).  The same queries by ExecNotificationQuery and NextEvent need no such thing.
Option Explicit

Const QUERY_CREATED = "SELECT * FROM __InstanceCreationEvent WITHIN 120 WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'"
Const QUERY_CHANGED = "SELECT * FROM __InstanceModificationEvent WITHIN 120 WHERE TargetInstance.__Class = 'SMS_PackageStatusRootSummarizer'"

Dim words, locator, site, created, changed
Set words = WScript.Arguments
If words.Count <> 2 And words.Count <> 4 Then
        WScript.Echo "package_status.vbs HOST SITECODE [USER PASSWORD]"
        WScript.Quit 2
End If

Set locator = CreateObject("WbemScripting.SWbemLocator")
locator.Security_.AuthenticationLevel = 6       ' packet privacy
If words.Count = 4 Then
        Set site = locator.ConnectServer(words(0), "root\sms\site_" & words(1), words(2), words(3))
Else
        Set site = locator.ConnectServer(words(0), "root\sms\site_" & words(1))
End If

Set created = WScript.CreateObject("WbemScripting.SWbemSink", "created_")
Set changed = WScript.CreateObject("WbemScripting.SWbemSink", "changed_")
site.ExecNotificationQueryAsync created, QUERY_CREATED
site.ExecNotificationQueryAsync changed, QUERY_CHANGED
WScript.Echo "waiting; end with Ctrl-C"
Do
        WScript.Sleep 1000
Loop

Sub Show(happened)
        With happened.TargetInstance
                WScript.Echo "Name: " & .Name
                WScript.Echo "Targeted: " & .Targeted
                WScript.Echo "Installed: " & .Installed
                WScript.Echo ""
        End With
End Sub

Sub created_OnObjectReady(happened, context)
        Show happened
End Sub

Sub changed_OnObjectReady(happened, context)
        Show happened
End Sub

Sub created_OnCompleted(result, failure, context)
        Finish result, failure
End Sub

Sub changed_OnCompleted(result, failure, context)
        Finish result, failure
End Sub

Sub Finish(result, failure)
        WScript.Echo "no more events: 0x" & Hex(result)
        If Not failure Is Nothing Then WScript.Echo failure.Description
        WScript.Quit 1
End Sub
