#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '5.0.1' }

<#
.SYNOPSIS
    Writes a tenant's auto attendants and call queues to the document that Linekeeper reads.

.DESCRIPTION
    Reads auto attendants, call queues, application instances, their associations and how these were set up, and writes
    them as one JSON document to a file or to a blob. It reads only; the role Teams Reader or Global Reader is enough.

    The document says itself whether everything was read (complete) and what went wrong (errors). A list that could not
    be read wholly is left out.

    Exit code: 0 complete, 1 written but not complete, 2 nothing written.

.PARAMETER TenantId
    The tenant's id, a GUID. Required with a certificate; else optional, and the export stops if the session is of
    another tenant.

.PARAMETER ApplicationId
    The client id of the app registration that the certificate belongs to.

.PARAMETER CertificateThumbprint
    The thumbprint of a certificate with a private key in the current user's certificate store.

.PARAMETER CertificatePath
    A certificate file with a private key (.pfx), instead of a thumbprint.

.PARAMETER CertificatePassword
    The password of the certificate file, if it has one.

.PARAMETER ManagedIdentity
    Signs in with the managed identity of Azure Automation, Azure Functions or App Service.

.PARAMETER IdentityClientId
    The client id of a user-assigned managed identity, for signing in and for writing the blob. Without it the
    system-assigned identity is used.

.PARAMETER OutFile
    The file to write. It is replaced in one step; its folder must exist.

.PARAMETER BlobUrl
    The https URL of the blob to write. With a SAS that may create and write it, the URL is a secret; without one, the
    managed identity writes.

.EXAMPLE
    Connect-MicrosoftTeams; & ./Export-LinekeeperVoice.ps1 -OutFile ./voice.json

    By hand: uses the session that is open.

.EXAMPLE
    & ./Export-LinekeeperVoice.ps1 -ManagedIdentity -BlobUrl https://ACCOUNT.blob.core.windows.net/linekeeper/voice.json

    As a runbook of Azure Automation.
