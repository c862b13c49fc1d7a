// An event hub that Graph sends its notifications to and the app reads, both signed in by role.

@description('Name of the namespace.')
@minLength(6)
@maxLength(50)
param name string

@description('Object id of the identity that receives.')
param receiverPrincipalId string

@description('Object id of the service principal that sends; empty: none.')
param senderPrincipalId string

@description('Domain of the tenant that the hub is in.')
param tenantDomain string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

var azureEventHubsDataReceiver = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
var azureEventHubsDataSender = '2b629674-e913-4c01-ae53-ef4638d8f975'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: 1
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: 'graph-notifications'
  properties: {
    partitionCount: 2
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: 24
    }
  }
}

resource receiver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, receiverPrincipalId, azureEventHubsDataReceiver)
  scope: hub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', azureEventHubsDataReceiver)
    principalId: receiverPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(senderPrincipalId)) {
  name: guid(hub.id, senderPrincipalId, azureEventHubsDataSender)
  scope: hub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', azureEventHubsDataSender)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Name of the hub.')
output hub string = hub.name

@description('Host name of the namespace.')
output host string = split(split(namespace.properties.serviceBusEndpoint, '/')[2], ':')[0]

@description('The notificationUrl of a subscription.')
output notificationUrl string = 'EventHub:https://${split(split(namespace.properties.serviceBusEndpoint, '/')[2], ':')[0]}/eventhubname/${hub.name}?tenantId=${tenantDomain}'
