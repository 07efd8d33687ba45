"""The page on which readers choose: on a phone, by keyboard, without JavaScript, in French and in English.

Pictures of what was seen are left in ``.cache/screens``.
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from tests.servers import packages
from tests.servers.certificates import Certificates
from tests.servers.service import Service

from estafette.base.seal import Keyring
from estafette.tracking import token
from estafette.tracking.token import Target

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1200, "height": 900}
TOPICS = (
    ("offers", "Weekly offers", "Les offres de la semaine"),
    ("news", "News of our workshops & <b>people</b>", "Nouvelles de nos ateliers"),
    ("events", "Invitations to events near you, with the programme and a map of how to get there", "Invitations"),
)
SCREENS = packages.CACHE.parent / "screens"


class Letters:
    """A service that answers readers, and the links that mail to them bears."""

    def __init__(self, folder) -> None:
        self.service = Service(folder / "service", Certificates(folder / "certificates"))
        self.service.prepare()
        self.tenant = self.service.cli("tenant", "show", "customer")["id"]
        for name, title, french in TOPICS:
            how = ("--tenant", "customer", "--stream", "bulk", "--title", title, "--french", french)
            self.service.run("topic", "create", name, *how)
        self.keyring = Keyring.load(self.service.folder / "keyring")
        self.service.roles = ("store", "public")

    def link(self, person: str, topic: str = "") -> str:
        """Return the address of somebody's page, as a message about a topic bears it."""
        who = token.person_of(self.keyring, self.tenant, person)
        target = Target("unsubscribe", self.tenant, "bulk", 77, 1, who, topic=topic)
        return f"http://{self.service.address}:{self.service.public}/u/{token.write(self.keyring, target)}"

    def left(self) -> set[str]:
        """Return what is on the list: streams, and topics of streams."""
        return {each["stream"] for each in self.service.cli("suppression", "list", "--tenant", "customer")["items"]}


@pytest.fixture(scope="module")
def letters(tmp_path_factory, servers):
    made = Letters(tmp_path_factory.mktemp("letters"))
    made.service.start()
    with made.service:
        yield made


@pytest.fixture
def seen(browser):
    """Opens a page without JavaScript in some language and size."""
    contexts = []

    def open_page(url: str, locale: str, viewport: dict, scheme: str = "light"):
        context = browser.new_context(
            viewport=viewport, locale=locale, java_script_enabled=False, color_scheme=scheme, device_scale_factor=2
        )
        contexts.append(context)
        page = context.new_page()
        assert page.goto(url).status == 200
        return page

    yield open_page
    for context in contexts:
        context.close()


def taken(page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"preferences-{name}.png", full_page=True)


def until(check) -> None:
    end = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end
        time.sleep(0.2)


def fits(page) -> None:
    """Nothing is wider than the window, and whatever is touched is large enough (WCAG 2.2, 2.5.8)."""
    body, window = page.locator("html").bounding_box(), page.viewport_size
    assert body["width"] <= window["width"]
    for each in page.locator("button, label").all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= window["width"]
        assert box["height"] >= 24


def test_a_french_reader_on_a_phone_keeps_one_topic(letters, seen):
    page = seen(letters.link("phone@example.test"), "fr-FR", PHONE)
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.locator("h1").inner_text() == "Ce que customer vous envoie"
    fits(page)
    taken(page, "phone-fr")
    page.get_by_label("Nouvelles de nos ateliers").uncheck()
    page.get_by_label("Invitations").uncheck()
    page.get_by_role("button", name="Enregistrer mon choix").click()
    expect(page.get_by_role("status")).to_contain_text("Votre choix est enregistré")
    ticked = [box.get_attribute("value") for box in page.locator("input[type=checkbox]").all() if box.is_checked()]
    assert ticked == ["offers"]
    fits(page)
    taken(page, "phone-fr-saved")
    until(lambda: letters.left() >= {"bulk/news", "bulk/events"})
    page.goto(letters.link("phone@example.test"))
    assert [box.is_checked() for box in page.locator("input[type=checkbox]").all()] == [True, False, False]


def test_an_english_reader_leaves_by_the_keyboard_alone(letters, seen):
    page = seen(letters.link("keys@example.test", topic="offers"), "en-GB", DESK, "dark")
    assert page.get_by_text("<b>people</b>").count() == 1  # a title is text
    fits(page)
    page.keyboard.press("Tab")
    taken(page, "desk-en")
    assert page.locator(":focus").inner_text() == "No more “Weekly offers”"
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("value") == "offers"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Save my choice"
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert not page.locator("input[value=news][type=checkbox]").is_checked()
    taken(page, "desk-en-saved")
    page.get_by_role("button", name="Unsubscribe from everything").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("You are unsubscribed")  # a key does not wait for the next page
    taken(page, "desk-en-left")
    until(lambda: "bulk" in letters.left())


def test_one_button_ends_the_topic_of_the_message(letters, seen):
    page = seen(letters.link("one@example.test", topic="events"), "en-GB", PHONE)
    fits(page)
    taken(page, "phone-en-topic")
    page.get_by_role("button", name=re.compile("No more “Invitations")).click()
    expect(page.locator("h1")).to_have_text("You have left this topic")
    taken(page, "phone-en-topic-left")
    until(lambda: "bulk/events" in letters.left())
