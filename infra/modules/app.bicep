// The plan, the function app and its settings.

@description('Name of the function app.')
param name string

@description('Name of the plan.')
param planName string

@description('Resource id of the managed identity.')
param identityId string

@description('Client id of the managed identity.')
param identityClientId string

@description('Subnet that the app sends from; empty: the public network.')
param subnetId string

@description('Name of the storage account.')
param storageName string

@description('Container of the package.')
param deploymentContainer string

@description('Container of the documents.')
param documentsContainer string

@description('Container of the voice export.')
param voiceContainer string

@description('Root of the vault, with a slash at its end.')
param vaultUri string

@description('Whether the vault holds a former client state.')
param hasPreviousClientState bool

@description('Whether the vault holds the URL of a channel.')
param hasTeamsWebhook bool

@description('Whether the vault holds a key for links.')
param hasLinkKey bool

@description('Whether the vault holds a key for the API.')
param hasApiKey bool

@description('Names of further settings that hold secrets, with commas between.')
param secretSettings string

@description('Name of the Application Insights component.')
param insightsName string

@description('Python of the app.')
param pythonVersion string

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('How many instances there may be at most.')
param maximumInstanceCount int

@description('LINEKEEPER_POLICY.')
param policy string

@description('LINEKEEPER_GRAPH_URL.')
param graphUrl string

@description('LINEKEEPER_PUBLIC_URL; empty: the app\'s own host name.')
param publicUrl string

@description('Name of the event hub that Graph delivers to (LINEKEEPER_EVENT_HUB); empty: the webhook.')
param eventHub string

@description('Host name of the hub\'s namespace.')
param eventHubHost string

@description('What Graph is told to deliver to, with an event hub.')
param eventHubUrl string

@description('Whether the TOML file lists the tenants that are watched.')
param severalTenants bool

@description('LINEKEEPER_APP_ID; empty: the managed identity itself reads the tenant.')
param appId string

@description('LINEKEEPER_TRACES_KEPT.')
param tracesKept string

@description('LINEKEEPER_CONFIG, a file beside function_app.py; empty: none.')
param configFile string

@description('Whether LINEKEEPER_VOICE_EXPORT is set.')
param readVoiceExport bool

@description('OTEL_EXPORTER_OTLP_ENDPOINT; empty: none.')
param otlpEndpoint string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

// Without a version: a changed secret is read within a day, at once after a restart.
var secret = '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/'
var furtherNames = empty(secretSettings) ? [] : split(secretSettings, ',')
var furtherPairs = [for each in furtherNames: '"${trim(each)}":"${secret}${replace(toLower(trim(each)), '_', '-')})"']
var furtherText = join(furtherPairs, ',')
var furtherSecrets = json('{${furtherText}}')
var root = empty(publicUrl) ? 'https://${site.properties.defaultHostName}' : publicUrl

var always = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_AUTHORITY_HOST: environment().authentication.loginEndpoint
  AZURE_CLIENT_ID: identityClientId
  LINEKEEPER_GRAPH_URL: graphUrl
  LINEKEEPER_PUBLIC_URL: root
  LINEKEEPER_NOTIFICATION_URL: empty(eventHub) ? root : eventHubUrl
  LINEKEEPER_CLIENT_STATE: '${secret}linekeeper-client-state)'
  LINEKEEPER_STORE: 'blob:${documentsContainer}'
  LINEKEEPER_POLICY: policy
  LINEKEEPER_TRACES_KEPT: tracesKept
}
var tenants = severalTenants ? {} : {
  LINEKEEPER_TENANT_ID: tenant().tenantId
}
var registration = empty(appId) ? {} : {
  LINEKEEPER_APP_ID: appId
}
var hub = empty(eventHub) ? {} : {
  LINEKEEPER_EVENT_HUB: eventHub
  EventHubConnection__fullyQualifiedNamespace: eventHubHost
  EventHubConnection__credential: 'managedidentity'
  EventHubConnection__clientId: identityClientId
}
var previousClientState = hasPreviousClientState ? {
  LINEKEEPER_CLIENT_STATE_PREVIOUS: '${secret}linekeeper-client-state-previous)'
} : {}
var teamsWebhook = hasTeamsWebhook ? {
  LINEKEEPER_TEAMS_WEBHOOK_URL: '${secret}linekeeper-teams-webhook-url)'
} : {}
var link = hasLinkKey ? {
  LINEKEEPER_LINK_KEY: '${secret}linekeeper-link-key)'
} : {}
var api = hasApiKey ? {
  LINEKEEPER_API_KEY: '${secret}linekeeper-api-key)'
} : {}
var voice = readVoiceExport && !severalTenants ? {
  LINEKEEPER_VOICE_EXPORT: 'blob:${voiceContainer}/voice.json'
} : {}
var config = empty(configFile) ? {} : {
  LINEKEEPER_CONFIG: '/home/site/wwwroot/${configFile}'
}
var otlp = empty(otlpEndpoint) ? {} : {
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  // checkov:skip=CKV_AZURE_225:zone redundancy needs two instances that are always ready; docs/azure.md says what an outage costs
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  // checkov:skip=CKV_AZURE_17:Graph has no client certificate; its notifications are told by the client state
  // checkov:skip=CKV_AZURE_222:Graph must reach the webhook
  // checkov:skip=CKV_AZURE_212:Flex Consumption has no number of workers; alwaysReady keeps one for HTTP
  // checkov:skip=CKV_AZURE_213:Flex Consumption replaces instances by itself and has no health check path
  name: name
  location: location
  tags: union(tags, {
    'azd-service-name': 'linekeeper'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        // Graph waits for three seconds, which a cold start may take: one instance is always there to answer.
        alwaysReady: [
          {
            name: 'http'
            instanceCount: 1
          }
        ]
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: {
          http: {
            // All HTTP functions are asynchronous and soon done.
            perInstanceConcurrency: 16
          }
        }
      }
    }
  }
}

// After the site, since one of them is the host name that the site was given.
resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  // These are application settings: what checkov looks for is the business of siteConfig, above.
  // checkov:skip=CKV_AZURE_13:notifications and links are anonymous and checked by the app, everything else needs its key
  // checkov:skip=CKV_AZURE_63:no place for it here; requests are in Application Insights
  // checkov:skip=CKV_AZURE_65:no place for it here; errors are in Application Insights
  // checkov:skip=CKV_AZURE_66:no place for it here; failures are in Application Insights
  // checkov:skip=CKV_AZURE_80:no .NET
  // checkov:skip=CKV_AZURE_88:Flex Consumption mounts the package; nothing is kept in files
  // checkov:skip=CKV_AZURE_222:Graph must reach the webhook
  parent: site
  name: 'appsettings'
  properties: union(always, tenants, registration, hub, previousClientState, teamsWebhook, link, api, voice, config, otlp, furtherSecrets)
}

// Deployment signs in by identity; passwords have no use.
resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

@description('Name of the function app.')
output name string = site.name

@description('Its public root.')
output uri string = root
