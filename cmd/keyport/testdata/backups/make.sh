#!/bin/sh
# Makes step-N.backup, step-N.journal and step-N.json: what a version of Keyport
# whose schema is at step N writes. Everything in them was put there by the
# program of that version, by its commands, its pages and its REST API; it ran on
# SQLite. TestRestoreOfOlderSteps restores them with the program of today.
#
#   git worktree add /tmp/old COMMIT
#   (cd /tmp/old && go build -o /tmp/old/keyport-bin ./cmd/keyport)
#   cmd/keyport/testdata/backups/make.sh /tmp/old/keyport-bin N
#
# Step 22 is the first at which there was keyport backup: commit 90fcda9. The
# others are of 40e4a4e (23), 5626d54 (24), 296ad83 (25) and c7c7690 (26).
set -eu
keyport=$1 out=$(cd "$(dirname "$0")" && pwd)/step-$2
folder=$(mktemp -d)
export KEYPORT_DATA_DIR="$folder" KEYPORT_LISTEN=127.0.0.1:18097
KEYPORT_MASTER_KEY=$(printf '4b%.0s' $(seq 32))
export KEYPORT_MASTER_KEY
trap 'kill $pid 2>/dev/null; rm -rf "$folder"' EXIT
pid=

# The administrator is Users-1, alice Users-2, bob Users-3, the robot Users-4.
person() { echo 'quiet river under stars' | "$keyport" user create --username "$@"; }
person admin --email admin@example.com --admin
person alice --email alice@example.com
person bob --email bob@example.com
"$keyport" user create --username robot --service-account
key() { "$keyport" apikey create --user "$1" --purpose "$2" --expires 365d; }
admin=$(key admin Administration) works=$(key alice Works) revoked=$(key bob First) later=$(key bob Second)
"$keyport" serve >"$folder/log" 2>&1 &
pid=$!
address=http://$KEYPORT_LISTEN
until curl -sfo /dev/null "$address/readyz"; do sleep 0.1; done

# call METHOD PATH [JSON] asks the REST API, form PATH NAME=VALUE… sends a page's form.
call() { curl -sSf -X "$1" -H "X-Octopus-ApiKey: $admin" -H 'Content-Type: application/json' ${3:+-d "$3"} "$address/api/$2"; }
form() {
  path=$1 && shift
  for pair; do set -- "$@" --data-urlencode "$pair" && shift; done
  curl -sSf -o /dev/null -H "Origin: $address" -b "$folder/cookies" -c "$folder/cookies" "$@" "$address$path"
}
revoke() { call DELETE "users/Users-3/apikeys/$(call GET users/Users-3/apikeys | jq -r --arg purpose "$1" '.Items[] | select(.Purpose == $purpose).Id')" >"$folder/revoked"; }

form /sign-in username=admin 'password=quiet river under stars'
form /configuration/teams name=Auditors preset=auditor          # Teams-3
form /configuration/teams name=Deployers preset=none            # Teams-4
call PUT teams/Teams-3 '{"Name": "Auditors", "MemberUserIds": ["Users-2"]}' >"$folder/teams"
call PUT teams/Teams-4 '{"Name": "Deployers", "MemberUserIds": ["Users-2", "Users-3"]}' >"$folder/teams"
form /configuration/users/Users-4 version=1 username=robot owner_team=Teams-4
call POST services '{"Name": "billing", "RatePerMinute": 600, "ReadOnly": [{"Methods": ["POST"], "Path": "/search"}]}' >"$folder/service"
call POST subscriptions '{"Name": "To the log", "EventNotificationSubscription": {"Filter": {"EventGroups": ["ApiKeyExpiry"]}, "EmailTeams": ["Teams-3"],
  "WebhookURI": "https://hooks.example.com/keyport", "WebhookHeaderKey": "X-Token", "WebhookHeaderValue": "s3cret"}}' >"$folder/subscription"
call PUT configuration/authentication/values '{"ApiKeyDefaultExpiryDays": 90, "ApiKeyMaxExpiryDays": 400}' >"$folder/settings"
call POST serviceaccounts/Users-4/oidcidentities/create/v1 '{"Name": "CI", "Issuer": "https://issuer.example.com", "Subject": "repo:keyport"}' >"$folder/trust"
[ "$2" -lt 24 ] || call PUT smtpconfiguration '{"SmtpHost": "mail.example.com", "SmtpPort": 587, "SendEmailFrom": "keys@example.com"}' >"$folder/mail"
call POST users/Users-4/apikeys '{"Purpose": "Limited", "AccessLevel": "ReadOnly", "Services": ["billing"]}' >"$folder/limited"
revoke First
curl -sSf -o /dev/null -H "X-Octopus-ApiKey: $works" "$address/api/users/me"

rm -f "$out".*
"$keyport" backup --to "$out.backup"
revoke Second
"$keyport" backup --journal "$out.journal"
jq --arg works "$works" --arg revoked "$revoked" --arg later "$later" \
  '{Works: $works, Limited: .ApiKey, Revoked: $revoked, RevokedLater: $later}' "$folder/limited" >"$out.json"