#>
[CmdletBinding(DefaultParameterSetName = 'Session')]
param(
    [Parameter(ParameterSetName = 'Session')]
    [Parameter(ParameterSetName = 'ManagedIdentity')]
    [Parameter(Mandatory, ParameterSetName = 'Thumbprint')]
    [Parameter(Mandatory, ParameterSetName = 'CertificateFile')]
    [string] $TenantId,
    [Parameter(Mandatory, ParameterSetName = 'Thumbprint')]
    [Parameter(Mandatory, ParameterSetName = 'CertificateFile')]
    [string] $ApplicationId,
    [Parameter(Mandatory, ParameterSetName = 'Thumbprint')]
    [string] $CertificateThumbprint,
    [Parameter(Mandatory, ParameterSetName = 'CertificateFile')]
    [string] $CertificatePath,
    [Parameter(ParameterSetName = 'CertificateFile')]
    [securestring] $CertificatePassword,
    [Parameter(Mandatory, ParameterSetName = 'ManagedIdentity')]
    [switch] $ManagedIdentity,
    [string] $IdentityClientId,
    [string] $OutFile,
    [string] $BlobUrl
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# Invoke-RestMethod tells whole URLs to these streams, signatures included.
$VerbosePreference = 'SilentlyContinue'
$DebugPreference = 'SilentlyContinue'

$PageSize = 100  # More is refused.

function Test-NotFound($Failure) {
    # The module passes on the service's sentence, mostly without its code. "Cannot be found" is PowerShell's own.
    $Failure.FullyQualifiedErrorId -match '^NotFound\b' -or
    $Failure.Exception.Message -match '\bNotFound\b|\b404\b|\bnot (be )?found\b|\bdoes not exist\b'
}

function Test-Final($Failure) {
    # No session, a sign-in or a role that is refused: waiting mends none of them.
    $final = '\b(401|403|Forbidden|Unauthorized)\b|\bAccess ?Denied\b|\bAADSTS\d|Connect-MicrosoftTeams'
    (Test-NotFound $Failure) -or $Failure.Exception.Message -match $final
}

function Get-SafeMessage($Failure) {
    # Tokens and a URL's query (a SAS is one) never leave the process.
    $text = $Failure.Exception.Message -replace 'eyJ[\w.-]+', '[token]' -replace '\?\S+', '?[query]' -replace '\s+', ' '
    if ($env:IDENTITY_HEADER) { $text = $text.Replace($env:IDENTITY_HEADER, '[secret]') }
    $text.Substring(0, [math]::Min(500, $text.Length))
}

function Invoke-WithRetry([scriptblock] $Action) {
    foreach ($wait in 4, 16, 64, 0) {
        try {
            # Collected first: what an attempt gave before it failed must not count.
            $output = @(& $Action | Where-Object { $null -ne $_ })
            return $output
        }
        catch {
            if ($wait -eq 0 -or (Test-Final $_)) { throw }
            Start-Sleep -Seconds $wait
        }
    }
}

function Read-Pages([scriptblock] $ReadPage) {
    # Each page starts with the last object of the page before. If it does not, the list moved while it was read, and
    # something may have been passed over: it is read from the start.
    $items = [System.Collections.Generic.List[object]]::new()
    $restarts = 0
    while ($true) {
        $overlap = [math]::Min(1, $items.Count)
        $skip = $items.Count - $overlap
        $page = @(Invoke-WithRetry $ReadPage)
        if ($overlap -and ($page.Count -eq 0 -or "$($page[0].Identity)" -ne "$($items[$skip].Identity)")) {
            $restarts++
            if ($restarts -gt 3) { throw 'The list changed every time while it was read.' }
            $items.Clear()
            continue
        }
        foreach ($item in @($page | Select-Object -Skip $overlap)) { $items.Add($item) }
        if ($page.Count -lt $PageSize) { return $items }
    }
}

function Read-Each([string[]] $Accounts, [scriptblock] $ReadOne) {
    foreach ($account in $Accounts) {
        $position.identity = $account
        try { Invoke-WithRetry $ReadOne }
        catch {
            # An account that is associated with nothing is an answer.
            if (-not (Test-NotFound $_)) { throw }
        }
    }
    $position.identity = ''
}

function Read-List([string] $Stage, [string] $Needs, [scriptblock] $Read) {
    $position.identity = ''
    try {
        if ($Needs -and -not $document.Contains($Needs)) { throw "$Needs could not be read." }
        $list = @(& $Read)
        $apps = @($document['autoAttendants']) + @($document['callQueues'])
        $named = @($apps | Where-Object { $_ -and $_.ApplicationInstances })
        if ($list.Count -eq 0 -and $named.Count -gt 0 -and $Stage -in 'applicationInstances', 'associations') {
            throw 'Nothing came, though attendants or queues name accounts.'
        }
        $document[$Stage] = $list
    }
    catch {
        $failure = [ordered]@{ stage = $Stage }
        if ($position.identity) { $failure.identity = $position.identity }
        $failure.message = Get-SafeMessage $_
        $failures.Add($failure)
    }
}

function Get-IdentityToken([string] $Resource) {
    if (-not ($env:IDENTITY_ENDPOINT -and $env:IDENTITY_HEADER)) {
        throw 'There is no managed identity here: IDENTITY_ENDPOINT and IDENTITY_HEADER are not set.'
    }
    $uri = "$($env:IDENTITY_ENDPOINT)?api-version=2019-08-01&resource=$([uri]::EscapeDataString($Resource))"
    if ($IdentityClientId) { $uri += "&client_id=$([uri]::EscapeDataString($IdentityClientId))" }
    $headers = @{ 'X-IDENTITY-HEADER' = $env:IDENTITY_HEADER; 'Metadata' = 'True' }
    $answer = Invoke-WithRetry { Invoke-RestMethod -Method Get -Uri $uri -Headers $headers -NoProxy -TimeoutSec 60 }
    $answer.access_token
}

function Connect-Tenant {
    $signIn = @{ ErrorAction = 'Stop'; WarningAction = 'SilentlyContinue' }
    if ($TenantId) { $signIn.TenantId = $TenantId }
    if ($ApplicationId) { $signIn.ApplicationId = $ApplicationId }
    if ($ManagedIdentity) {
        $teams = '48ac35b8-9aa8-4d74-927d-1f4a14a0b239'  # Skype and Teams Tenant Admin API
        $signIn.AccessTokens = @((Get-IdentityToken 'https://graph.microsoft.com'), (Get-IdentityToken $teams))
    }
    elseif ($CertificateThumbprint) { $signIn.CertificateThumbprint = $CertificateThumbprint }
    else {
        $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($CertificatePath)
        $class = [System.Security.Cryptography.X509Certificates.X509Certificate2]
        $signIn.Certificate = if ($CertificatePassword) { $class::new($path, $CertificatePassword) } else { $class::new($path) }
    }
    $null = Invoke-WithRetry { Connect-MicrosoftTeams @signIn }
}

function Write-Blob([byte[]] $Body) {
    $headers = @{ 'x-ms-blob-type' = 'BlockBlob'; 'x-ms-version' = '2021-12-02' }
    if (-not $hasSas) { $headers.Authorization = "Bearer $(Get-IdentityToken $storage)" }
    $null = Invoke-WithRetry {
        $headers['x-ms-date'] = [datetime]::UtcNow.ToString('R')
        Invoke-RestMethod -Method Put -Uri $BlobUrl -Headers $headers -Body $Body -ContentType 'application/json' -TimeoutSec 120
    }
}

function Write-File([byte[]] $Body) {
    $temporary = "$target.$PID.tmp"
    try {
        [System.IO.File]::WriteAllBytes($temporary, $Body)
        Invoke-WithRetry { [System.IO.File]::Move($temporary, $target, $true) }
    }
    finally { [System.IO.File]::Delete($temporary) }
}

$failures = [System.Collections.Generic.List[object]]::new()
$position = @{ identity = '' }
$storage = 'https://storage.azure.com/'
$began = [datetime]::UtcNow
$connected = $false
$exitCode = 2
$step = 'arguments'
try {
    if ([bool] $OutFile -eq [bool] $BlobUrl) { throw 'Give either -OutFile or -BlobUrl.' }
    $hasSas = $BlobUrl -match '[?&]sig='
    if ($OutFile) {
        $target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutFile)
        if (-not (Test-Path -LiteralPath (Split-Path -Parent $target))) { throw 'The folder of -OutFile does not exist.' }
    }
    elseif ($BlobUrl -notmatch '^https://') { throw '-BlobUrl is not an https URL.' }
    elseif (-not $hasSas) { $null = Get-IdentityToken $storage }

    $step = 'sign-in'
    if ($PSCmdlet.ParameterSetName -ne 'Session') {
        Connect-Tenant
        $connected = $true
    }
    $tenant = Invoke-WithRetry { Get-CsTenant -ErrorAction Stop -WarningAction SilentlyContinue }
    $sessionTenant = [guid] "$($tenant.TenantId)"
    if ($TenantId -and [guid] $TenantId -ne $sessionTenant) { throw 'The session is of another tenant.' }

    $step = 'reading'
    $module = Get-Module -Name MicrosoftTeams | Select-Object -First 1
    $document = [ordered]@{
        schemaVersion = 1
        tenantId      = "$sessionTenant"
        # When reading began: whatever is in the document is at least as new.
        exportedAt    = $began.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [cultureinfo]::InvariantCulture)
        moduleVersion = "$($module.Version)"
        complete      = $false
        errors        = $failures
    }
    # -ErrorAction on each call: a module's functions do not see the preference of a script.
    Read-List 'autoAttendants' '' {
        Read-Pages { Get-CsAutoAttendant -First $PageSize -Skip $skip -IncludeStatus -ErrorAction Stop -WarningAction SilentlyContinue }
    }
    Read-List 'callQueues' '' {
        Read-Pages { Get-CsCallQueue -First $PageSize -Skip $skip -ErrorAction Stop -WarningAction SilentlyContinue }
    }
    Read-List 'applicationInstances' '' {
        Invoke-WithRetry { Get-CsOnlineApplicationInstance -ErrorAction Stop -WarningAction SilentlyContinue }
    }
    Read-List 'associations' 'applicationInstances' {
        Read-Each @($document.applicationInstances | ForEach-Object { "$($_.ObjectId)" }) {
            Get-CsOnlineApplicationInstanceAssociation -Identity $account -ErrorAction Stop -WarningAction SilentlyContinue
        }
    }
    Read-List 'associationStatus' 'associations' {
        Read-Each @($document.associations | ForEach-Object { "$($_.Id)" }) {
            Get-CsOnlineApplicationInstanceAssociationStatus -Identity $account -ErrorAction Stop -WarningAction SilentlyContinue
        }
    }
    $document.complete = $failures.Count -eq 0

    $step = 'writing'
    $json = ConvertTo-Json -InputObject $document -Depth 20 -EnumsAsStrings -Compress -WarningAction SilentlyContinue
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($json)
    if ($OutFile) { Write-File $bytes } else { Write-Blob $bytes }
    $exitCode = if ($document.complete) { 0 } else { 1 }

    $lists = 'autoAttendants', 'callQueues', 'applicationInstances', 'associations', 'associationStatus'
    $counts = foreach ($list in $lists) {
        if ($document.Contains($list)) { "$list $($document[$list].Count)" } else { "$list not read" }
    }
    $state = if ($document.complete) { 'complete' } else { 'NOT COMPLETE' }
    $seconds = [int] ([datetime]::UtcNow - $began).TotalSeconds
    Write-Output "Linekeeper voice export: $state; $($counts -join ', '); errors $($failures.Count); $seconds s"
}
catch {
    # Not Write-Error: it shows the command line that called the script, which may hold a SAS.
    Write-Warning "Linekeeper voice export: nothing written; $step failed: $(Get-SafeMessage $_)"
}
finally {
    if ($connected) {
        try { $null = Disconnect-MicrosoftTeams -ErrorAction Stop }
        catch { Write-Warning 'The session could not be closed; it ends with the process.' }
    }
}
exit $exitCode
