#!/usr/bin/env bash
# One agent through the API in five calls: token, framework, test session, answers, result with
# what to learn next. Needs bash, curl 7.76, and python3 to read and write JSON.
#
#   CLIENT_ID=… CLIENT_SECRET=… examples/tour.sh [http://127.0.0.1:8000]
#
# The client needs the scopes frameworks:read, test_sessions:run and results:read. COMPETENCE (1.3)
# and AGENT (tour-1) may be set too. The agent takes the first of whatever is offered.
set -euo pipefail

api="${1:-http://127.0.0.1:8000}"
competence="${COMPETENCE:-1.3}"
agent="${AGENT:-tour-1}"
json="Content-Type: application/json"
: "${CLIENT_ID:?make a client first: pacnum clients create --name tour --scopes \"frameworks:read test_sessions:run results:read\"}"
: "${CLIENT_SECRET:?the secret that was shown with the client_id}"

# call METHOD PATH [curl options…]: the body of the answer; an error is shown, and ends the tour
call() {
  local method="$1" path="$2" body
  shift 2
  if ! body="$(curl --silent --show-error --fail-with-body --max-time 30 \
    --request "$method" "$api$path" "$@")"; then
    printf '%s %s failed: %s\n' "$method" "$path" "$body" >&2
    return 1
  fi
  printf '%s' "$body"
}

# field DOCUMENT NAME…: one member of a JSON document, null as nothing
field() {
  local document="$1"
  shift
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
if value is not None:
    print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
' "$@" <<<"$document"
}

# answer_to DOCUMENT: an answer to its pending item, or nothing when none is pending
answer_to() {
  python3 -c '
import json, sys
item = json.load(sys.stdin)["pending_item"]
if item is None:
    sys.exit()
asked = item["content"]["interaction"]

def first(parts):
    return parts[0]["id"]

def filled(blank):
    return {"choice": lambda: first(blank["options"]), "text": lambda: "?", "number": lambda: 1}[
        blank["kind"]
    ]()

respond = {
    "single_choice": lambda: {"choice": first(asked["options"])},
    "multiple_choice": lambda: {"choices": [first(asked["options"])]},
    "short_text": lambda: {"text": "?"},
    "numeric": lambda: {"value": 1, **({"unit": first(asked["units"])} if asked["units"] else {})},
    "cloze": lambda: {"blanks": {blank["id"]: filled(blank) for blank in asked["blanks"]}},
    "ordering": lambda: {"order": [entry["id"] for entry in asked["entries"]]},
    "matching": lambda: {"pairs": {first(asked["left"]): first(asked["right"])}},
    "categorisation": lambda: {
        "categories": {entry["id"]: first(asked["categories"]) for entry in asked["entries"]}
    },
    "hotspot": lambda: {"regions": [region["id"] for region in asked["regions"]][: asked["select"]]},
}
response = {"type": item["type"], **respond[item["type"]]()}
answer = {"position": item["position"], "item_id": item["item_id"], "response": response}
print(json.dumps(answer, ensure_ascii=False))
' <<<"$1"
}

echo "1. POST /oauth/token"
token="$(call POST /oauth/token --user "$CLIENT_ID:$CLIENT_SECRET" --data grant_type=client_credentials)"
authorization="Authorization: Bearer $(field "$token" access_token)"
echo "   good for $(field "$token" expires_in) s: $(field "$token" scope)"

echo "2. GET /v1/frameworks/digcomp-2.2"
framework="$(call GET /v1/frameworks/digcomp-2.2 --header "$authorization")"
echo "   $(field "$framework" title), version $(field "$framework" version)"

echo "3. POST /v1/test-sessions"
order="{\"agent\": {\"external_id\": {\"issuer\": \"examples\", \"value\": \"$agent\"}},
  \"framework\": \"digcomp-2.2\", \"competences\": [\"$competence\"]}"
session="$(call POST /v1/test-sessions --header "$authorization" --header "$json" --data "$order")"
path="/v1/test-sessions/$(field "$session" id)"
echo "   $path, $(field "$session" progress at_most) questions at most"

echo "4. POST $path/answers, until nothing is pending"
reply="$session"
answer="$(answer_to "$reply")"
while [[ -n "$answer" ]]; do
  printf '   %s\n   → %s\n' "$(field "$reply" pending_item content stem)" "$(field "$answer" response)"
  reply="$(call POST "$path/answers" --header "$authorization" --header "$json" --data "$answer")"
  answer="$(answer_to "$reply")"
done
echo "   the session is $(field "$reply" state)"

echo "5. GET $path/result"
result="$(call GET "$path/result" --header "$authorization")"
echo "   $(field "$result" competences 0 title):"
echo "   level $(field "$result" competences 0 level)," \
  "between $(field "$result" competences 0 level_interval low)" \
  "and $(field "$result" competences 0 level_interval high) with 90 % probability"

echo "   GET /v1/agents/…/recommendations"
advice="$(call GET "/v1/agents/$(field "$session" agent_id)/recommendations?framework=digcomp-2.2&limit=3" \
  --header "$authorization")"
python3 -c '
import json, sys
for advised in json.load(sys.stdin)["recommendations"]:
    print("  ", advised["rank"], advised["training"]["title"], "–", advised["reasons"][1])
' <<<"$advice"
