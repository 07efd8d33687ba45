"""Node's clients, unmodified, told another host and key: what they send arrives as meant, its tag in the event."""

import json
import re
from email import message_from_bytes, policy

import pytest
from tests.servers import node, packages
from tests.servers.letters import signed_by
from tests.servers.tls_front import TlsFront

# Node is unpacked and its clients are installed here when nobody did so before.
pytestmark = pytest.mark.timeout(600)
PDF = b"%PDF-1.7 bill \xff\x00"


@pytest.fixture(scope="module")
def front(node_clients, shared_rig):
    """Where clients that speak nothing but TLS find the service."""
    service = shared_rig.service
    with TlsFront(service.certificates, (service.address, service.http)) as made:
        yield made


def template(rig, folder, number, value, syntax):
    page = folder / "order.html"
    page.write_text(f"<p>Bonjour {value}</p>")
    words = ("--subject", f"Commande de {value}", "--html", str(page), "--syntax", syntax, "--publish")
    rig.service.cli("template", "create", number, "--tenant", "customer", *words)


def run(rig, name, before="", **environment):
    script = before + (node.SCRIPTS / f"{name}.js").read_text()
    return node.run(script, NODE_EXTRA_CA_CERTS=str(rig.service.certificates.ca_file), **environment)


def arrived(rig, recipient):
    """Return the message as a mail program shows it; it is signed, and its file is whole."""
    raw = rig.arrived(recipient)[0]
    assert signed_by(raw, rig.dns, "customer.test")
    message = message_from_bytes(raw, policy=policy.default)
    files = [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]
    assert files == [("facture é.pdf", PDF)]
    return message


def html(message):
    return message.get_body(("html",)).get_content().strip()


def test_the_lock_fixes_every_octet_and_names_no_registry():
    locked = json.loads((node.SCRIPTS / "package-lock.json").read_text())["packages"]
    assert locked.pop("")["engines"] == {"node": f">={node.LEAST}"}
    assert locked
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in locked.values())


def test_node_mailjet_sends_a_template_with_attachment_and_campaign(shared_rig, front, tmp_path):
    template(shared_rig, tmp_path, "1804", "{{var:name}}", "mailjet")
    pair = shared_rig.credential
    told = run(shared_rig, "mailjet", HOST=front.host, USERNAME=pair["username"], PASSWORD=pair["password"])
    message = arrived(shared_rig, "jane-mailjet@example.test")
    assert (message["Subject"], html(message)) == ("Commande de Jané", "<p>Bonjour Jané</p>")
    assert told["status"] == "success"
    assert [each["ID"] for each in told["found"]] == [told["number"]]
    page = shared_rig.events("jane-mailjet@example.test", kind="queued")
    assert [(each["campaign"], each["metadata"]) for each in page] == [("spring", {"CustomID": "order-17"})]


def test_brevo_sends_a_template_with_attachment_and_tags(shared_rig, front, tmp_path):
    template(shared_rig, tmp_path, "1805", "{{ params.name }}", "brevo")
    told = run(shared_rig, "brevo", HOST=front.host, KEY=shared_rig.credential["api_key"])
    message = arrived(shared_rig, "jane-brevo@example.test")
    assert (message["Subject"], html(message)) == ("Commande de Jané", "<p>Bonjour Jané</p>")
    assert told == {"messageId": message["Message-ID"], "refused": 401}
    page = shared_rig.events("jane-brevo@example.test", kind="queued")
    assert [each["tags"] for each in page] == [["orders", "spring"]]


@pytest.fixture
def as_told(shared_rig):
    """What the page on frameworks tells users of Nodemailer to write, with the names of this service."""
    page = (packages.ROOT / "docs/how-to/switch-frameworks.md").read_text()
    code = re.search(r"## Nodemailer.*?```js\n(.*?)```", page, re.DOTALL)[1]
    service, pair = shared_rig.service, shared_rig.credential
    names = {"relay.example": service.address, "587": str(service.submission)}
    for old, new in (names | {"USER": pair["username"], "PASSWORD": pair["password"]}).items():
        assert old in code
        code = code.replace(old, new)
    return code


def test_nodemailer_sends_with_attachment_and_tag(shared_rig, node_clients, as_told):
    told = run(shared_rig, "nodemailer", as_told)
    message = arrived(shared_rig, "jane-nodemailer@example.test")
    assert (message["Subject"], html(message)) == ("Votre commande à 10 €", "<p>Bonjour</p>")
    assert "X-Estafette-Tag" not in message
    assert told["accepted"] == ["jane-nodemailer@example.test"]
    page = shared_rig.events("jane-nodemailer@example.test", kind="queued")
    assert [each["tags"] for each in page] == [["orders"]]
