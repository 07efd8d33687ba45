"""Mailjet's template language: what it becomes, shown by rendering it, and what is refused by name."""

import contextlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from estafette.mail.templates.engine import Sheet, values_of
from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.mail.templates.foreign.mailjet import translate

VALUES = {
    "name": "<b>J</b>",
    "step": "confirm",
    "n": 3,
    "price": "20",
    "products": [{"name": "hat", "price": 2.5}, {"name": "cap", "price": 4}],
    "deep": {"a": {"b": [7, 8]}},
}


def rendered(source, values=VALUES, part="html"):
    return Sheet([(part, translate(source, part))]).render(part, values_of(values))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{var:name}} {{ var:step }}", "<b>J</b> confirm"),
        ('{{var:gone:"you"}} {{var:gone:all of you}} {{var:gone:""}}{{ var:gone:7 }}', "you all of you 7"),
        ("{{var:gone:“friend”}} {{data:firstname:'you'}}", "friend you"),
        ("{{var:deep.a.b[1]}}{{var:products.0.name}}{{var:deep['a'].b.0}}", "8hat7"),
        ('{% if var:step == "confirm" and var:n > 2 %}A{% elseif var:n = 1 %}B{% else %}C{% endif %}', "A"),
        ('{% if var:step = "x" %}A{% elseif var:n <> 4 %}B{% else %}C{% endif %}', "B"),
        ("{% if not (var:n === 3) xor true %}A{% endif %}", "A"),
        ("{% if var:price > 9 and 9 < var:price %}A{% endif %}", "A"),
        ('{% if var:n == "3" and var:price == 20 and var:price != "21" %}A{% endif %}', "A"),
        ("{% for p in var:products %}{{p.name}}={{p.price * 2}};{% endfor %}", "hat=5.0;cap=8;"),
        ("{% for p in var:deep.a.b %}{% for q in var:deep.a.b %}{{p + q}} {% endfor %}{% endfor %}", "14 15 15 16 "),
        ("{% set t = var:n + 1 %}{{t}}{{ t - 1 }}{{ 2 * (t + 1) }}{{ t div 3 }}{{ t mod 3 }}{{ -t }}", "431011-4"),
        ('{{ "a" + var:n }}{{ upper(var:step) }}{{ Replace(var:step, "con", "af") }}', "a3CONFIRMaffirm"),
        ('{{ defined(var:gone.deep) }} {{ Contains(var:step, "firm") }} {{ Round(2.567, 1) }}', "False True 2.6"),
        ("{{ EscapeHTML(var:name) }}", "&lt;b&gt;J&lt;&#x2f;b&gt;"),
        ("a{# b #} { {{var:n}}{", "a{# b #} { 3{"),
        ('{{ var:gone:"}}{%" }}', "}}{%"),
    ],
)
def test_what_a_source_becomes(source, shown):
    assert rendered(source) == shown


