"""OpenTelemetry, set up once: silent where no endpoint is set, and never the reason that an invocation fails."""
