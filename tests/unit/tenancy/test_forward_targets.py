from __future__ import annotations

import pytest

from estafette.base.errors import Fault
from estafette.config.schema import Settings
from estafette.tenancy.forward_targets import ForwardTargets, of_settings

TARGETS = ForwardTargets(own=("mx1.service.test", "bounces.service.test", "localhost"))


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("smtp://mail.acme.test", "smtp://mail.acme.test:25"),
        ("SMTP://Mail.Acme.Test:2525/", "smtp://mail.acme.test:2525"),
        ("lmtp://dovecot:24", "lmtp://dovecot:24"),
        ("smtp://courrier.société.test:587", "smtp://courrier.xn--socit-esab.test:587"),
        ("smtp://8.8.8.8", "smtp://8.8.8.8:25"),
        ("lmtp://[2a00:1450:4007::5]:2003", "lmtp://[2a00:1450:4007::5]:2003"),
    ],
)
def test_a_target_is_kept_in_one_form(target: str, kept: str) -> None:
    assert TARGETS.checked(target) == kept
    assert TARGETS.checked(kept) == kept


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("", "neither"),
        ("mail.acme.test", "neither"),
        ("https://mail.acme.test", "neither"),
        ("smtp://mail.acme.test/path", "neither"),
        ("smtp://mail.acme.test?a=b", "neither"),
        ("smtp://mail.acme.test#a", "neither"),
        ("smtp://", "no host"),
        ("smtp://user:secret@mail.acme.test", "nobody logs in"),
        ("lmtp://mail.acme.test", "no usual port"),
        ("smtp://mail.acme.test:22", "no mail"),
        ("smtp://mail.acme.test:0", "no mail"),
        ("smtp://mail.acme.test:99999", "cannot be read"),
        ("smtp://mail.acme.test:x", "cannot be read"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://a b.test", "cannot hold"),
        ("smtp://a\r\n.test", "cannot hold"),
        (f"smtp://{'a' * 300}.test", "too long"),
        ("smtp://-a-.test", "no host"),
        ("smtp://127.0.0.1", "loopback"),
        ("smtp://169.254.169.254", "link local"),
        ("lmtp://[::1]:24", "loopback"),
        ("lmtp://[::ffff:10.0.0.1]:24", "mapped"),
        ("smtp://MX1.service.test", "leads back"),
        ("smtp://bounces.service.test:2525", "leads back"),
    ],
)
def test_what_cannot_be_one_is_named(target: str, cause: str) -> None:
    with pytest.raises(Fault, match=cause) as caught:
        TARGETS.checked(target)
    assert (caught.value.place, bool(caught.value.fix)) == ("target", True)
    assert "secret" not in str(caught.value)


def test_the_operator_opens_networks() -> None:
    settings = Settings.model_validate(
        {"service": {"hostname": "mx1.service.test"}, "delivery": {"allow_networks": ["10.1.0.0/16"]}}
    )
    targets = of_settings(settings)
    assert targets.checked("lmtp://10.1.2.3:24") == "lmtp://10.1.2.3:24"
    for target in ("lmtp://10.2.2.3:24", "smtp://mx1.service.test"):
        with pytest.raises(Fault):
            targets.checked(target)
