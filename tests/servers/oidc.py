"""A real OpenID provider (oidc-provider-mock) in a process of its own; nobody here wrote a line of it."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from tests.servers import loopback
from tests.servers.browser import Browser


class OidcProvider:
    """Users by subject, with their claims."""

    def __init__(self, users: dict[str, dict[str, Any]]) -> None:
        self.port = loopback.port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        claims = [json.dumps({"sub": subject} | more) for subject, more in users.items()]
        options = [word for each in claims for word in ("--user-claims", each)]
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        loopback.await_port("127.0.0.1", self.port, 30.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def agree(self, url: str, subject: str) -> str:
        """Log in at the provider as its form does; return where it sends the browser back to."""
        answer = Browser().post(url, sub=subject)
        assert answer.status == 302, answer.text
        return answer.headers["Location"]
