"""A plain ASGI caller."""

import json
from urllib.parse import urlsplit


class Answer:
    def __init__(self):
        self.status = 0
        self.headers = {}
        self.body = b""

    def json(self):
        return json.loads(self.body)


async def call(app, method, url, *, body=b"", headers=None, pieces=None):
    parts = urlsplit(url)
    queue = list(pieces if pieces is not None else [body])
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    if pieces is None:
        raw.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "headers": raw,
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    answer = Answer()

    async def receive():
        if not queue:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": queue.pop(0), "more_body": bool(queue)}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
