"""A company whose mail comes to the service: routes of ``customer.test``, and what a sender's server says to us."""

from __future__ import annotations

import smtplib
from pathlib import Path

from tests.servers.service import Service

from estafette.model.route import Route, Way
from estafette.store.interface.records import AuditEntry
from estafette.store.tables.control import open_control


def add_routes(service: Service, *routes: tuple[str, Way, str], domain: str = "customer.test") -> None:
    """Give a proved domain routes: (pattern, way, target), with ids ``route-PATTERN``."""
    control = open_control(f"sqlite://{service.data}")
    try:
        tenant = next(each.tenant for each in control.domains() if each.name == domain)
        for pattern, way, target in routes:
            made = Route(id=f"route-{pattern}", tenant=tenant, domain=domain, pattern=pattern, way=way, target=target)
            control.routes.add_route(made, AuditEntry(at=1.0, actor="test", action="route.create"))
    finally:
        control.close()


class Sender(smtplib.SMTP):
    """A server of elsewhere that has mail for the company."""

    def __init__(self, service: Service) -> None:
        super().__init__(service.address, service.mx, local_hostname="far.test", timeout=60)
        self.ehlo()

    def deliver(self, body: bytes, *recipients: str, sender: str = "ann@far.test") -> tuple[int, str]:
        """Send one message; return the first answer that is a no, else the last."""
        code, said = self.mail(sender, [f"SIZE={len(body)}"])
        for recipient in recipients:
            if code == 250:
                code, said = self.rcpt(recipient)
        if code == 250:
            code, said = self.data(body)
        else:
            self.rset()
        return code, said.decode()


def mail(text: str = "Hello", **fields: str) -> bytes:
    """Return a plain message with CRLF lines."""
    named = {"From": "ann@far.test", "To": "bob@customer.test", "Subject": "Question"} | fields
    return "".join(f"{name}: {value}\r\n" for name, value in named.items()).encode() + f"\r\n{text}\r\n".encode()


def dialog(path: Path, service: Service) -> None:
    """Play a text file against the mx listener: ``C:`` is said, ``S:`` is how the answer begins."""
    with smtplib.SMTP(service.address, service.mx, timeout=60) as client:
        answer = ""
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            mark, text = line[:2], line[3:]
            if mark == "C:":
                code, said = client.docmd(text)
                answer = f"{code} {said.decode()}"
            elif mark == "S:":
                assert answer.startswith(text), f"{path.name}:{number}: expected {text!r}, got {answer!r}"
