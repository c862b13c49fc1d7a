"""Reads Microsoft Graph and keeps the change subscription, through msgraph-sdk, as plain values of the model."""
