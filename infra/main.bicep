// Everything that Linekeeper needs on Azure, in one resource group. docs/azure.md explains it; `azd up` deploys it.
targetScope = 'subscription'

@description('Name of the azd environment; the resource group is called rg- and this, and all other names follow from it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of all resources. It must offer the Flex Consumption plan.')
@minLength(1)
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Secret that Microsoft Graph sends back with every notification (LINEKEEPER_CLIENT_STATE). A hook makes one where none is set.')
@minLength(32)
@maxLength(128)
@secure()
param clientState string

@description('The former client state while it is being changed (LINEKEEPER_CLIENT_STATE_PREVIOUS); empty otherwise.')
@maxLength(128)
@secure()
param previousClientState string = ''

@description('URL of the Workflows webhook of the Teams channel (LINEKEEPER_TEAMS_WEBHOOK_URL); empty: alerts wait in the outbox.')
@secure()
param teamsWebhookUrl string = ''

@description('Secret that links on cards are signed with (LINEKEEPER_LINK_KEY), 32 to 128 characters; empty: derived from the client state.')
@maxLength(128)
@secure()
param linkKey string = ''

@description('Key for /api/silences (LINEKEEPER_API_KEY), 32 to 128 characters; the status takes function keys here. Empty: no key opens the silences.')
@maxLength(128)
@secure()
param apiKey string = ''

@description('Whether the vault is had back that azd down deleted: for 90 days nothing else may have its name.')
param recoverVault bool = false

@description('Names of further settings that hold secrets, as the TOML file refers to them, with commas between. Each must be in the vault under its name in small letters with - for _.')
param secretSettings string = ''

@description('Allocation rule (LINEKEEPER_POLICY).')
@allowed([
  '2023-shared-devices'
  '2022-08-all-ras'
  '2019-07-virtual-user'
])
param policy string = '2023-shared-devices'

@description('Root of Microsoft Graph with its version (LINEKEEPER_GRAPH_URL); another one in national clouds.')
@minLength(12)
param graphUrl string = 'https://graph.microsoft.com/v1.0'

@description('Public https root of the service (LINEKEEPER_PUBLIC_URL) where it is not the function app\'s own host name, such as that of a gateway in front of it.')
param publicUrl string = ''

@description('Name of the TOML file beside function_app.py (LINEKEEPER_CONFIG); empty: none. A hook says linekeeper.toml where that is there.')
param configFile string = ''

@description('Whether the export of attendants and queues is read from the container voice. Without an export there, a finding says so.')
param readVoiceExport bool = true

@description('Address of an OpenTelemetry collector (OTEL_EXPORTER_OTLP_ENDPOINT), beside Application Insights; empty: none.')
param otlpEndpoint string = ''

