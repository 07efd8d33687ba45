"""Brevo's template language: what it becomes, shown by rendering it, and what is refused by name."""

import contextlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from estafette.mail.templates.engine import Sheet, values_of
from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.mail.templates.foreign.brevo import translate

VALUES = {
    "params": {
        "name": "<b>j",
        "items": [{"n": "hat", "p": 2.5}, {"n": "cap", "p": 3}],
        "o": {"k": 1},
        "n": 3,
        "s": "5",
        "none": [],
        "lines": "a\n<b>",
    },
    "contact": {"EMAIL": "jane@x.example"},
}


def rendered(source, values=VALUES, part="html"):
    return Sheet([(part, translate(source, part))]).render(part, values_of(values))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ params.name }}|{{params.gone}}|{{ params.gone.deep.er }}", "&lt;b&gt;j||"),
        ("{{ contact.EMAIL }} {{ contact.FIRSTNAME|default:'you' }}", "jane@x.example you"),
        ('{{ params.gone|default:"x" }}{{ params.n|default:1 }}', "x3"),
        (
            (
                "{% for i in params.items %}{{ forloop.counter }}:{{ i.n|upper }}={{ i.p|floatformat:2 }}"
                "{% if not forloop.last %}, {% endif %}{% empty %}none{% endfor %}"
            ),
            "1:HAT=2.50, 2:CAP=3.00",
        ),
        ("{% for i in params.none %}a{% empty %}none{% endfor %}{% for i in params.gone %}a{% endfor %}", "none"),
        ("{% for k, v in params.o.items %}{{ k }}={{ v }}{% endfor %}", "k=1"),
        ("{% for i in params.items reversed %}{{ i.n }}{% endfor %}{{ params.items.1.n }}", "caphatcap"),
        ("{% if params.n > 2 and params.name == '<b>j' %}A{% elif params.n %}B{% else %}C{% endif %}", "A"),
        ("{% if params.gone %}A{% elif params.gone < 3 or params.s > 3 %}B{% else %}C{% endif %}", "C"),
        ("{% if contact.VIP or not params.n in params.items %}A{% endif %}", "A"),
        ("{% autoescape off %}{{ params.name }}{% endautoescape %}{{ params.name|safe }}", "<b>j<b>j"),
        ("a{# no {{ x }} #}b{% comment %}{{ @ }}{% if %}{% endcomment %}c{# d", "abc{# d"),
        ("{% with a=params.n b='x' %}{{ a|add:2 }}{{ b }}{% endwith %}", "5x"),
        ("{{ 'ab cd'|capfirst }} {{ 'ab cd'|title }} {{ 'abcdef'|truncatechars:4 }}", "Ab cd Ab Cd abc…"),
        ("{{ params.lines|linebreaksbr }} {{ 'a-b'|cut:'-' }} {{ params.items|length }}", "a<br>&lt;b&gt; ab 2"),
        ("{% if params.n|divisibleby:3 %}A{% endif %}{{ params.gone|floatformat:2 }}", "A"),
        ("{ {#x#}{ a } {", "{ { a } {"),
    ],
)
def test_what_a_source_becomes(source, shown):
    assert rendered(source) == shown


@pytest.mark.parametrize(
    ("source", "code", "named"),
    [
        ("\n\n{{ unsubscribe }}", "not_supported", "html, line 3: unsubscribe is not offered"),
        ("{% now 'Y' %}", "not_supported", "{% now %}"),
        ("{{ params.d|date:'Y' }}", "not_supported", "the filter date"),
        ("{{ params.d|intcomma }}", "not_supported", "the filter intcomma"),
        ("{{ params.d|floatformat:params.n }}", "not_supported", "the filter floatformat"),
        ("{% for a in params.x %}{{ forloop.parentloop }}{% endfor %}", "not_supported", "forloop.parentloop"),
        ("{% for a, b in params.x %}{% endfor %}", "not_supported", "a loop with two names"),
        ("{% if params.x is True %}{% endif %}", "not_supported", "is is not offered"),
        ("{{ forloop.counter }}", "template_syntax", "outside a loop"),
        ("{% if params.x %}", "template_syntax", "never closed"),
        ("{% empty %}", "template_syntax", "outside its block"),
        ("{% autoescape maybe %}", "template_syntax", "'maybe'"),
        ("{{ params.x|upper", "template_syntax", "never closed"),
        ("a" * 600_000, "template_limit", "524288 characters"),
        ("{{ 1 }}" * 20_001, "template_limit", "20000 tags"),
        ("{{ params.x" + "|capfirst" * 12 + " }}", "template_limit", "4000 characters"),
    ],
)
def test_what_is_refused_by_name(source, code, named):
    with pytest.raises(TemplateFault) as caught:
        translate(source, "html")
    assert caught.value.code == code
    assert named in str(caught.value)
    assert caught.value.fix


def test_what_a_contact_lacks_is_named():
    with pytest.raises(MissingValue) as caught:
        rendered("{{ contact.FIRSTNAME }}")
    assert caught.value.name == "contact.FIRSTNAME"


_SOUP = st.lists(
    st.sampled_from([
        "{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "%", "if ", "elif ", "else", "endif", "for ", "i", " in ", "endfor",
        "with ", "endwith", "autoescape ", "off", "comment", "endcomment", "params", "contact", ".x", ".0", ".items", "|",
        "upper", "default:", "capfirst", "'a'", '"', "1", "2.5", " ", "\n", ":", ",", "=", "==", "forloop", ".counter", "not ",
        "é", "\ud800", "\x00", "\\",
    ]) | st.text(max_size=4),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(_SOUP)
def test_whatever_comes_is_a_source_that_can_be_looked_at_or_a_fault(source):
    with contextlib.suppress(TemplateFault):
        made = translate(source, "html")
        Sheet([("html", made)]).render("html", values_of({"params": {"x": [1]}, "contact": {}}))


@given(st.text(alphabet=st.sampled_from("a{}%\n 'é\"\\<&"), max_size=60))
def test_text_without_a_tag_stands_as_it_is(text):
    assume("{{" not in text and "{%" not in text)
    assert rendered(text) == text


@given(
    st.lists(st.text(alphabet="ab<&'\"{}%", max_size=5), max_size=4),
    st.text(alphabet="ab<&'{}%\\", max_size=8),
)
def test_a_loop_shows_every_item_and_its_number(items, between):
    source = "{% for i in params.list %}{{ forloop.counter }}{{ i }}{{ params.between }}{% empty %}-{% endfor %}"
    values = {"params": {"list": items, "between": between}}
    wanted = "".join(f"{number}{item}{between}" for number, item in enumerate(items, 1)) or "-"
    assert rendered(source, values, "text") == wanted
