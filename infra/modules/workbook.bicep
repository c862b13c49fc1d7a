// What operations look at where telemetry goes to Azure Monitor. The content is made by `python -m dashboards.workbook`.

@description('The workspace that the workbook asks.')
param workspaceId string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource workbook 'Microsoft.Insights/workbooks@2021-08-01' = {
  // Its name must be a GUID, and the same one at every deployment.
  name: guid(resourceGroup().id, 'linekeeper')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Linekeeper'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}
