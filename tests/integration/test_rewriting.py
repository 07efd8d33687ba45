"""A newsletter arrives measured as a whole: signed as rewritten, equal for all but for their own links."""

import re
from smtplib import SMTPResponseException

from tests.servers.calendar import until
from tests.servers.letters import await_login, letter, signed_by

LINK = re.compile(rb'href="(https://t\.relay\.test/[cu]/[\w-]+)"')


def accepted(rig, people, credential, message) -> bool:
    """Whether it was accepted: what was said of the tenant is known within seconds."""
    try:
        rig.send(*people, credential=credential, message=message)
    except SMTPResponseException as refused:
        if b"identity" not in refused.smtp_error:
            raise
        return False
    return True


def test_a_newsletter_is_rewritten_under_its_signature(shared_rig):
    shared_rig.service.run(
        "tenant", "update", "customer", "--identity", "Customer", "--postal-address", "1 Main Street"
    )
    bulk = shared_rig.service.credential(stream="bulk")
    await_login(shared_rig.service, bulk)
    people = ["news1@example.test", "news2@example.test"]
    message = letter("shop@customer.test", "readers@example.test")
    message["X-Estafette-Campaign"] = "spring"
    message.set_content(
        '<p><a href="https://shop.test/a?b=1&amp;c=2">a</a> <a href="estafette:unsubscribe">u</a></p>', subtype="html"
    )
    until(lambda: accepted(shared_rig, people, bulk, message))
    raws = [shared_rig.arrived(person)[0] for person in people]
    links = [LINK.findall(raw.replace(b"=\r\n", b"").replace(b"=3D", b"=")) for raw in raws]
    assert [len(found) for found in links] == [2, 2]
    assert links[0][0] == links[1][0]
    assert links[0][1] != links[1][1]
    for raw in raws:
        assert signed_by(raw, shared_rig.dns, "customer.test")
        assert re.search(
            rb"\r\nList-Unsubscribe: <https://t\.relay\.test/u/[\w-]+>, "
            rb"<mailto:u[a-z2-7]{63}@bounces\.relay\.test\?subject=unsubscribe>\r\n",
            raw,
        )
        assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
        assert not signed_by(
            raw.replace(b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lost"), shared_rig.dns, "customer.test"
        )
