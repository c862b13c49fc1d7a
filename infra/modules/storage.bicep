// The storage account: the host's own state, the queue of changes, the documents, the voice export, the package.

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Redundancy.')
param sku string

@description('Days for which former versions, and what was deleted, are kept.')
param keepVersionsDays int

@description('Whether only private endpoints lead here.')
param private bool

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

var publicNetworkAccess = private ? 'Disabled' : 'Enabled'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  // checkov:skip=CKV_AZURE_35:Flex Consumption reaches storage from addresses that cannot be listed; privateNetworking closes it, and no key opens it
  // checkov:skip=CKV_AZURE_59:as above
  // checkov:skip=CKV_AZURE_206:the document can be read anew from Graph; storageSku makes it redundant where that is wanted
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      defaultAction: private ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: keepVersionsDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: keepVersionsDays
    }
  }
}

resource documents 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'linekeeper'
  properties: {
    publicAccess: 'None'
  }
}

resource voice 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'voice'
  properties: {
    publicAccess: 'None'
  }
}

resource deployment 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'deployment'
  properties: {
    publicAccess: 'None'
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource changes 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = {
  parent: queues
  name: 'changes'
}

resource jobs 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = {
  parent: queues
  name: 'jobs'
}

// The host would make these with the first poisoned message; here they are from the start: 0 is told from unknown.
resource poisonedChanges 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = {
  parent: queues
  name: 'changes-poison'
}

resource poisonedJobs 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = {
  parent: queues
  name: 'jobs-poison'
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  // Versions must be on, or a rule about them is refused.
  dependsOn: [
    blobs
  ]
  properties: {
    policy: {
      rules: [
        {
          name: 'former-versions'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: keepVersionsDays
                }
              }
              snapshot: {
                delete: {
                  daysAfterCreationGreaterThan: keepVersionsDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

@description('Resource id.')
output id string = account.id

@description('Name of the account.')
output name string = account.name

@description('Container of the documents.')
output documentsContainer string = documents.name

@description('Container of the voice export.')
output voiceContainer string = voice.name

@description('Queue of changes.')
output changesQueue string = changes.name

@description('Queue of changes that could not be worked off.')
output poisonQueue string = poisonedChanges.name

@description('Container of the package that is run.')
output deploymentContainer string = deployment.name
