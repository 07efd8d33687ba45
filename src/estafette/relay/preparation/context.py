"""What preparation must know and may not fetch itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from estafette.model.domain import SigningKey
from estafette.tracking.writer import Writer


class PreparationContext(msgspec.Struct, frozen=True, eq=False):
    """Given by the caller for one attempt.

    mac: tag for return paths, as ``mail.verp.make`` wants it. return_path_domain: domain of return paths.
    keys: active keys of the content's tenant *and* From domain. service_keys: those of the service's own
    domain that are published. now: unix seconds. writer: of addresses of ours; None = mail gets none.
    """

    mac: Callable[[bytes], bytes]
    return_path_domain: str
    keys: Sequence[SigningKey]
    service_keys: Sequence[SigningKey]
    now: int
    writer: Writer | None = None
