// Private ways to storage and vault. The app sends through the first subnet, their endpoints stand in the second.

@description('Name of the virtual network.')
param name string

@description('Its address range.')
param addressPrefix string

@description('The range of it that the app sends from.')
param appSubnetPrefix string

@description('The range of it that the endpoints stand in.')
param endpointSubnetPrefix string

@description('Resource id of the storage account.')
param storageId string

@description('Resource id of the vault.')
param vaultId string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

var storageDns = environment().suffixes.storage
// '.vault.azure.net' in public, 'privatelink.vaultcore.azure.net' in private, and alike in other clouds.
var vaultDns = replace(environment().suffixes.keyvaultDns, '.vault.', 'vaultcore.')
var endpoints = [
  {
    part: 'blob'
    target: storageId
    zone: 'privatelink.blob.${storageDns}'
  }
  {
    part: 'queue'
    target: storageId
    zone: 'privatelink.queue.${storageDns}'
  }
  {
    part: 'table'
    target: storageId
    zone: 'privatelink.table.${storageDns}'
  }
  {
    part: 'vault'
    target: vaultId
    zone: 'privatelink.${vaultDns}'
  }
]

resource closed 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-from-outside'
        properties: {
          description: 'Only the network itself has business here.'
          access: 'Deny'
          direction: 'Inbound'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appSubnetPrefix
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointSubnetPrefix
          networkSecurityGroup: {
            id: closed.id
          }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for endpoint in endpoints: {
  name: endpoint.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (endpoint, i) in endpoints: {
  parent: zones[i]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource ways 'Microsoft.Network/privateEndpoints@2024-05-01' = [for endpoint in endpoints: {
  name: 'pep-${endpoint.part}-${name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.part
        properties: {
          privateLinkServiceId: endpoint.target
          groupIds: [
            endpoint.part
          ]
        }
      }
    ]
  }
}]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (endpoint, i) in endpoints: {
  parent: ways[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.part
        properties: {
          privateDnsZoneId: zones[i].id
        }
      }
    ]
  }
}]

@description('Subnet that the app sends from.')
output appSubnetId string = '${network.id}/subnets/app'
