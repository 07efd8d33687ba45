"""The classifier: order of evidence, phases, temporary replies, hostile text."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.smtp.classification import ADDRESS_SCOPES, classify, vocabulary
from estafette.smtp.classification.rulebook import RuleBook, shipped
from estafette.smtp.classification.wording import LONGEST, spoken
from estafette.smtp.classification.written import written

WORDS = sorted(
    {word for _, rule in shipped().rules for text in rule.texts for word in spoken(text).split()} | {"host", "5"}
)
TEXT = st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
CODE = st.integers(min_value=0, max_value=999)
ENHANCED = st.sampled_from(["", "x", "5.1.1", "4.2.2", "5.7.1", "9.9.9", "5", "5."]) | st.text(max_size=12)


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "phase", "category"),
    [
        (550, "5.1.1", "blocked using zen.spamhaus.org", "rcpt", "ip_blocklisted"),  # text before code
        (550, "5.2.2", "nix", "rcpt", "mailbox_full"),  # enhanced before basic
        (553, "", "nix", "rcpt", "invalid_recipient"),
        (553, "", "nix", "mail", "sender_rejected"),
        (599, "", "nix", "", "unknown"),
        (0, "5.1.1", "", "", "invalid_recipient"),  # a report that names the status alone
    ],
)
def test_evidence_counts_in_its_order(code, enhanced, text, phase, category):
    assert classify(code, enhanced, text, phase).category == category


@pytest.mark.parametrize("phase", ["connect", "greeting", "ehlo", "starttls", "auth", "mail"])
@given(code=CODE, enhanced=ENHANCED, text=TEXT)
def test_before_rcpt_nothing_is_about_a_recipient(phase, code, enhanced, text):
    found = classify(code, enhanced, text, phase)
    assert found.scope not in ADDRESS_SCOPES or not found.suppress
    assert found.scope != "recipient"


@given(code=st.integers(min_value=400, max_value=499), enhanced=ENHANCED, text=TEXT)
def test_a_temporary_reply_ends_nothing(code, enhanced, text):
    found = classify(code, enhanced, text, "rcpt")
    assert not found.suppress
    assert found.action != "fail"


@given(code=CODE, enhanced=ENHANCED, text=TEXT, phase=st.text(max_size=8))
def test_whatever_comes_has_an_answer_in_the_vocabulary(code, enhanced, text, phase):
    found = classify(code, enhanced, text, phase)
    assert found.category in vocabulary()
    assert not found.suppress or found.scope in ADDRESS_SCOPES


def test_nothing_in_an_address_is_evidence():
    text = "<user-unknown@blacklist.spamhaus.org>: nix"
    assert classify(550, "", text, "rcpt").rule == "digit.refused"


def test_lines_that_repeat_the_code_are_one_text():
    lines = written("550-5.1.1 The mailbox was not\n550-5.1.1 found here: no such\n550 5.1.1 user")
    assert (lines.code, lines.enhanced) == (550, "5.1.1")
    assert " no such user " in spoken(lines.text)


@pytest.mark.parametrize(
    ("line", "code", "enhanced"),
    [
        ("550 5.1.1 x", 550, "5.1.1"),
        ("smtp; 550-5.1.1 x", 550, "5.1.1"),
        ("550 #5.1.0 Address rejected", 550, "5.1.0"),
        ("5.1.1 x", 0, "5.1.1"),
        ("550 Requested action not taken (5.2.1)", 550, "5.2.1"),
        ("421 too much", 421, ""),
        ("5500 x", 0, ""),
        ("550 mail from 4.4.4.4", 550, ""),
        ("", 0, ""),
    ],
)
def test_a_written_reply_is_read(line, code, enhanced):
    said = written(line)
    assert (said.code, said.enhanced) == (code, enhanced)


@given(st.text(max_size=3000) | st.text(alphabet="245. -#;smtp@<>", max_size=3000))
def test_whatever_is_written_is_read(line):
    said = written(line)
    classify(said.code, said.enhanced, said.text)


@pytest.mark.parametrize(
    "unit", ["a", "a@", "@", "<", "5.5.5", "550 ", "blocked using ", "..", " ", "\n", "é", string.punctuation]
)
def test_hostile_text_takes_bounded_time(unit):
    text = (unit * 2_000_000)[:2_000_000]
    book: RuleBook = shipped()
    began = time.process_time()
    for _ in range(5):
        said = written(text)
        book.classify(550, "", said.text, "rcpt")
    assert time.process_time() - began < 1.0, "2 MB five times are read within a second, or something is not bounded"
    assert len(spoken(text)) <= 2 * LONGEST + 2


@pytest.mark.parametrize("phase", ["rcpt", "data", ""])
@pytest.mark.parametrize(
    "line",
    [
        "550 5.1.8 <a@b.example>: Sender address rejected: Domain not found",  # Postfix says so at RCPT
        "550-Verification failed for <a@b.example> 550-No Such User Here 550 Sender verify failed",  # so does Exim
        "550 5.7.1 The sender address a@b.example does not exist",
        "550 5.7.1 Message rejected because sender user unknown",
        "550 5.7.1 Your account has been suspended for sending spam",
        "554 5.7.1 SMTP AUTH is disabled for your host",
        "554 5.7.1 Your certificate is no longer valid",
        "550 5.5.4 Invalid domain name",
        "550 HELO mx.example.org is not a valid hostname",
        "550 5.7.1 too many invalid recipients",
        "550 5.1.1 too many unknown users, you are blocked",
        "550 5.7.1 Excessive userid unknowns from your IP",
        "550 5.7.1 no such user; blocked using zen.spamhaus.org",
        "554 5.7.1 <mx.example.org>: Client host rejected: Access denied",
        "550 5.7.1 <bob@example.org>: Recipient address rejected: Access denied",
    ],
)
def test_what_is_not_about_the_recipient_suppresses_nobody(line, phase):
    said = written(line)
    found = classify(said.code, said.enhanced, said.text, phase)
    assert not found.suppress
    assert found.scope != "recipient"
