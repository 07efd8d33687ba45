"""Messages to send, and what to ask of those that arrived."""

from __future__ import annotations

import base64
import smtplib
import subprocess
import tempfile
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.servers import packages
from tests.servers.dns import DnsServer
from tests.servers.service import Service


def letter(
    sender: str, recipient: str, subject: str = "Order 4711", text: str = "Bonjour,\n\n.dot\nend\n"
) -> EmailMessage:
    """Return a plain letter without Date and Message-ID, as careless software makes it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message.set_content(text)
    return message


def submit(
    service: Service, credential: dict[str, Any], message: EmailMessage, recipients: list[str], *, tls: str = "starttls",
    method: str = "PLAIN", notify: str = "",
) -> str:  # fmt: skip
    """Send with Python's smtplib over STARTTLS or implicit TLS; return the final reply."""
    context = service.certificates.client()
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL(service.address, service.submissions, context=context, timeout=20)
    else:
        client = smtplib.SMTP(service.address, service.submission, timeout=20)
    with client:
        if tls == "starttls":
            client.starttls(context=context)
        client.ehlo()
        client.user, client.password = credential["username"], credential["password"]
        client.auth(method, getattr(client, f"auth_{method.lower()}"))
        client.mail(str(message["From"]), ["SIZE=1000"])
        for recipient in recipients:
            code, reply = client.rcpt(recipient, [f"NOTIFY={notify}"] if notify else [])
            if code != 250:
                raise smtplib.SMTPResponseException(code, reply)
        code, reply = client.data(message.as_bytes(policy=SMTP))
        if code != 250:
            raise smtplib.SMTPResponseException(code, reply)
        return reply.decode()


def await_login(service: Service, credential: dict[str, Any], within: float = 5.0) -> None:
    """Return once the running service lets a new credential in, which it must within seconds.

    Each refusal is answered later than the one before, so few are tried: they stay far below the lock-out.
    """
    until = time.monotonic() + within
    while True:
        with smtplib.SMTP(service.address, service.submission, timeout=20) as client:
            client.starttls(context=service.certificates.client())
            try:
                client.login(credential["username"], credential["password"])
            except smtplib.SMTPAuthenticationError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return


def stripped(message: bytes) -> bytes:
    """Return a delivered message without what the last server put on top."""
    head, separator, body = message.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    dropped = (b"return-path:", b"x-original-to:", b"delivered-to:")
    while lines and (lines[0].lower().startswith(dropped) or lines[0][:1] in b" \t"):
        lines.pop(0)
    return b"\r\n".join(lines) + separator + body


def signed_by(message: bytes, dns: DnsServer, domain: str) -> bool:
    """True when dkimpy verifies every signature and one of them is ``domain``'s."""
    verifier = dkim.DKIM(stripped(message))
    names = []
    for index in range(message.lower().count(b"\r\ndkim-signature:")):
        if not verifier.verify(index, dnsfunc=lambda name, timeout=5: dns.txt(name, timeout)):
            return False
        names.append(verifier.domain.decode())
    return domain in names


def opendkim_accepts(message: bytes, dns: DnsServer) -> str:
    """Return "" when opendkim-testmsg verifies the message, else its words.

    It reads /etc/resolv.conf only, so it runs in a mount namespace of its own that shows it ``dns``.
    """
    with tempfile.TemporaryDirectory() as folder:
        resolver = Path(folder, "resolv.conf")
        resolver.write_text(f"nameserver {dns.at[0]}\noptions timeout:2 attempts:2\n")
        script = f"mount --bind {resolver} /etc/resolv.conf && exec {packages.program('opendkim-testmsg')}"
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script], input=stripped(message), capture_output=True, check=False, timeout=30,
            env=packages.environment(),
        )  # fmt: skip
    return "" if done.returncode == 0 else (done.stderr + done.stdout).decode() or f"exit {done.returncode}"


def signed_by_opendkim(message: bytes, domain: str, dns: DnsServer) -> bytes:
    """Return a message with OpenDKIM's signature; the key is made, and published as selector ``key`` of the domain."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    dns.add([(f"key._domainkey.{domain}", "TXT", f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}")])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "key")
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        command = [packages.program("opendkim-testmsg"), "-C", "-d", domain, "-k", str(file), "-s", "key"]
        done = subprocess.run(command, input=message, capture_output=True, check=True, timeout=30,
                              env=packages.environment())  # fmt: skip
    return done.stdout
