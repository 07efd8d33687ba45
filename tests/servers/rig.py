"""The whole line: a customer with a credential, the service, real DNS, a receiving Postfix."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.certificates import Certificates
from tests.servers.dns import DnsServer
from tests.servers.letters import await_login, letter, submit
from tests.servers.postfix import PostfixSink
from tests.servers.service import Service


class Rig:
    """A started service with one customer of ``customer.test``; ``credential`` opens the transactional stream."""

    def __init__(
        self, folder: Path, certificates: Certificates, dns: DnsServer, postfix: PostfixSink,
        settings: dict[str, dict[str, Any]] | None = None, roles: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.dns, self.postfix = dns, postfix
        self.service = Service(folder, certificates, dns=dns.at, mx_port=postfix.port, settings=settings)
        self.service.roles = roles

    def __enter__(self) -> Self:
        self.credential = self.service.prepare()
        self.dns.add(record for record in self.credential["records"] if record[1] == "TXT")
        self.service.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.service.__exit__(kind, error, tb)

    def arrived(self, recipient: str, count: int = 1) -> list[bytes]:
        """Return what reached Postfix for one recipient as soon as there are ``count`` messages, oldest first."""
        mark = f"Delivered-To: {recipient}\r\n".encode()
        return self.postfix.wait(count, has=mark)

    def ended(self, *recipients: str, within: float = 60.0) -> None:
        """Return when nothing waits for the recipients any more; AssertionError when that takes too long."""
        until = time.monotonic() + within
        while left := [row for row in self.service.waiting() if row["recipient"] in recipients]:
            assert time.monotonic() < until, f"still waiting: {left}\n{self.service.log.read_text()[-3000:]}"
            time.sleep(0.2)

    def events(self, recipient: str, **selection: str) -> list[dict[str, Any]]:
        """Return what the event log says of one recipient; selection as the verb's."""
        return [each for each in self.service.events(**selection) if each["recipient"] == recipient]

    def personal(self) -> dict[str, Any]:
        """Return a new credential of the personal stream."""
        made = self.service.credential(stream="personal")
        await_login(self.service, made)
        return made

    def send(
        self,
        *recipients: str,
        credential: dict[str, Any] | None = None,
        message: EmailMessage | None = None,
        **how: str,
    ) -> str:
        """Submit a letter from shop@customer.test; return the reply."""
        message = message or letter("shop@customer.test", recipients[0])
        return submit(self.service, credential or self.credential, message, list(recipients), **how)


@contextmanager
def whole_rig(folder: Path) -> Iterator[Rig]:
    """Everything in one folder: authority, NSD, a receiving Postfix for ``example.test``, the service."""
    certificates = Certificates(folder / "certificates")
    with (
        DnsServer(folder / "dns") as dns,
        PostfixSink(folder / "mx", domains=("example.test",), tls=certificates.issue("mx.example.test")) as sink,
    ):
        dns.mail_exchanger("example.test", sink.address)
        with Rig(folder / "service", certificates, dns, sink) as rig:
            yield rig
