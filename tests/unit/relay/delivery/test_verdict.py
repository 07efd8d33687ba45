import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.relay.delivery.site import MAX_NAME, site_name
from estafette.relay.delivery.verdict import wait_hint


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("try again in 5 minutes", 300.0),
        ("Please try again in 300 seconds", 300.0),
        ("Greylisted for 60 seconds", 60.0),
        ("retry after 2 hours", 7200.0),
        ("wait 30s and retry", 30.0),
        ("please retry in 10min", 600.0),
        ("try again in 999999 hours", 86400.0),
        ("try again later", None),
        ("4.7.0 error 12345", None),
        ("user in 5 domains", None),
        ("", None),
    ],
)
def test_wait_hint(text, seconds):
    assert wait_hint(text) == seconds


@given(st.text(alphabet="in for again 0123456789smh", max_size=512))
def test_wait_hint_is_bounded(text):
    hint = wait_hint(text)
    assert hint is None or 0 <= hint <= 86400


PROVIDERS = [("mail.protection.outlook.com", "microsoft365"), ("*.google.com", "google")]


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        (["x-com.mail.protection.outlook.com"], "microsoft365"),
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "google"),
        (["evilmail.protection.outlook.com"], "evilmail.protection.outlook.com"),
        (["b.test", "a.test", "b.test"], "a.test,b.test"),
    ],
)
def test_site_name(hosts, name):
    assert site_name(hosts, PROVIDERS) == name


def test_a_long_site_name_is_cut_and_stays_its_own():
    hosts = [f"mx{n}.a-rather-long-domain-name.test" for n in range(20)]
    name, other = site_name(hosts, ()), site_name([*hosts, "z.test"], ())
    assert len(name) <= MAX_NAME
    assert name != other
