"""A stored template reaches a real Postfix as each recipient's own message, the same at every attempt."""

import email
import json
import urllib.request
from email import policy

from tests.integration.test_emails import ask, read
from tests.servers.letters import signed_by

MJML = """<mjml><mj-head><mj-style inline="inline">.sum { color: #c00 }</mj-style></mj-head><mj-body><mj-section><mj-column>
<mj-text>Bonjour {{ name }}</mj-text><mj-raw>{% for line in lines %}<p class="sum">{{ line.what }}: {{ line.price }} €</p>{% endfor %}
{% include 'foot' %}</mj-raw></mj-column></mj-section></mj-body></mjml>"""


def saved(rig, folder, name, *options, **files):
    words = []
    for option, text in files.items():
        path = folder / f"{name}.{option}"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        words += [f"--{option}", str(path)]
    return rig.service.cli("template", "create", name, "--tenant", "customer", "--publish", *options, *words)


def content(rig, message, number):
    """Return the message as another attempt would write it, before it is signed."""
    place = f"http://{rig.service.address}:{rig.service.http}/v1/emails/{message}/content?number={number}"
    request = urllib.request.Request(place, headers={"Authorization": f"Bearer {rig.credential['api_key']}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def test_a_personal_letter_of_a_template_arrives_as_meant_and_is_the_same_again(shared_rig, folder):
    saved(shared_rig, folder, "foot", "--kind", "part", html="<i>{{ sign }}</i>")
    saved(
        shared_rig, folder, "order", "--subject", "Commande de {{ name }}", mjml=MJML, text="{{ name }}, {{ lines|length }}",
        variables=[{"name": "sign", "default": "L'équipe <3"}, {"name": "name", "type": "string", "required": True}],
    )  # fmt: skip
    people = [
        {
            "to": f"{name} <{name}@example.test>",
            "data": {"name": name.title(), "lines": [{"what": "<Thé>", "price": n}]},
        }
        for n, name in enumerate(("tina", "tom"))
    ]
    body = {"from": "shop@customer.test", "template": "order", "recipients": [*people, {"to": "nil@example.test"}]}
    status, told = ask(shared_rig, "POST", "/v1/emails", body | {"tags": ["orders"]})
    assert status == 202, told
    assert [each["status"] for each in told["recipients"]] == ["accepted", "accepted", "refused"]
    assert told["recipients"][2]["problem"]["field"] == "recipients.2.data"
    found = {
        str(read(raw)["To"]): raw for name in ("tina", "tom") for raw in shared_rig.arrived(f"{name}@example.test")
    }
    for number, name in enumerate(("tina", "tom")):
        raw = found[f"{name} <{name}@example.test>"]
        assert signed_by(raw, shared_rig.dns, "customer.test")
        message = email.message_from_bytes(raw, policy=policy.default)
        assert message["Subject"] == f"Commande de {name.title()}"
        html = message.get_body(("html",)).get_content()
        assert f"Bonjour {name.title()}" in html
        assert f"&lt;Thé&gt;: {number} €" in html
        assert "<i>L&#x27;équipe &lt;3</i>" in html
        assert message.get_body(("plain",)).get_content().strip() == f"{name.title()}, 1"
        again = content(shared_rig, told["id"], number + 1)
        assert raw.replace(b"\r\n", b"\n").endswith(again.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n")
