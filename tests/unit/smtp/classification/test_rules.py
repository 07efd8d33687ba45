"""The shipped rules: each finds its own examples, none finds another's."""

from collections import Counter
from pathlib import Path

import pytest

from estafette.smtp.classification import classify, vocabulary
from estafette.smtp.classification.rulebook import FILES, VERSION, read, shipped
from estafette.smtp.classification.written import written

EXAMPLES = [(tier, rule, example) for tier, rule in shipped().rules for example in rule.examples]


@pytest.mark.parametrize("rule", [rule for _, rule in shipped().rules], ids=lambda rule: rule.name)
def test_every_rule_finds_its_examples(rule):
    assert rule.examples, "a rule without an example cannot be checked"
    for example in rule.examples:
        said = written(example.reply)
        assert classify(said.code, said.enhanced, said.text, example.phase).rule == rule.name, example.reply


def test_every_example_is_a_negative_of_all_other_rules():
    found = {
        (rule.name, classify(said.code, said.enhanced, said.text, example.phase).rule)
        for _, rule, example in EXAMPLES
        for said in [written(example.reply)]
    }
    assert {own for own, theirs in found if own != theirs} == set()


def test_rules_know_their_version():
    assert {rule.since for _, rule in shipped().rules} <= set(range(1, VERSION + 1))
    assert classify(550, "5.1.1", "").version == VERSION


def test_names_are_unique_and_categories_exist():
    names = Counter(rule.name for _, rule in shipped().rules)
    assert [name for name, count in names.items() if count > 1] == []
    assert {rule.category for _, rule in shipped().rules} <= set(vocabulary())


def test_a_rule_of_an_unknown_category_is_refused():
    text = 'tier = "generic"\n[[rule]]\nname = "x"\ncategory = "sunday"\ntexts = ["a b"]\nexamples = []\n'
    with pytest.raises(ValueError, match="sunday"):
        read([text], 1)


def test_tiers_are_asked_in_their_order():
    assert FILES == ("providers.toml", "generic.toml", "codes.toml", "basic.toml", "digits.toml")
    assert [tier for tier, _ in shipped().rules] == sorted(
        (tier for tier, _ in shipped().rules), key=["provider", "generic", "enhanced", "basic", "digit"].index
    )


def test_a_third_of_the_examples_is_real():
    real = [example for _, _, example in EXAMPLES if example.provenance]
    assert 3 * len(real) >= len(EXAMPLES)


def test_the_reference_lists_every_category():
    page = (Path(__file__).parents[4] / "docs" / "reference" / "replies.md").read_text("utf-8")
    for name, category in vocabulary().items():
        assert f"| `{name}` | {category.bounce} | `{category.action}` | `{category.scope}` |" in page
        assert category.en in page
