"""The connection to Azure Storage, and what lies there beside documents."""
