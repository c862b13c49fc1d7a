"""Dashboards as code: what an operator asks, as queries, and the files that Grafana and Azure Monitor read."""
