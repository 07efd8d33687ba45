"""What a User-Agent is known as; hostile text is an odd program and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import ConfigFault
from estafette.model.tracking import AGENTS
from estafette.tracking import agents

PROGRAMS = agents.load()
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        (CHROME, "chrome"),
        (f"{CHROME} Edg/130.0.0.0", "edge"),
        (f"{CHROME} OPR/116.0.0.0", "opera"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "firefox"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0", "thunderbird"),
        (SAFARI, "apple_mail"),
        (f"{SAFARI} Version/18.1 Mobile/15E148 Safari/604.1", "safari"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)", "outlook"),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "outlook"),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0)", "internet_explorer"),
        ("Mozilla/5.0 (something new)", "browser"),
    ],
)
def test_programs_of_people_have_a_family_and_no_class(text, family):
    assert (PROGRAMS.of(text).family, PROGRAMS.of(text).agent) == (family, "")


@pytest.mark.parametrize(
    ("text", "agent", "scope", "certainty"),
    [
        ("Mozilla/5.0", "proxy_prefetch", "opens", "certain"),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "image_proxy", "opens", "certain",
        ),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "image_proxy", "opens", "certain"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview", "all", "certain"),
        ("WhatsApp/2.24.1 A", "preview", "all", "certain"),
        (f"{CHROME} HeadlessChrome/130", "scanner", "all", "probable"),
        ("curl/8.9.1", "scanner", "all", "probable"),
        ("", "scanner", "all", "probable"),
        ("   ", "scanner", "all", "probable"),
        ("Spark/3.1", "scanner", "clicks", "probable"),
    ],
)  # fmt: skip
def test_machines_are_known_by_what_they_say(text, agent, scope, certainty):
    found = PROGRAMS.of(text)
    assert (found.agent, found.scope, found.certainty) == (agent, scope, certainty)


def test_the_bare_agent_is_the_whole_text_and_nothing_longer():
    assert PROGRAMS.of("Mozilla/5.0 ").agent == "proxy_prefetch"
    assert PROGRAMS.of("Mozilla/5.0 (").agent == ""


def test_a_scope_says_on_which_hits_a_class_counts():
    proxy, silent, odd = PROGRAMS.of("x GoogleImageProxy"), PROGRAMS.of(""), PROGRAMS.of("Spark/3.1")
    assert [proxy.says("opened"), proxy.says("clicked")] == [True, False]
    assert [silent.says("opened"), silent.says("clicked")] == [True, True]
    assert [odd.says("opened"), odd.says("clicked")] == [False, True]
    assert not PROGRAMS.of(CHROME).says("opened")


@given(st.text(max_size=2_000))
def test_any_text_is_some_program(text):
    assert PROGRAMS.of(text).agent in ("", *AGENTS)


def test_a_damaged_table_is_a_fault_that_names_it():
    with pytest.raises(ConfigFault, match="table of programs"):
        agents.load(b"[[program]]\nagent = 'person'\nsource = 'x'\n")
    with pytest.raises(ConfigFault, match="table of programs"):
        agents.load(b"\xff")
