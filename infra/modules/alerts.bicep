// The watch on the watchman: it must not share what may fail, so it asks the logs and not the app.

@description('Workspace of the metrics.')
param workspaceId string

@description('E-mail address that hears of alerts; empty: nobody does, and they stand in the portal.')
param email string

@description('Minutes after the last evaluation at which to say so.')
param evaluationAgeLimitMinutes int

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'linekeeper'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'linekeeper'
    enabled: true
    emailReceivers: empty(email) ? [] : [
      {
        name: 'operations'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// The age of each tenant's last evaluation goes on growing after it was last stated: so the rule fires on an age as well
// as on silence. A summary of nothing is one row with a count of 0.
resource silent 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'linekeeper-evaluation-stale'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Linekeeper no longer evaluates'
    description: 'No evaluation was reported in time: what the channel shows may be out of date. See docs/azure.md, "When an alert fires".'
    severity: 1
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT6H'
    // Before the first deployment there is nothing that the query could be tried on.
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: 'AppMetrics | where Name == "linekeeper.evaluation.age" | summarize arg_max(TimeGenerated, Sum) by Tenant = tostring(Properties["linekeeper.tenant.id"]) | summarize Tenants = count(), Seconds = max(Sum + datetime_diff("second", now(), TimeGenerated)) | where Tenants == 0 or Seconds > ${evaluationAgeLimitMinutes * 60}'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}

// Azure counts messages for a whole account, not for a queue: the app counts its own.
resource poisoned 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'linekeeper-messages-poisoned'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Linekeeper could not handle a message'
    description: 'Messages lie in a poison queue. Timers find what they were about; see docs/azure.md, "When an alert fires".'
    severity: 2
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: 'AppMetrics | where Name == "linekeeper.queue.depth" and tostring(Properties["queue"]) endswith "-poison" | summarize arg_max(TimeGenerated, Sum) by Queue = tostring(Properties["queue"]) | where Sum > 0'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}
