# SPDX-License-Identifier: Apache-2.0
<#
.SYNOPSIS
How far packages are, as it happens; for Windows PowerShell 5 and PowerShell 7 on Windows.
.DESCRIPTION
    .\package_status.ps1 -ComputerName HOST -SiteCode P01 [-Credential DOMAIN\USER]

First what there is, then what changes.  The events come over a CIM session with DCOM, by Register-CimIndicationEvent;
docs/windows.md says what this machine's firewall must let in for them.
#>
param([Parameter(Mandatory)] [string] $ComputerName, [Parameter(Mandatory)] [string] $SiteCode, [pscredential] $Credential)

$namespace = "root/sms/site_$SiteCode"
$more = @{}
if ($Credential) { $more.Credential = $Credential }
$session = New-CimSession -ComputerName $ComputerName -SessionOption (New-CimSessionOption -Protocol Dcom) @more

function Show($status) {
    "Name: $($status.Name)"
    "Targeted: $($status.Targeted)"
    "Installed: $($status.Installed)"
    ''
}

try {
    Get-CimInstance -CimSession $session -Namespace $namespace -Query 'SELECT * FROM SMS_PackageStatusRootSummarizer' |
        ForEach-Object { Show $_ }
    foreach ($event in '__InstanceCreationEvent WITHIN 10', '__InstanceModificationEvent WITHIN 120') {
        Register-CimIndicationEvent -CimSession $session -Namespace $namespace -SourceIdentifier "status $event" `
            -Query "SELECT * FROM $event WHERE TargetInstance ISA 'SMS_PackageStatusRootSummarizer'"
    }
    while ($true) {
        $arrived = Wait-Event
        Show $arrived.SourceEventArgs.NewEvent.TargetInstance
        Remove-Event -EventIdentifier $arrived.EventIdentifier
    }
} finally {
    Get-EventSubscriber | Where-Object SourceIdentifier -Like 'status *' | Unregister-Event
    Remove-CimSession $session
}