@pytest.mark.parametrize(
    ("source", "code", "named"),
    [
        ("\n{{ mj:contact.email }}", "not_supported", "html, line 2: mj: is not offered"),
        ("{% include 'a' %}", "not_supported", "{% include %}"),
        ("{{ FormatDate(var:n, 'd') }}", "not_supported", "FormatDate()"),
        ("{{ var:range }}{{ var:n }}", "not_supported", "the name range"),
        ("{% for i in Range(3) %}{% endfor %}", "not_supported", "Range()"),
        ("{% set i = 1 %}{% for p in var:products %}{% set i = i + 1 %}{% endfor %}", "not_supported", "changing i"),
        ("{{ (1 + var:n) * (2 + var:n) }}", "not_supported", "a product of two results"),
        ("{{ var:deep[var:n] }}", "not_supported", "a place that is computed"),
        ("{{ name }}", "template_syntax", "name is no variable"),
        ("{% for p in var:products %}{% endfor %}{{ p.name }}", "template_syntax", "p is no variable"),
        ("a\nb{% if var:n %}", "template_syntax", "if of line 2 is never closed"),
        ("{% for p in var:products %}{% endif %}", "template_syntax", "endif closes for of line 1"),
        ("{% else %}", "template_syntax", "outside its block"),
        ("{% if 1 %}{% else %}{% elseif 2 %}{% endif %}", "template_syntax", "behind its else"),
        ("{{ var:n", "template_syntax", "never closed"),
        ("{{ var:n @ }}", "template_syntax", "'@'"),
        ("{{ " + "(" * 30 + "1" + ")" * 30 + " }}", "template_limit", "20 brackets"),
        ("{% if 1 %}" * 40 + "{% endif %}" * 40, "template_limit", "30 blocks"),
        ("{{ 1" + " + 1" * 100 + " }}", "template_limit", "120 words"),
        ("a" * 600_000, "template_limit", "524288 characters"),
        ("{{ 1 }}" * 20_001, "template_limit", "20000 tags"),
    ],
)
def test_what_is_refused_by_name(source, code, named):
    with pytest.raises(TemplateFault) as caught:
        translate(source, "html")
    assert caught.value.code == code
    assert named in str(caught.value)
    assert caught.value.fix


def test_a_variable_without_a_value_is_named():
    with pytest.raises(MissingValue) as caught:
        rendered("{{ var:customer.name }}", {"customer": {}})
    assert caught.value.name == "customer.name"


_SOUP = st.lists(
    st.sampled_from([
        "{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "%", "if ", "elseif ", "else", "endif", "for ", "in ", "endfor", "set ",
        "var:", "data:", "x", "n", ".", "[0]", "(", ")", "+", "*", "==", "<", "and ", "not ", "xor ", '"', "'", '"a"', "1", "2.5",
        " ", "\n", ":", ",", "upper(", "defined(", "true", "-", "é", "\ud800", "\x00", "\\",
    ]) | st.text(max_size=4),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=300)
@given(_SOUP)
def test_whatever_comes_is_a_source_that_can_be_looked_at_or_a_fault(source):
    with contextlib.suppress(TemplateFault):
        made = translate(source, "html")
        Sheet([("html", made)]).render("html", values_of({"x": 1, "n": [1]}))


@given(st.text(alphabet=st.sampled_from("a{}%#\n 'é\"\\<&"), max_size=60))
def test_text_without_a_tag_stands_as_it_is(text):
    assume("{{" not in text and "{%" not in text)
    assert rendered(text) == text


@given(st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=30))
def test_a_default_is_shown_as_it_was_written(default):
    assert rendered('{{ var:gone:"' + default.replace("\\", "\\\\") + '" }}') == default


_NUMBERS = st.integers(0, 50)
_TERMS = st.recursive(
    _NUMBERS.map(lambda number: (str(number), number)),
    lambda inner: st.tuples(inner, st.sampled_from("+-"), inner).map(
        lambda sum_: (f"({sum_[0][0]} {sum_[1]} {sum_[2][0]})", sum_[0][1] + (1 if sum_[1] == "+" else -1) * sum_[2][1])
    ),
    max_leaves=12,
)


@given(_TERMS)
def test_sums_are_what_they_are(term):
    written, worth = term
    assert rendered(f"{{{{ {written} }}}}") == str(worth)


_TRUTHS = st.recursive(
    st.sampled_from([("var:yes", True), ("var:no", False), ("true", True)]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} and {two[1][0]})", two[0][1] and two[1][1])),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} or {two[1][0]})", two[0][1] or two[1][1])),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} xor {two[1][0]})", two[0][1] != two[1][1])),
        inner.map(lambda one: (f"(not {one[0]})", not one[1])),
    ),
    max_leaves=8,
)


@given(_TRUTHS)
def test_conditions_hold_when_they_should(truth):
    written, worth = truth
    shown = rendered(f"{{% if {written} %}}yes{{% else %}}no{{% endif %}}", {"yes": True, "no": False})
    assert shown == ("yes" if worth else "no")
