"""XML of strangers: bounded, without document types, without anything that is fetched."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.mail.setup import markup
from estafette.mail.setup.markup import MarkupError

BILLION = b"""<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx">%s]><a>&k;</a>""" % b"".join(
    b"<!ENTITY %c '%s'>" % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"cdefghijk"
)


def test_names_lose_their_namespace_and_texts_their_space():
    root = markup.read(b"<a xmlns='urn:x' x='1'> <b> t </b><y:b xmlns:y='urn:y'>u</y:b></a>")
    assert (root.name, root.attributes, root.said("b"), root.said("none")) == ("a", {"x": "1"}, "t", "")
    assert [each.text for each in root.all("b")] == ["t", "u"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_encodings_that_programs_use_are_read(encoding):
    text = f"<?xml version='1.0' encoding='{encoding}'?><a>é</a>"
    assert markup.read(text.encode(encoding)).text == "é"


@pytest.mark.parametrize(
    "octets",
    [
        BILLION,
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        b"<a>&x;</a>", b"<a>", b"<a></b>", b"", b"\xff\xfe", b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<a>" * (markup.DEEPEST + 1) + b"</a>" * (markup.DEEPEST + 1),
        b"<a>" + b"<b/>" * markup.ELEMENTS + b"</a>",
        b"<a>" + b" " * markup.MOST + b"</a>",
    ],
    ids=lambda octets: repr(octets[:30]),
)  # fmt: skip
def test_what_is_too_much_or_no_xml_is_refused_at_once(octets):
    start = time.process_time()
    with pytest.raises(MarkupError):
        markup.read(octets)
    assert time.process_time() - start < 1.0


def test_as_deep_and_as_many_as_allowed_are_read():
    assert markup.read(b"<a>" * markup.DEEPEST + b"</a>" * markup.DEEPEST).name == "a"
    assert len(markup.read(b"<a>" + b"<b/>" * (markup.ELEMENTS - 1) + b"</a>").children) == markup.ELEMENTS - 1


@given(st.binary(max_size=3_000))
def test_any_octets_are_read_or_refused(octets):
    try:
        markup.read(octets)
    except MarkupError:
        pass
