"""The options of one command line must not reach the next test."""

import pytest

from estafette.cli.call import call


@pytest.fixture(autouse=True)
def _no_shared_options():
    call.config, call.json = None, False
    yield
    call.config, call.json = None, False
