"""What bulk mail needs of the settings, so that who gets it can leave."""

import pytest

from estafette.config.leaving import lacking
from estafette.config.schema import Service, Settings


@pytest.mark.parametrize(
    ("public_url", "return_path", "places"),
    [
        ("https://t.example.net", "bounces.example.net", []),
        ("https://t.example.net/", "b.example.net.", []),
        ("http://t.example.net", "b.example.net", ["service.public_url"]),
        ("https://localhost", "b.example.net", ["service.public_url"]),
        ("https://127.0.0.1:8026", "b.example.net", ["service.public_url"]),
        ("https://[::1]", "b.example.net", ["service.public_url"]),
        ("https://", "b.example.net", ["service.public_url"]),
        ("https://t.example.net", "bounces.localhost", ["service.return_path"]),
        ("ftp://t.example.net", "localhost", ["service.public_url", "service.return_path"]),
    ],
)
def test_what_is_lacking_is_named_with_its_cure(public_url, return_path, places):
    found = lacking(Service(public_url=public_url, return_path=return_path))
    assert [fault.place for fault in found] == places
    assert all(fault.cause and fault.fix for fault in found)


def test_a_service_that_was_never_set_up_has_neither():
    assert len(lacking(Settings().service)) == 2
