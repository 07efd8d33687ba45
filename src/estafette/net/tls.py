"""TLS contexts of our listeners: TLS 1.2 and later, certificates by SNI, read again when the files change."""

from __future__ import annotations

import ssl
from pathlib import Path

from estafette.base.errors import ConfigFault
from estafette.config.schema import Tls


def server_context(tls: Tls) -> ssl.SSLContext:
    """Build a context from ``certificate``, ``key`` and the folder ``hosts``; ConfigFault when a file is unusable."""
    context = _context(tls.certificate, tls.key or None)
    by_host = {path.stem.lower(): _context(str(path), None) for path in _host_files(tls)}

    def choose(sock: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
        found = by_host.get((name or "").lower())
        if found is not None:
            sock.context = found

    if by_host:
        context.sni_callback = choose
    return context


def _host_files(tls: Tls) -> list[Path]:
    return sorted(Path(tls.hosts).glob("*.pem")) if tls.hosts else []


def _context(certificate: str, key: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigFault(
            f"the certificate cannot be used: {error}",
            place=certificate,
            fix="put a PEM chain and its key there",
        ) from error
    return context


class ContextProvider:
    """Gives the current server context; ``refresh`` reads the files again when one of them changed."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._stamp = self._stamps()
        self._context = server_context(tls)

    def __call__(self) -> ssl.SSLContext:
        """Return the context for the next handshake."""
        return self._context

    def refresh(self) -> bool:
        """Read changed files; True when they were. A ConfigFault leaves the old context in use."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return False
        self._context = server_context(self._tls)
        self._stamp = stamp
        return True

    def _stamps(self) -> tuple[tuple[str, int], ...]:
        files = [Path(name) for name in (self._tls.certificate, self._tls.key) if name] + _host_files(self._tls)
        return tuple((str(file), file.stat().st_mtime_ns if file.exists() else 0) for file in files)
