"""Send one message through the API: ESTAFETTE_URL, ESTAFETTE_KEY, then FROM and TO as arguments."""

import json
import os
import sys
import urllib.request

sender, recipient = sys.argv[1:3]
body = {"from": sender, "to": [recipient], "subject": "Hello", "text": "It works."}
request = urllib.request.Request(  # noqa: S310 - the operator's own address
    os.environ["ESTAFETTE_URL"] + "/v1/emails",
    json.dumps(body).encode(),
    {"Authorization": f"Bearer {os.environ['ESTAFETTE_KEY']}", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
    print(json.load(answer)["id"])  # noqa: T201 - this is what the example is for
