// The vault and the secrets that were given. The app reads them by reference; whoever deploys needs no right to read them.

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Whether only private endpoints lead here.')
param private bool

@description('Whether the vault of this name was deleted and is to be had back.')
param recover bool

@description('LINEKEEPER_CLIENT_STATE.')
@secure()
param clientState string

@description('LINEKEEPER_CLIENT_STATE_PREVIOUS; empty: no secret is written.')
@secure()
param previousClientState string

@description('LINEKEEPER_TEAMS_WEBHOOK_URL; empty: no secret is written.')
@secure()
param teamsWebhookUrl string

@description('LINEKEEPER_LINK_KEY; empty: no secret is written.')
@secure()
param linkKey string

@description('LINEKEEPER_API_KEY; empty: no secret is written.')
@secure()
param apiKey string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

var publicNetworkAccess = private ? 'Disabled' : 'Enabled'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  // checkov:skip=CKV_AZURE_109:references are resolved from addresses that cannot be listed; privateNetworking closes it, and RBAC guards it
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    createMode: recover ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

resource clientStateSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  // checkov:skip=CKV_AZURE_41:a secret that expires by itself stops the service; docs/azure.md says how each is changed
  parent: vault
  name: 'linekeeper-client-state'
  properties: {
    contentType: 'text/plain'
    value: clientState
  }
}

resource previousClientStateSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(previousClientState)) {
  // checkov:skip=CKV_AZURE_41:as above
  // checkov:skip=CKV_AZURE_114:it is set; checkov does not look behind a condition
  parent: vault
  name: 'linekeeper-client-state-previous'
  properties: {
    contentType: 'text/plain'
    value: previousClientState
  }
}

resource teamsWebhookSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(teamsWebhookUrl)) {
  // checkov:skip=CKV_AZURE_41:as above
  // checkov:skip=CKV_AZURE_114:it is set; checkov does not look behind a condition
  parent: vault
  name: 'linekeeper-teams-webhook-url'
  properties: {
    contentType: 'text/plain'
    value: teamsWebhookUrl
  }
}

resource linkKeySecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(linkKey)) {
  // checkov:skip=CKV_AZURE_41:as above
  // checkov:skip=CKV_AZURE_114:it is set; checkov does not look behind a condition
  parent: vault
  name: 'linekeeper-link-key'
  properties: {
    contentType: 'text/plain'
    value: linkKey
  }
}

resource apiKeySecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(apiKey)) {
  // checkov:skip=CKV_AZURE_41:as above
  // checkov:skip=CKV_AZURE_114:it is set; checkov does not look behind a condition
  parent: vault
  name: 'linekeeper-api-key'
  properties: {
    contentType: 'text/plain'
    value: apiKey
  }
}

@description('Resource id.')
output id string = vault.id

@description('Name of the vault.')
output name string = vault.name

@description('Root of its secrets, with a slash at its end.')
output uri string = vault.properties.vaultUri
