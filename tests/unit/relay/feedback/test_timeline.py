"""What a message's events tell about its recipients."""

from tests.unit.reporting.log import MOMENT, about, mint

from estafette.relay.feedback.timeline import Timeline


def test_a_recipient_has_the_labels_of_acceptance_and_the_server_of_delivery():
    number = mint.next()
    labels = {
        "credential": "c1", "campaign": "spring", "tags": ("a",), "template": "t@1", "from_domain": "shop.test",
        "private": True,
    }  # fmt: skip
    queued = about("queued", message=number, **labels)
    delivered = about("delivered", message=number, site="gmail", at=MOMENT + 9)
    who = Timeline.of([queued, delivered]).recipients[1]
    assert {name: getattr(who, name) for name in labels} == labels
    assert (who.address, who.site, who.delivered) == ("ann@home.test", "gmail", MOMENT + 9)
