"""What programs that call sendmail write on its command line, and what becomes of their messages."""

import io
import os
import sys
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.cli import local_names, main, send
from estafette.cli.local_message import LocalMessage, addresses
from estafette.cli.local_names import LocalNames, read_aliases
from estafette.cli.send import EX_CONFIG, EX_DATAERR, EX_NOPERM, EX_TEMPFAIL, EX_UNAVAILABLE, EX_USAGE
from estafette.cli.sendmail_options import Options, read_options
from estafette.cli.submission import NoService, Refused
from estafette.mail.headers import Head

NAMES = LocalNames("acme.example", {"root": ("ops@acme.example",), "www-data": ("root",), "loop": ("loop", "root")})


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with names and a service that takes everything; ``machine(stdin, *words)`` -> (code, what was handed in)."""
    (tmp_path / "mailname").write_text("acme.example\n")
    (tmp_path / "aliases").write_text("# who\nroot: ops@acme.example\nwww-data:\n root\n")
    monkeypatch.setattr(local_names, "MAILNAME", tmp_path / "mailname")
    monkeypatch.setattr(local_names, "ALIASES", tmp_path / "aliases")
    monkeypatch.setattr(send, "COMMON", tmp_path / "run")
    monkeypatch.setenv("ESTAFETTE_STORE__URL", f"sqlite://{tmp_path}")
    monkeypatch.chdir(tmp_path)

    def run(stdin, *words, answer="0SAKJZJ2G0200"):
        taken = []

        def transact(place, parcel):
            taken.append((place, parcel))
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(send, "transact", transact)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main.run(["send", *words])
        return (code, *(taken[0] if taken else (None, None)))

    return run


CALLERS = [
    ("PHP's mail()", ["-t", "-i"], Options(from_fields=True, dot_ends=False)),
    ("PHP with a sender", ["-t", "-i", "-fshop@acme.example"], Options(sender="shop@acme.example", from_fields=True, dot_ends=False)),
    ("Debian's cron", ["-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"], Options(full_name="CronDaemon", recipients=("root",), dot_ends=False)),
    ("mutt", ["-oem", "-oi", "-f", "a@x.example", "--", "b@y.example", "-c@y.example"],
     Options(sender="a@x.example", recipients=("b@y.example", "-c@y.example"), dot_ends=False)),
    ("mutt that wants notices", ["-oi", "-N", "failure,delay", "-R", "hdrs", "b@y.example"],
     Options(recipients=("b@y.example",), dot_ends=False, notify="FAILURE,DELAY", returned="HDRS")),
    ("git", ["-i", "b@y.example"], Options(recipients=("b@y.example",), dot_ends=False)),
    ("mailx", ["-i", "-r", "<a@x.example>", "-m", "b@y.example"], Options(sender="a@x.example", recipients=("b@y.example",), dot_ends=False)),
    ("letters together", ["-tif", "a@x.example"], Options(sender="a@x.example", from_fields=True, dot_ends=False)),
    ("no sender", ["-f", "<>", "b@y.example"], Options(sender="", recipients=("b@y.example",))),
    ("options behind", ["b@y.example", "-odb", "-O", "IgnoreDots=true", "-Am"], Options(recipients=("b@y.example",), dot_ends=False)),
]  # fmt: skip


@pytest.mark.parametrize(("words", "meant"), [each[1:] for each in CALLERS], ids=[each[0] for each in CALLERS])
def test_callers_are_understood(words, meant):
    assert read_options(words) == meant


@pytest.mark.parametrize(
    "words", [["--bogus"], ["-f"], ["-bp"], ["-bs"], ["-q30m"], ["-N", "NEVER,x"], ["-R", "a\r\nb"]]
)
def test_what_is_no_submission_is_refused(machine, words, capsys):
    assert machine(b"x", *words, "b@y.example")[0] == EX_USAGE
    assert "fix:" in capsys.readouterr().err


def test_nobody_is_named(machine):
    assert machine(b"Subject: x\n\nx")[0] == EX_USAGE
    assert machine(b"Subject: x\n\nx", "-t")[0] == EX_USAGE


def test_php(machine, tmp_path):
    text = b"To: Bob <b@y.example>\nCc: c@y.example\nBcc: d@y.example\nFrom: shop@acme.example\nSubject: x\n\nhi\n.\nmore\n"
    code, place, parcel = machine(text, "-t", "-i")
    assert (code, place) == (0, tmp_path / "submit.sock")
    assert (parcel.sender, parcel.recipients) == ("shop@acme.example", ["b@y.example", "c@y.example", "d@y.example"])
    assert parcel.message == text.replace(b"\n", b"\r\n")


def test_cron(machine):
    text = b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> date\nX-Cron-Env: <HOME=/root>\n\nout\n"
    code, _, parcel = machine(text, "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root")
    assert (code, parcel.sender, parcel.recipients) == (0, "root@acme.example", ["ops@acme.example"])
    assert parcel.message.startswith(
        b'From: "Cron Daemon" <root@acme.example>\r\nTo: root@acme.example\r\nSubject: Cron'
    )


def test_a_message_without_header_or_author_gets_one(machine):
    _, _, parcel = machine(b"the disk is full\n", "-F", "Monitor \xe9", "-f", "mon", "b@y.example", "www-data")
    assert parcel.recipients == ["b@y.example", "ops@acme.example"]
    assert parcel.message == 'From: "Monitor é" <mon@acme.example>\r\n\r\nthe disk is full\r\n'.encode()
    _, _, parcel = machine(b"Subject: x\n\nhi\n", "-f", "", "b@y.example")
    assert parcel.sender == ""
    assert parcel.message.startswith(f"From: {send._user()}@acme.example\r\nSubject: x\r\n".encode())


def test_a_dot_alone_ends_what_was_typed(machine):
    _, _, parcel = machine(b"Subject: x\n\none\n..two\n.\nnot this\n", "-fa@x.example", "b@y.example")
    assert parcel.message.endswith(b"\r\n\r\none\r\n..two\r\n")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Refused(550, "550 5.7.1 no", "sender"), EX_NOPERM),
        (Refused(451, "451 4.3.0 later"), EX_TEMPFAIL),
        (PermissionError(13, "denied"), EX_NOPERM),
        (NoService(2, "no such file"), EX_UNAVAILABLE),
        (ConnectionError("the connection ended"), EX_TEMPFAIL),
    ],
)
def test_exit_codes(machine, answer, code, capsys):
    assert machine(b"x", "b@y.example", answer=answer)[0] == code
    assert "place:" in capsys.readouterr().err


def test_settings_that_are_wrong_and_a_header_without_end(machine, tmp_path, capsys):
    (tmp_path / "wrong.toml").write_text("[listen]\nbogus = 7\n")
    assert machine(b"x", "-C", str(tmp_path / "wrong.toml"), "b@y.example")[0] == EX_CONFIG
    main.shared.call.config = None
    assert machine(b"a:\n" * 2000 + b"\nx", "b@y.example")[0] == EX_DATAERR


def test_whoever_may_not_read_settings_finds_the_common_socket(machine, tmp_path, monkeypatch):
    monkeypatch.delenv("ESTAFETTE_STORE__URL")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "submit.sock").touch()
    assert machine(b"x", "b@y.example")[1] == tmp_path / "run" / "submit.sock"


def test_a_link_named_sendmail_is_send(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/usr/sbin/sendmail", "-bp"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == EX_USAGE
    assert "estafette queue list" in capsys.readouterr().err


def test_names_of_the_machine():
    assert NAMES.expand("www-data") == ["ops@acme.example"]
    assert NAMES.expand("WWW-Data") == ["ops@acme.example"]
    assert NAMES.expand("loop") == ["ops@acme.example"]
    assert NAMES.expand("jane@y.example") == ["jane@y.example"]
    assert NAMES.complete("jane") == "jane@acme.example"
    text = 'a: b, "c@y.example"\n,d\n#x\nlist: :include:/x\nprog: "|/bin/x", e@y.example\nFile: /var/mail/f\n'
    assert read_aliases(text) == {"a": ("b", "c@y.example"), "prog": ("e@y.example",)}


def test_aliases_in_a_circle_come_to_an_end():
    names = LocalNames("x.example", {"a": ("b",), "b": ("a",)})
    assert names.expand("a") in (["a@x.example"], ["b@x.example"])


def test_addresses_of_a_command_line():
    assert addresses(["a@x.example, b@x.example", "Bob <c@x.example>", "root"]) == [
        "a@x.example", "b@x.example", "c@x.example", "root",
    ]  # fmt: skip


@given(st.binary(max_size=400), st.booleans())
def test_any_message_gets_an_author_and_keeps_its_body(text, dots):
    message = LocalMessage(text, dot_ends=dots)
    completed = message.completed(NAMES, "a@x.example")
    assert b"\n" not in completed.replace(b"\r\n", b"")
    assert b"\r" not in completed.replace(b"\r\n", b"")
    assert Head.parse(completed).contains(b"from")
    head = message._head
    assert completed.endswith(message._text[head.end :] if head.divided else b"")


def test_a_local_author_is_completed_and_others_stay_as_they_are():
    head = b"From: =?utf-8?q?J=C3=A9?= <jane@x.example>,\r\n Bob <bob@x.example>\r\nTo: undisclosed-recipients:;\r\n\r\nx\r\n"
    assert LocalMessage(head).completed(NAMES, "a@x.example") == head
    mended = LocalMessage(b'From: "J, e" <jane>\nCc: root, Bob <b@y.example>\n\nx').completed(NAMES, "a@x.example")
    told = message_from_bytes(mended, policy=policy.default)
    assert told["From"].addresses[0].display_name == "J, e"
    assert [each.addr_spec for each in told["Cc"].addresses] == ["root@acme.example", "b@y.example"]


def test_a_user_without_a_name_is_a_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert send._user() == "4000000000"
