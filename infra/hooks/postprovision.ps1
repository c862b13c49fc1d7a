# After resources are made, and before the package is deployed: the permissions that only a directory administrator gives.
# With LINEKEEPER_GRANT=yes in the azd environment they are granted at once, as whoever signs in.
$ErrorActionPreference = 'Stop'

$principal = $env:AZURE_IDENTITY_PRINCIPAL_ID
if (-not $principal) {
    [Console]::Error.WriteLine('azd has not told the identity')
    exit 1
}
if ($env:LINEKEEPER_GRANT -eq 'yes') {
    & ./infra/Grant-GraphPermissions.ps1 -PrincipalId $principal
    exit $LASTEXITCODE
}

Write-Output ''
Write-Output 'Linekeeper may need permissions of Microsoft Graph yet. A Privileged Role Administrator runs, once:'
Write-Output ''
Write-Output "    ./infra/Grant-GraphPermissions.ps1 -PrincipalId $principal"
Write-Output ''
Write-Output '-WhatIf says what it would grant. Best before the app first starts: Azure keeps an identity''s token for up to a day.'
