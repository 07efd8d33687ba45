"""Where messages are read."""

from __future__ import annotations

import threading

import pytest

from estafette.relay.feedback.apart import QUICK, apart


@pytest.mark.parametrize(("octets", "beside"), [(QUICK, False), (QUICK + 1, True)])
async def test_long_messages_are_read_in_another_thread(octets, beside):
    here = threading.get_ident()
    length, where = await apart(bytes(octets), lambda body: (len(body), threading.get_ident()))
    assert (length, where != here) == (octets, beside)


async def test_an_error_of_the_reading_is_that_of_the_caller():
    with pytest.raises(ZeroDivisionError):
        await apart(bytes(QUICK + 1), lambda _body: 1 // 0)
