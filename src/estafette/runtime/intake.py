"""Assembly of an intake: SMTP listeners, what their sessions share, and the local socket of ``estafette send``."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from estafette.base.errors import ConfigFault, Fault
from estafette.net.listener import Listeners, Where
from estafette.net.tls import ContextProvider
from estafette.relay.submission.client import GateLike
from estafette.relay.submission.limits import SessionLimits, Usage
from estafette.relay.submission.lockout import Lockout
from estafette.relay.submission.mail_templates import MailTemplates
from estafette.relay.submission.reach import Reach
from estafette.relay.submission.repetition import Repetition
from estafette.relay.submission.return_gate import MacedReturnPathGate
from estafette.relay.submission.session import Desk, session_maker
from estafette.relay.submission.stationery import Stationery
from estafette.runtime.assemble import Unit
from estafette.runtime.gates import local_gate, submission_gate
from estafette.runtime.inbound import mx_gate
from estafette.runtime.returns import doors
from estafette.smtp.server import ServerConfig

DRAIN_WITHIN = 30.0
RELOAD_EVERY = 30.0


async def open_doors(unit: Unit) -> None:
    """Open every SMTP listener of the settings."""
    settings = unit.settings
    contexts = _contexts(unit)
    usage = Usage(SessionLimits())
    listeners = Listeners(
        session_maker(_desks(unit, usage, tls=contexts is not None)),
        unit.clock,
        contexts=contexts,
        proxies=[ip_network(each) for each in settings.listen.trusted_proxies],
        overloaded=lambda: usage.overloaded,
        reuse_port=settings.runtime.intake != 1,
    )
    for where in _wheres(unit):
        try:
            await listeners.open(where)
        except OSError as error:
            raise Fault(
                f"cannot listen on {where.host}:{where.port}: {error.strerror}",
                place="listen",
                fix="free the port, or name another",
            ) from error
    if unit.process.index <= 1:
        for folder in (unit.store.folder, *_common_folders()):
            await listeners.open_local(folder / "submit.sock")
    unit.closing(lambda: listeners.drain(DRAIN_WITHIN))


def _common_folders() -> list[Path]:
    """Return the folders that systemd made for all users of the machine (systemd.exec(5), RuntimeDirectory=)."""
    return [Path(each) for each in os.environ.get("RUNTIME_DIRECTORY", "").split(":") if each]


def _wheres(unit: Unit) -> list[Where]:
    listen = unit.settings.listen
    return [
        *(Where(host=host, port=port) for host, port in listen.submission),
        *(Where(host=host, port=port, implicit_tls=True) for host, port in listen.submissions),
        *(Where(host=host, port=port, kind="mx") for host, port in listen.mx),
    ]


def _contexts(unit: Unit) -> ContextProvider | None:
    """Return the TLS contexts; without a certificate only plaintext AUTH on purpose is allowed."""
    settings = unit.settings
    if not settings.tls.certificate:
        if not settings.listen.allow_plaintext_auth or settings.listen.submissions:
            raise ConfigFault(
                "there is no certificate, and log-ins are not taken without TLS",
                place="tls.certificate",
                fix="name certificate and key, or for a closed network set listen.allow_plaintext_auth = true"
                " and listen.submissions = []",
            )
        return None
    contexts = ContextProvider(settings.tls)
    unit.reloading(contexts.refresh)
    unit.every(RELOAD_EVERY, contexts.refresh)
    return contexts


def _desks(unit: Unit, usage: Usage, *, tls: bool) -> dict[str, Desk]:
    settings, spool, mint = unit.settings, unit.store.spool, unit.store.mint
    lockout = Lockout()
    submission = ServerConfig(
        hostname=settings.service.hostname,
        tls=tls,
        plaintext_auth=settings.listen.allow_plaintext_auth,
        max_size=settings.limits.message_size,
        max_recipients=settings.limits.recipients,
    )
    mx = ServerConfig(
        hostname=settings.service.hostname,
        auth=False,
        tls=tls,
        max_size=settings.limits.message_size,
        max_recipients=settings.limits.recipients,
        bare_newline="reject",
    )
    returns = mx_gate(
        unit,
        MacedReturnPathGate(
            spool=spool,
            keyring=unit.keyring,
            clock=unit.clock,
            mint=mint,
            hostname=settings.service.hostname,
            return_path=settings.service.return_path,
            doors=doors(unit),
        ),
    )
    folder = unit.store.folder / "incoming"
    folder.mkdir(exist_ok=True, mode=0o700)

    templates = MailTemplates(Stationery(unit.directory.control.templates, unit.clock))
    reach = Reach(unit.store.history, unit.clock)
    repetition = Repetition(unit.directory.control.receipts, spool, unit.store.history, unit.clock)

    def desk(kind: Literal["submission", "mx"], config: ServerConfig, gate: GateLike | None = None) -> Desk:
        return Desk(
            config=config,
            kind=kind,
            spool=spool,
            mint=mint,
            clock=unit.clock,
            usage=usage,
            lockout=lockout,
            notes=unit.notes,
            folder=str(folder),
            gate=gate,
            returns=returns if kind == "mx" else None,
            repetition=repetition,
            templates=templates,
            reach=reach,
            rejections=unit.rejections,
        )

    return {
        "submission": desk("submission", submission, submission_gate(unit)),
        "local": desk("submission", submission, local_gate(unit)),
        "mx": desk("mx", mx),
    }
