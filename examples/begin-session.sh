#!/usr/bin/env bash
# Begin a test session as a server would, and print the link that opens it in front-end.html.
# Needs bash, curl 7.76, and python3 to read JSON.
#
#   CLIENT_ID=… CLIENT_SECRET=… examples/begin-session.sh [API [PAGE]]
#
# API is http://127.0.0.1:8000, PAGE http://127.0.0.1:8080/front-end.html unless given. The client
# needs the scope test_sessions:run, and the page's origin among its --cors-origin. COMPETENCES
# ("1.1 1.3"), LOCALE (fr) and AGENT (visitor-1) may be set too.
set -euo pipefail

api="${1:-http://127.0.0.1:8000}"
page="${2:-http://127.0.0.1:8080/front-end.html}"
: "${CLIENT_ID:?make a client first: pacnum clients create --name page --scopes test_sessions:run --cors-origin http://127.0.0.1:8080}"
: "${CLIENT_SECRET:?the secret that was shown with the client_id}"

token="$(curl --silent --show-error --fail-with-body --user "$CLIENT_ID:$CLIENT_SECRET" \
  --data grant_type=client_credentials "$api/oauth/token" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"

order="$(python3 -c '
import json, os
print(json.dumps({
    "agent": {"external_id": {"issuer": "examples", "value": os.environ.get("AGENT", "visitor-1")}},
    "framework": "digcomp-2.2",
    "competences": os.environ.get("COMPETENCES", "1.1 1.3").split(),
    "locale": os.environ.get("LOCALE", "fr"),
}))')"

curl --silent --show-error --fail-with-body "$api/v1/test-sessions" \
  --header "Authorization: Bearer $token" --header "Content-Type: application/json" --data "$order" |
  API="$api" PAGE="$page" python3 -c '
import json, os, sys
from urllib.parse import urlencode
session = json.load(sys.stdin)
access = {"api": os.environ["API"], "session": session["id"], "token": session["session_token"]}
print(os.environ["PAGE"] + "#" + urlencode(access))'
