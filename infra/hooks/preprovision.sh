#!/bin/sh
# Before resources are made: a client state where there is none, the TOML file where there is one, and what could not work.
# azd runs it in the project's folder with the environment's values as variables.
set -eu

stop() {
  echo "Linekeeper: $1" >&2
  exit 1
}

if [ -z "${LINEKEEPER_CONFIG:-}" ] && [ -f linekeeper.toml ]; then
  azd env set LINEKEEPER_CONFIG linekeeper.toml
  echo "Linekeeper: linekeeper.toml travels with the package."
elif [ -n "${LINEKEEPER_CONFIG:-}" ] && [ ! -f "$LINEKEEPER_CONFIG" ]; then
  stop "LINEKEEPER_CONFIG names $LINEKEEPER_CONFIG, which is not beside function_app.py."
elif [ -z "${LINEKEEPER_CONFIG:-}" ] && [ "${LINEKEEPER_SEVERAL_TENANTS:-}" = true ]; then
  stop "several tenants are listed in a TOML file, and there is none: write linekeeper.toml, or set LINEKEEPER_CONFIG."
fi

if [ "${LINEKEEPER_EVENT_HUBS:-}" = true ]; then
  [ -n "${LINEKEEPER_TENANT_DOMAIN:-}" ] || stop "an event hub needs LINEKEEPER_TENANT_DOMAIN, see docs/azure.md."
  [ -n "${LINEKEEPER_GRAPH_CHANGE_TRACKING_PRINCIPAL_ID:-}" ] ||
    stop "an event hub needs LINEKEEPER_GRAPH_CHANGE_TRACKING_PRINCIPAL_ID, see docs/azure.md."
fi

if [ -z "${LINEKEEPER_CLIENT_STATE:-}" ]; then
  state=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  azd env set LINEKEEPER_CLIENT_STATE "$state"
  echo "Linekeeper: a client state was made and is kept in this azd environment."
fi
