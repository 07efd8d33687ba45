"""The language of templates: what it says, what it refuses, and that nothing makes it run for long or grow."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.mail.templates.dialect import examine, named
from estafette.mail.templates.engine import FUEL, Sheet, values_of
from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.mail.templates.fitting import fit
from estafette.mail.templates.inlining import compile_mjml, inline
from estafette.model.template import Variable, defaults


def made(source, part="text", /, parts=(), **data):
    return Sheet(((part, source), *parts)).render(part, values_of(data))


def code(source, part="text", /, **data):
    with pytest.raises(TemplateFault) as caught:
        made(source, part, **data)
    return caught.value.code


@pytest.mark.parametrize(
    ("source", "data", "shown"),
    [
        ("{{ a.b[0].c }}", {"a": {"b": [{"c": 7}]}}, "7"),
        ("{{ a.items }}", {"a": {"items": 5}}, "5"),
        ("{% for k, v in a|items %}{{ k }}={{ v }};{% endfor %}", {"a": {"x": 1, "y": 2}}, "x=1;y=2;"),
        ("{% for x in l %}{{ loop.index }}{{ x }}{% else %}none{% endfor %}", {"l": []}, "none"),
        ("{{ a|default('d') }}", {}, "d"),
        ("{% if a is defined %}y{% else %}n{% endif %}", {}, "n"),
        ("{{ price|float * n|int }}", {"price": "1.5", "n": 4}, "6.0"),
        ("{{ n|int + 1 }}", {"n": 4}, "5"),
        ("{{ first ~ ' ' ~ last }}", {"first": "A", "last": "B"}, "A B"),
        ("{% if p in ['a', 'b'] %}y{% endif %}", {"p": "b"}, "y"),
        ("{% raw %}{{ x }}{% endraw %}{# {{ gone }} #}", {}, "{{ x }}"),
        ("{% macro f(x, y=2) %}{{ x }}{{ y }}{% endmacro %}{{ f(1) }}", {}, "12"),
        ("a\n", {}, "a\n"),
    ],
)
def test_what_it_says(source, data, shown):
    assert made(source, **data) == shown


def test_html_is_escaped_and_text_is_not():
    assert made("<p>{{ x }}</p>", "html", x="<script>&\"'") == "<p>&lt;script&gt;&amp;&quot;&#x27;</p>"
    assert made("{{ x }}", "text", x="<b>&") == "<b>&"
    assert made("{{ x }}", "subject", x="<b>&") == "<b>&"


def test_layouts_and_partials_are_taken_in_the_same_form():
    parts = (
        ("html/layout", "<body>{% block main %}{% endblock %}{% include 'foot' %}</body>"),
        ("html/foot", "<i>{{ who }}</i>"),
        ("text/foot", "-- {{ who }}"),
    )
    body = "{% extends 'layout' %}{% block main %}Hi{% endblock %}"
    assert made(body, "html", parts=parts, who="<W>") == "<body>Hi<i>&lt;W&gt;</i></body>"
    assert made("Hi {% include 'foot' %}", "text", parts=parts, who="<W>") == "Hi -- <W>"
    assert named(body + "{% include 'foot' %}") == ("layout", "foot")


@pytest.mark.parametrize(
    "source", ["{{ a.zz }}", "{% for x in a.zz %}{% endfor %}", "{{ a.zz|upper }}", "{% if a.zz %}{% endif %}"]
)
def test_a_missing_value_is_named(source):
    with pytest.raises(MissingValue) as caught:
        made(f"\n{source}", a={"b": 1})
    assert (caught.value.name, caught.value.line) == ("a.zz", 2)


def test_a_missing_value_of_a_partial_is_named_and_no_value_is_told():
    with pytest.raises(MissingValue) as caught:
        made("{{ secret }}{% include 'p' %}", "html", parts=(("html/p", "{{ nope }}"),), secret="s3cret")
    assert caught.value.name == "nope"
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}", "template_limit"),
        ("{% for i in range(1000000) %}x{% endfor %}", "template_error"),
        ("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(0) }}", "template_limit"),
        ("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "template_limit"),
        ("{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}", "template_limit"),
        ("{{ 'a'|indent(1000000000) }}", "template_limit"),
        ("{{ '%1000000000d'|format(1) }}", "template_limit"),
        ("{{ l|join('" + "x" * 1000 + "')|replace('x', '" + "y" * 1000 + "') }}", "template_limit"),
        ("{{ [1] * 1000000000 }}", "template_construct"),
        ("{{ l * n }}", "template_construct"),
        ("{{ l + l }}", "template_construct"),
        ("{% set r = [l, l] %}", "template_construct"),
        ("{% set r = l, l %}", "template_construct"),
        ("{% set r = (l, l) %}", "template_construct"),
        ("{{ {'a': l} }}", "template_construct"),
        ("{% set n = namespace() %}", "template_syntax"),
        ("{{ debug() }}", "template_syntax"),
        ("{{ dict(a=1) }}", "template_syntax"),
        ("{{ l|zip(l) }}", "template_syntax"),
        ("{{ now() }}", "template_syntax"),
        ("{{ l|random }}", "template_syntax"),
        ("{{ 1" + "+1" * 20_000 + " }}", "template_construct"),
        ("{{ " + "not " * 20_000 + "1 }}", "template_construct"),
        ("{{ " + "-" * 20_000 + "1 }}", "template_construct"),
        ("{% if 1 %}" + "{% elif 1 %}" * 20_000 + "{% endif %}", "template_construct"),
        ("{% if 1 %}" * 5_000, "template_limit"),
        ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "template_construct"),
        ("{% include name %}", "template_construct"),
        ("{% include 'nobody' %}", "template_not_found"),
        ("{{ x", "template_syntax"),
        ("{# x", "template_syntax"),
        ("{% raw %}", "template_syntax"),
        ("{{ l.__class__ }}", "missing_value"),
        ("{{ l.append(1) }}", "template_error"),
        ("{{ o.clear() }}", "template_error"),
        ("{{ o.pop('a') }}", "template_error"),
        ("x" * 600_000, "template_limit"),
    ],
    ids=lambda value: value[:40],
)
def test_what_grows_or_reaches_out_is_refused_at_once(source, expected):
    began = time.process_time()
    assert code(source, l=list(range(1000)), n=10**9, o={"a": 1}, name="x") == expected
    # Two orders above what it takes: this is about minutes and gigabytes, not about speed.
    assert time.process_time() - began < 1.0


def test_a_layout_that_takes_itself_ends():
    for source in ("{% include 'p' %}", "{% extends 'p' %}"):
        with pytest.raises(TemplateFault) as caught:
            made(source, "html", parts=(("html/p", source),))
        assert caught.value.code in {"template_limit", "template_error"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(data=st.dictionaries(st.sampled_from(["a", "b", "items"]), JSON), source=st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_source_and_values_give_the_same_text_twice_or_a_fault(data, source):
    for text in (source, f"{{{{ {source} }}}}", f"{{% {source} %}}"):
        before = json.dumps(data)
        found = []
        for _ in range(2):
            try:
                found.append(made(text, "html", **data))
            except TemplateFault as fault:
                found.append(fault.code)
        assert found[0] == found[1]
        assert json.dumps(data) == before


TOKENS = st.lists(
    st.sampled_from(
        ["a", "b.c", "1", "'x'", "+", "*", "~", "|upper", "|int", "|list", "(", ")", "[", "]", ",", "in", "not", "if",
         "else", "for x in", "range(9)", "{{", "}}", "{%", "%}", "set x =", "endfor", "|join", "|length", " ", "\n", "-"]
    ),
    max_size=24,
)  # fmt: skip


@given(tokens=TOKENS)
@settings(max_examples=500, deadline=None)
def test_no_row_of_words_breaks_the_engine(tokens):
    source = " ".join(tokens)
    with contextlib.suppress(TemplateFault):
        assert isinstance(made(source, a=[1, 2], b={"c": "v"}), str)


@given(value=st.text(max_size=50))
@settings(deadline=None)
def test_no_value_brings_markup_into_html(value):
    shown = made('<p title="{{ v }}">{{ v }}</p>', "html", v=value)
    assert shown.count("<") == shown.count(">") == 2
    assert shown.count('"') == 2


def test_examine_lets_an_ordinary_mail_pass():
    examine("<p style='x: {y}'>{{ a.b|upper }}</p>{% if a and (b or not c) %}{{ f(a, b)[0] }}{% endif %}", "html")
    assert FUEL >= 100_000


def test_variables_have_types_and_defaults():
    declared = (Variable(name="n", type="integer", required=True), Variable(name="who", type="string", default="you"))
    fit(declared, {"n": 1}, {})
    assert defaults(declared) == {"who": "you"}
    with pytest.raises(MissingValue, match="no value for n"):
        fit(declared, {}, {"who": "x"})
    for wrong in (True, "1", 1.5):
        with pytest.raises(TemplateFault, match="is no integer"):
            fit(declared, {"n": 1}, {"n": wrong})


def test_css_is_inlined_around_the_tags_of_the_template():
    html = (
        "<html><head><style>p { color: {{ colour }}; } td { margin: 0 } @media print { p { color: black } }</style></head>"
        '<body><p>{{ a }}</p><table>{% for x in l %}<tr><td title="{{ x }}">{{ x }}</td></tr>{% endfor %}</table></body></html>'
    )
    found = inline(html)
    assert '<p style="color: {{ colour }}' in found
    assert "{% for x in l %}<tr><td" in found.replace("<tbody>", "").replace("\n", "")
    assert 'title="{{ x }}"' in found
    assert "@media print" in found
    assert inline("<p>{{ a }}</p>") == "<p>{{ a }}</p>"


def test_mjml_is_compiled_and_its_errors_are_told():
    mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
    assert "Hi {{ name }}" in compile_mjml(mjml)
    for wrong in ("<mjml><mj-body>", "<p>", "<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>"):
        with pytest.raises(TemplateFault) as caught:
            compile_mjml(wrong)
        assert caught.value.code == "invalid_mjml"
