"""Tables beside the code."""

import msgspec
import pytest

from estafette.base.shipped import table


def test_a_table_has_the_shape_that_is_asked_for():
    found = table("estafette.tenancy", "suspensions.toml", dict[str, dict[str, object]])
    assert set(found) == {"en", "fr"}


def test_another_shape_is_an_error():
    with pytest.raises(msgspec.ValidationError):
        table("estafette.tenancy", "features.toml", dict[str, int])


def test_a_table_that_is_not_shipped_is_an_error():
    with pytest.raises(FileNotFoundError):
        table("estafette.tenancy", "nothing.toml", dict[str, int])