@description('Python of the function app. The tests of this project run on 3.11.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.11'

@description('Memory of an instance in MB; it is what time is paid by.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('How many instances there may be at most, of all functions together.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Redundancy of the storage account.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param storageSku string = 'Standard_LRS'

@description('Days for which former versions of the document, and what was deleted, are kept.')
@minValue(1)
@maxValue(365)
param keepVersionsDays int = 7

@description('Days for which logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param keepLogsDays int = 30

@description('Gigabytes of logs and metrics that are taken a day at most; -1: any amount. Beyond it nothing is seen, and the dead-man alert fires.')
@minValue(-1)
@maxValue(100)
param dailyLogsGB int = 1

@description('E-mail address that hears when Linekeeper itself is not well; empty: the alerts stand in the portal alone.')
param alertEmail string = ''

@description('Minutes after the last evaluation at which the dead-man alert fires. Evaluations are due every five.')
@minValue(10)
@maxValue(300)
param evaluationAgeLimitMinutes int = 15

@description('Object id of the people (a group, best) who set secrets, upload exports, restore documents and look into the poison queue; empty: nobody is given these roles.')
param operatorPrincipalId string = ''

@description('What operatorPrincipalId is.')
@allowed([
  'Group'
  'ServicePrincipal'
  'User'
])
param operatorPrincipalType string = 'Group'

@description('Object id of the identity (a service principal) that uploads the voice export; empty: none.')
param exporterPrincipalId string = ''

@description('Whether storage and vault are reached through private endpoints alone. The function app itself stays public: Graph must reach it.')
param privateNetworking bool = false

@description('Address range of the virtual network with privateNetworking.')
@minLength(9)
param addressPrefix string = '10.90.0.0/24'

@description('The range of it that the app sends from; a /27 or larger.')
@minLength(9)
param appSubnetPrefix string = '10.90.0.0/26'

@description('The range of it that the private endpoints stand in; a /28 or larger.')
@minLength(9)
param endpointSubnetPrefix string = '10.90.0.64/27'

@description('Whether Graph delivers its notifications to an event hub instead of the webhook.')
param eventHubs bool = false

@description('With eventHubs: object id, in this tenant, of the service principal Microsoft Graph Change Tracking, which is to send.')
param graphChangeTrackingPrincipalId string = ''

@description('With eventHubs: a domain of this tenant, such as contoso.onmicrosoft.com.')
param tenantDomain string = ''

@description('Whether the TOML file lists the tenants that are watched ([[tenants]]); otherwise it is the tenant of the subscription.')
param severalTenants bool = false

@description('Application id of the app registration that reads the tenants (LINEKEEPER_APP_ID); empty: the managed identity does.')
param appId string = ''

@description('Share of the unremarkable traces that is kept (LINEKEEPER_TRACES_KEPT), 0 to 1.')
param tracesKept string = '0.1'

var tags = {
  'azd-env-name': environmentName
}
var token = toLower(uniqueString(subscription().id, environmentName, location))
var appName = 'func-linekeeper-${token}'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-linekeeper-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-linekeeper-${token}'
    insightsName: 'appi-linekeeper-${token}'
    keepDays: keepLogsDays
    dailyGB: dailyLogsGB
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${token}'
    sku: storageSku
    keepVersionsDays: keepVersionsDays
    private: privateNetworking
    location: location
    tags: tags
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${token}'
    private: privateNetworking
    recover: recoverVault
    clientState: clientState
    previousClientState: previousClientState
    teamsWebhookUrl: teamsWebhookUrl
    linkKey: linkKey
    apiKey: apiKey
    location: location
    tags: tags
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    documentsContainer: storage.outputs.documentsContainer
    voiceContainer: storage.outputs.voiceContainer
    changesQueue: storage.outputs.changesQueue
    poisonQueue: storage.outputs.poisonQueue
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    exporterPrincipalId: exporterPrincipalId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    name: 'vnet-linekeeper-${token}'
    addressPrefix: addressPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
    location: location
    tags: tags
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  // The platform reads the package and the secrets with roles that must be there first.
  dependsOn: [
    access
  ]
  params: {
    name: appName
    planName: 'plan-linekeeper-${token}'
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    subnetId: privateNetworking ? network.outputs.appSubnetId : ''
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    documentsContainer: storage.outputs.documentsContainer
    voiceContainer: storage.outputs.voiceContainer
    vaultUri: vault.outputs.uri
    hasPreviousClientState: !empty(previousClientState)
    hasTeamsWebhook: !empty(teamsWebhookUrl)
    hasLinkKey: !empty(linkKey)
    hasApiKey: !empty(apiKey)
    secretSettings: secretSettings
    insightsName: monitoring.outputs.insightsName
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    policy: policy
    graphUrl: graphUrl
    publicUrl: publicUrl
    eventHub: eventHubs ? events.outputs.hub : ''
    eventHubHost: eventHubs ? events.outputs.host : ''
    eventHubUrl: eventHubs ? events.outputs.notificationUrl : ''
    severalTenants: severalTenants
    appId: appId
    tracesKept: tracesKept
    configFile: configFile
    readVoiceExport: readVoiceExport
    otlpEndpoint: otlpEndpoint
    location: location
    tags: tags
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    evaluationAgeLimitMinutes: evaluationAgeLimitMinutes
    location: location
    tags: tags
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    location: location
    tags: tags
  }
}

module events 'modules/events.bicep' = if (eventHubs) {
  name: 'events'
  scope: group
  params: {
    name: 'evhns-linekeeper-${token}'
    receiverPrincipalId: identity.outputs.principalId
    senderPrincipalId: graphChangeTrackingPrincipalId
    tenantDomain: tenantDomain
    location: location
    tags: tags
  }
}

@description('Region of the resources.')
output AZURE_LOCATION string = location

@description('The tenant that is watched: that of the subscription.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The function app; azd deploys to it.')
output SERVICE_LINEKEEPER_NAME string = app.outputs.name

@description('Public root of the service.')
output SERVICE_LINEKEEPER_URI string = app.outputs.uri

@description('Object id of the managed identity: what the Graph permissions are granted to.')
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('The storage account, for uploads and restores.')
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name

@description('The vault with the secrets.')
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
