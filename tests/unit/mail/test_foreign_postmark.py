"""Mustachio, Postmark's template language: what it becomes, shown by rendering it, and what is refused by name."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.mail.templates.engine import Sheet, values_of
from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.foreign.postmark import translate

VALUES = {
    "name": "<b>j", "company": "ACME", "empty": [], "null": None, "zero": 0, "yes": True, "items": 7,
    "person": {"first": "Ann", "home": {"city": "Oslo"}, "keys": "two"},
    "staff": [{"name": "Wile", "tools": [{"n": "axe"}, {"n": "saw"}]}, {"name": "Road", "tools": []}],
    "words": ["a", "b"],
}  # fmt: skip


def rendered(source, values=VALUES, part="html"):
    return Sheet([(part, translate(source, part))]).render(part, values_of(values))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Hello {{name}} {{ gone }}{{gone.deep.er}}{{null}}{{zero}}{{items}}", "Hello &lt;b&gt;j 07"),
        ("{{{name}}} {{& name}}{{! no {x }}", "<b>j <b>j{{! no {x }}"),
        ("{{{ name }}}{{!a comment}}", "<b>j"),
        ("{{person.home.city}} {{person.keys}}", "Oslo two"),
        ("{{#person}}{{first}} of {{home.city}}, {{../company}}{{#home}}{{city}}{{../../name}}{{/home}}{{/person}}",
         "Ann of Oslo, ACMEOslo&lt;b&gt;j"),
        ("{{#person}}{{name}}{{/person}}", ""),
        ("{{#person.home}}{{city}} {{../first}} {{../../company}}{{/person.home}}", "Oslo Ann ACME"),
        ("{{#each staff}}{{name}} at {{../../company}}; {{/each}}", "Wile at ACME; Road at ACME; "),
        ("{{#each staff}}{{@index}}{{this.name}}{{#each tools}}-{{n}}{{@index}}{{../../name}}{{/each}}{{/each}}",
         "0Wile-axe0Wile-saw1Wile1Road"),
        ("{{#each words}}{{.}}{{this}}{{/each}}{{#each gone}}x{{/each}}{{#each empty}}x{{/each}}", "aabb"),
        ("{{#yes}}A{{/yes}}{{^yes}}B{{/yes}}{{#empty}}C{{/empty}}{{^gone}}D{{/gone}}{{^null}}E{{/null}}", "ADE"),
        ("{{#zero}}A{{^zero}}B{{/zero}}{{#yes}}C{{^yes}}D{{/yes}}", "BC"),
        ("{{../../company}}", "ACME"),
        ("{ {#x#} {% if %} {{ { a } {", "{ {#x#} {% if %} {{ { a } {"),
    ],
)  # fmt: skip
def test_what_a_source_becomes(source, shown):
    assert rendered(source) == shown


@pytest.mark.parametrize(
    ("source", "code", "named"),
    [
        ("\n\n{{{ @content }}}", "not_supported", "html, line 3: @content is not offered"),
        ("{{@layout}}", "not_supported", "@layout"),
        ("{{@index}}", "not_supported", "@index"),
        ("{{#each a}}{{^@last}}{{/@last}}{{/each}}", "not_supported", "@last"),
        ("{{#if name}}a{{/if}}", "not_supported", "if name"),
        ("{{#name}}a{{else}}b{{/name}}", "not_supported", "else"),
        ("{{> footer}}", "not_supported", "> footer"),
        ("{{.}}", "not_supported", "the whole model"),
        ("{{loop}}", "not_supported", "the name loop"),
        ("{{été}}", "not_supported", "the name été"),
        ("{{each__0}}", "not_supported", "the name each__0"),
        ("{{a b}}", "template_syntax", "'a b' is no path"),
        ("{{a/b}}", "template_syntax", "is no path"),
        ("{{a...b}}", "template_syntax", "is no path"),
        ("{{#each}}{{/each}}", "template_syntax", "names no list"),
        ("{{#a}}", "template_syntax", "a is never closed"),
        ("{{#a}}{{/b}}", "template_syntax", "/b closes a"),
        ("{{/each}}", "template_syntax", "/each closes nothing"),
        ("{{#a}}" * 2 + "".join(f"{{{{#a{n}}}}}" for n in range(40)), "template_limit", "30 blocks"),
        ("{{a" + ".b" * 500 + "}}", "template_limit", "4000 characters"),
        ("{{!}}" * 20_001, "template_limit", "20000 tags"),
    ],
)
def test_what_is_refused_by_name(source, code, named):
    with pytest.raises(TemplateFault) as caught:
        translate(source, "html")
    assert caught.value.code == code
    assert named in str(caught.value)
    assert caught.value.fix


PIECES = st.sampled_from([
    "{{", "}}", "{{{", "}}}", "#", "^", "/", "each ", "../", ".", "a", "b.c", "@index", "!", "&", "{", "{%", "%}", "{#",
    " ", "x", "{{a}}", "{{#a}}", "{{/a}}", "{{^a}}", "{{#each a}}", "{{/each}}", "{{../b}}", "\n", "é", '"',
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join), st.dictionaries(st.sampled_from("abx"), st.integers() | st.text()))
def test_whatever_is_read_can_be_rendered_or_is_refused(source, values):
    with contextlib.suppress(TemplateFault):
        rendered(source, values)
