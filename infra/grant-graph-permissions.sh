#!/usr/bin/env bash
# Grants an identity the permissions of Microsoft Graph that Linekeeper reads a tenant with. They are application
# permissions, all of them to read. What is granted already is left as it is, so it may run as often as you like.
#
# Whoever runs it is signed in to az, in the tenant, as Privileged Role Administrator or Global Administrator.
set -euo pipefail

readonly GRAPH=00000003-0000-0000-c000-000000000000 # Microsoft Graph's application id, the same in every tenant
readonly GUID='^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
table="$(dirname "${BASH_SOURCE[0]}")/graph-permissions.tsv"
readonly table

usage() {
  cat <<EOF
usage: $(basename "$0") [--dry-run] [--required-only] OBJECT_ID

OBJECT_ID        of the identity: \`azd env get-value AZURE_IDENTITY_PRINCIPAL_ID\`
--dry-run        say what would be granted, and grant nothing
--required-only  leave out the optional permissions:

$(awk -F '\t' 'NR > 1 { printf "  %-32s %-9s %s\n", $1, ($2 == "yes" ? "" : "optional"), $3 }' "$table")
EOF
}

fail() {
  printf 'grant-graph-permissions: %s\n' "$1" >&2
  exit 1
}

# Runs az and prints what it answers. What it says of an error is read for those that people can mend.
ask() {
  local answer
  if answer=$(az "$@" 2>"$complaint" </dev/null); then
    printf '%s' "${answer//$'\r'/}"
    return
  fi
  if grep -qiE "az login|refresh token|AADSTS" "$complaint"; then
    fail 'az is not signed in, or no longer. Run: az login --tenant <the tenant>'
  elif grep -qiE 'Authorization_RequestDenied|Forbidden|Insufficient privileges' "$complaint"; then
    fail "${signed_in:-whoever is signed in} may not do this. It takes a Privileged Role Administrator or a Global Administrator: az login as one, and run this again."
  elif grep -qiE "does not exist|ResourceNotFound" "$complaint"; then
    fail "there is no $principal in this tenant. One that was just made takes a minute to be known; the client id is not the object id."
  fi
  fail "az $1 $2 failed: $(grep -m 1 ERROR "$complaint" || tail -n 1 "$complaint")"
}

dry_run=false
required_only=false
principal=
for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=true ;;
    --required-only) required_only=true ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      if [[ $argument == -* || -n $principal ]]; then
        usage >&2
        exit 2
      fi
      principal=$argument
      ;;
  esac
done
if [[ -z $principal ]]; then
  usage >&2
  exit 2
fi
[[ $principal =~ $GUID ]] || fail "$principal is no object id, which is a GUID."
command -v az >/dev/null || fail 'az, the Azure CLI, is not installed.'

complaint=$(mktemp)
trap 'rm -f "$complaint"' EXIT

signed_in=$(ask account show --query user.name --output tsv)
cloud=$(ask cloud show --query endpoints.microsoftGraphResourceId --output tsv)
name=$(ask ad sp show --id "$principal" --query displayName --output tsv)
graph=$(ask ad sp show --id "$GRAPH" --query id --output tsv)
roles=$(ask ad sp show --id "$GRAPH" --query "appRoles[?contains(allowedMemberTypes, 'Application')].[value, id]" --output tsv)
assignments="${cloud%/}/v1.0/servicePrincipals/$principal/appRoleAssignments"
granted=$(ask rest --method GET --url "$assignments?\$top=999" --query "value[?resourceId=='$graph'].appRoleId" --output tsv)

printf '%s\n' "To $name ($principal), as $signed_in:"
while IFS=$'\t' read -r permission needed purpose _; do
  if [[ $needed != yes ]] && $required_only; then
    continue
  fi
  role=$(awk -F '\t' -v value="$permission" '$1 == value { print $2 }' <<<"$roles")
  if [[ -z $role ]]; then
    [[ $needed != yes ]] || fail "Microsoft Graph in this cloud has no permission $permission."
    outcome='not in this cloud'
  elif grep -qiFx -- "$role" <<<"$granted"; then
    outcome='granted already'
  elif $dry_run; then
    outcome='would be granted'
  else
    body="{\"principalId\": \"$principal\", \"resourceId\": \"$graph\", \"appRoleId\": \"$role\"}"
    ask rest --method POST --url "$assignments" --headers Content-Type=application/json --body "$body" --output none
    outcome='granted'
  fi
  printf '  %-32s %-18s %s\n' "$permission" "$outcome" "$purpose"
done < <(tail -n +2 "$table")
