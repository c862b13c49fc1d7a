#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication

<#
.SYNOPSIS
    Grants an identity the permissions of Microsoft Graph that Linekeeper reads a tenant with.

.DESCRIPTION
    They are application permissions, all of them to read; graph-permissions.tsv beside this script lists them. What is
    granted already is left as it is, so it may run as often as you like.

    Whoever signs in is Privileged Role Administrator or Global Administrator of the tenant.

    Exit code: 0 all are granted, 1 an error.

.PARAMETER PrincipalId
    The object id of the identity: azd env get-value AZURE_IDENTITY_PRINCIPAL_ID

.PARAMETER RequiredOnly
    Leaves out the optional permissions.

.PARAMETER TenantId
    The tenant to sign in to, where it is not the usual one.

.PARAMETER Environment
    The cloud: Global, USGov, USGovDoD or China.

.EXAMPLE
    ./infra/Grant-GraphPermissions.ps1 -PrincipalId 5b6a1a40-8d2e-4f5e-9c61-0e6f7b2f1a11 -WhatIf

    Says what would be granted, and grants nothing.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [guid]$PrincipalId,

    [switch]$RequiredOnly,

    [string]$TenantId,

    [ValidateSet('Global', 'USGov', 'USGovDoD', 'China')]
    [string]$Environment = 'Global'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$GraphAppId = '00000003-0000-0000-c000-000000000000'
$who = 'whoever is signed in'
$Table = Join-Path -Path $PSScriptRoot -ChildPath 'graph-permissions.tsv'

function Stop-WithAdvice {
    # One line that says what to do, in place of a stack of errors.
    param([System.Management.Automation.ErrorRecord]$Failure)

    $said = "$($Failure.Exception.Message) $($Failure.ErrorDetails)"
    $advice = switch -Regex ($said) {
        'Authorization_RequestDenied|Forbidden|Insufficient privileges' {
            "$who may not do this. It takes a Privileged Role Administrator or a Global Administrator: Disconnect-MgGraph, and run this again as one."
            break
        }
        'Request_ResourceNotFound|does not exist|NotFound' {
            "there is no $PrincipalId in this tenant. One that was just made takes a minute to be known; the client id is not the object id."
            break
        }
        default { $Failure.Exception.Message }
    }
    [Console]::Error.WriteLine("Grant-GraphPermissions: $advice")
    exit 1
}

try {
    $session = @{ Scopes = 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'; Environment = $Environment; NoWelcome = $true }
    if ($TenantId) { $session.TenantId = $TenantId }
    Connect-MgGraph @session
    $who = (Get-MgContext).Account

    $roles = "/v1.0/servicePrincipals(appId='$GraphAppId')?`$select=id,appRoles"
    $graph = Invoke-MgGraphRequest -Method GET -Uri $roles -OutputType PSObject
    $identity = Invoke-MgGraphRequest -Method GET -Uri "/v1.0/servicePrincipals/$($PrincipalId)?`$select=displayName" -OutputType PSObject
    $assignments = "/v1.0/servicePrincipals/$PrincipalId/appRoleAssignments"
    $granted = (Invoke-MgGraphRequest -Method GET -Uri "$($assignments)?`$top=999" -OutputType PSObject).value |
        Where-Object { $_.resourceId -eq $graph.id } | ForEach-Object { $_.appRoleId }

    Write-Output "To $($identity.displayName) ($PrincipalId), as $($who):"
    foreach ($row in Import-Csv -Path $Table -Delimiter "`t") {
        if ($RequiredOnly -and $row.needed -ne 'yes') { continue }
        $role = $graph.appRoles |
            Where-Object { $_.value -eq $row.permission -and $_.allowedMemberTypes -contains 'Application' } |
            Select-Object -First 1
        if (-not $role) {
            if ($row.needed -eq 'yes') { throw "Microsoft Graph in this cloud has no permission $($row.permission)." }
            $outcome = 'not in this cloud'
        } elseif ($granted -contains $role.id) {
            $outcome = 'granted already'
        } elseif ($PSCmdlet.ShouldProcess("$($identity.displayName)", "grant $($row.permission)")) {
            $body = @{ principalId = "$PrincipalId"; resourceId = $graph.id; appRoleId = $role.id }
            $null = Invoke-MgGraphRequest -Method POST -Uri $assignments -Body $body
            $outcome = 'granted'
        } else {
            $outcome = 'would be granted'
        }
        Write-Output ('  {0,-32} {1,-18} {2}' -f $row.permission, $outcome, $row.for)
    }
} catch {
    Stop-WithAdvice $_
}
exit 0
