# Before resources are made: a client state where there is none, the TOML file where there is one, and what could not work.
# azd runs it in the project's folder with the environment's values as variables.
$ErrorActionPreference = 'Stop'

function Stop-Here {
    param([string]$Why)

    [Console]::Error.WriteLine($Why)
    exit 1
}

if (-not $env:LINEKEEPER_CONFIG -and (Test-Path -Path 'linekeeper.toml')) {
    azd env set LINEKEEPER_CONFIG linekeeper.toml
    if ($LASTEXITCODE -ne 0) { exit 1 }
    Write-Output 'Linekeeper: linekeeper.toml travels with the package.'
} elseif ($env:LINEKEEPER_CONFIG -and -not (Test-Path -Path $env:LINEKEEPER_CONFIG)) {
    Stop-Here "Linekeeper: LINEKEEPER_CONFIG names $env:LINEKEEPER_CONFIG, which is not beside function_app.py."
} elseif (-not $env:LINEKEEPER_CONFIG -and $env:LINEKEEPER_SEVERAL_TENANTS -eq 'true') {
    Stop-Here 'Linekeeper: several tenants are listed in a TOML file, and there is none: write linekeeper.toml, or set LINEKEEPER_CONFIG.'
}

if ($env:LINEKEEPER_EVENT_HUBS -eq 'true') {
    if (-not $env:LINEKEEPER_TENANT_DOMAIN) {
        Stop-Here 'Linekeeper: an event hub needs LINEKEEPER_TENANT_DOMAIN, see docs/azure.md.'
    }
    if (-not $env:LINEKEEPER_GRAPH_CHANGE_TRACKING_PRINCIPAL_ID) {
        Stop-Here 'Linekeeper: an event hub needs LINEKEEPER_GRAPH_CHANGE_TRACKING_PRINCIPAL_ID, see docs/azure.md.'
    }
}

if (-not $env:LINEKEEPER_CLIENT_STATE) {
    $bytes = [byte[]]::new(32)
    [System.Security.Cryptography.RandomNumberGenerator]::Fill($bytes)
    azd env set LINEKEEPER_CLIENT_STATE ([System.Convert]::ToHexString($bytes).ToLowerInvariant())
    if ($LASTEXITCODE -ne 0) { exit 1 }
    Write-Output 'Linekeeper: a client state was made and is kept in this azd environment.'
}
