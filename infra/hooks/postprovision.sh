#!/bin/sh
# After resources are made, and before the package is deployed: the permissions that only a directory administrator gives.
# With LINEKEEPER_GRANT=yes in the azd environment they are granted at once, as whoever is signed in to az.
set -eu

principal=${AZURE_IDENTITY_PRINCIPAL_ID:?azd has not told the identity}
if [ "${LINEKEEPER_GRANT:-}" = yes ]; then
  exec bash infra/grant-graph-permissions.sh "$principal"
fi

cat <<EOF

Linekeeper may need permissions of Microsoft Graph yet. A Privileged Role Administrator runs, once:

    infra/grant-graph-permissions.sh $principal

--dry-run says what it would grant. Best before the app first starts: Azure keeps an identity's token for up to a day.
EOF
