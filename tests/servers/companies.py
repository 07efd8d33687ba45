"""Two companies on one service, set up by the command line alone or by the API alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from tests.servers.dns import DnsServer
from tests.servers.service import Service

NAMES = ("alpha", "beta")


class Api:
    """JSON over HTTP with one key."""

    def __init__(self, service: Service, key: str) -> None:
        self._root = f"http://{service.address}:{service.http}"
        self._key = key

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and document of a call."""
        data = json.dumps(body).encode() if body is not None else None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        fields = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"} | named
        request = urllib.request.Request(self._root + path, data, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def do(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the document of a call that must succeed."""
        status, document = self.ask(method, path, body, **headers)
        assert status < 300, (method, path, status, document)
        return document


def by_command_line(service: Service, dns: DnsServer) -> dict[str, dict[str, Any]]:
    """Set both up with verbs; return name -> credential, with the tenant's id and the records of its domain."""
    made = {}
    for name in NAMES:
        tenant = service.cli("tenant", "create", name)
        added = service.cli("domain", "add", f"{name}.test", "--tenant", name)
        publish(dns, added)
        assert service.cli("domain", "verify", f"{name}.test")["status"] == "verified"
        credential = service.cli("credential", "create", "--tenant", name, "--username", f"anna@{name}.test")
        made[name] = credential | {"tenant": tenant["id"], "records": added["records"]}
    return made


def by_api(service: Service, dns: DnsServer, operator: str) -> dict[str, dict[str, Any]]:
    """Do the same with an operator's key against the running service."""
    api, made = Api(service, operator), {}
    for name in NAMES:
        tenant = api.do("POST", "/v1/tenants", {"name": name})
        path = f"/v1/tenants/{tenant['id']}"
        added = api.do("POST", f"{path}/domains", {"domain": f"{name}.test"})
        publish(dns, added)
        assert api.do("POST", f"{path}/domains/{name}.test/verify")["status"] == "verified"
        credential = api.do("POST", f"{path}/credentials", {"username": f"anna@{name}.test"})
        made[name] = credential | {"records": added["records"]}
    return made


def publish(dns: DnsServer, added: dict[str, Any]) -> None:
    """Put the TXT records of a domain into the DNS, as its owner does."""
    dns.add((each["name"], each["type"], each["value"]) for each in added["records"] if each["type"] == "TXT")
