import smtplib
import socket

import pytest

from estafette.testing import Close, Dialog, DialogMismatch, Drip, ScriptedMx


def test_a_polite_script_takes_mail_and_keeps_it_as_received():
    with ScriptedMx({}) as mx:
        with smtplib.SMTP(*mx.at, local_hostname="c.test") as client:
            client.sendmail("a@b.test", ["c@d.test"], b"Subject: x\r\n\r\n.dot\r\n")
        assert mx.messages == [b"Subject: x\r\n\r\n..dot\r\n"]


def test_replies_are_taken_in_turn_and_the_last_repeats():
    with (
        ScriptedMx({"RCPT": ["451 4.7.1 later", "250 ok"]}) as mx,
        smtplib.SMTP(*mx.at, local_hostname="c.test") as client,
    ):
        client.ehlo()
        client.mail("a@b.test")
        assert [client.rcpt(f"{n}@d.test")[0] for n in range(3)] == [451, 250, 250]


def test_it_closes_after_the_dot():
    with ScriptedMx({"DOT": Close()}) as mx:
        client = smtplib.SMTP(*mx.at, local_hostname="c.test")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail("a@b.test", ["c@d.test"], b"Subject: x\r\n\r\nx\r\n")
        client.close()
        assert len(mx.messages) == 1


def test_a_drip_arrives_octet_by_octet():
    with ScriptedMx({"GREETING": Drip("220 slow", 0.001)}) as mx, socket.create_connection(mx.at) as line:
        assert line.makefile("rb").readline() == b"220 slow\r\n"


def test_a_dialog_passes_and_a_wrong_one_names_its_line():
    with ScriptedMx({}) as mx:
        Dialog("S: 220 ...\nC: NOOP\nS: 250 2.0.0 ok\n").play(mx.at)
        with pytest.raises(DialogMismatch, match="mine:3: expected b'251"):
            Dialog("S: 220 ...\nC: NOOP\nS: 251 no\n", "mine").play(mx.at)
