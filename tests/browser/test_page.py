"""The plain page, by phone and keyboard, with hostile mail on it."""

import re
import time

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(browser, dev):
    context = browser.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.goto(dev.url)
    page.keyboard.press("Tab")
    page.fill("input[name=user]", dev.user)
    page.fill("input[name=password]", dev.password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/$"))
    yield page
    context.close()


def until(check):
    end = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end
        time.sleep(0.2)


def open_newest(page, dev, subject):
    page.goto(dev.url)
    link = page.get_by_role("link", name=subject).first
    for _ in range(50):
        if link.count():
            break
        page.wait_for_timeout(200)
        page.reload()
    link.click()


def test_captured_mail_is_listed_and_its_html_cannot_act(page, dev):
    dev.submit(dev.letter())
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    open_newest(page, dev, re.compile("Your order"))
    assert "Your order <script>alert(1)</script>" in page.inner_text("body")
    frame = page.frame_locator("iframe").locator("h1")
    assert frame.inner_text() == "Thank you"
    assert page.title() != "owned"
    assert alerts == []
    assert not dev.picture_was_fetched()


def test_a_link_of_captured_mail_acts_as_its_recipients_would(page, dev):
    (tenant,) = dev.verb("tenant", "list")["items"]
    bulk = dev.verb("credential", "create", "--tenant", tenant["id"], "--stream", "bulk")["api_key"]
    letter = {
        "from": "shop@example.com",
        "subject": "Sale",
        "html": '<a href="estafette:unsubscribe">Leave &amp; go</a>',
    }
    until(lambda: page.request.post(
        f"{dev.url}/v1/emails", headers={"Authorization": f"Bearer {bulk}"},
        data=letter | {"to": ["ann@simulator.test", "joe@simulator.test"]},
    ).status < 300)  # fmt: skip
    open_newest(page, dev, "Sale")
    page.get_by_role("link", name="joe@simulator.test").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Leave & go").click()
    opened.value.get_by_role("button", name="Unsubscribe", exact=True).click()
    expect(opened.value.locator("h1")).to_have_text("You are unsubscribed")
    until(lambda: [each["address"] for each in dev.verb("suppression", "list")["items"]] == ["joe@simulator.test"])


def test_the_page_fits_a_phone(page, dev):
    dev.submit(dev.letter())
    open_newest(page, dev, re.compile("Your order"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_source_is_shown_as_text(page, dev):
    dev.submit(dev.letter())
    open_newest(page, dev, re.compile("Your order"))
    answer = page.request.get(f"{page.url}/source")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"Received: " in answer.body()


def test_a_stranger_sees_nothing(browser, dev):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{dev.url}/")
    assert page.url.endswith("/login")
    page.fill("input[name=user]", dev.user)
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.locator("input[name=password]").count() == 1
    context.close()


def test_a_person_reaches_the_account_in_french_by_keyboard_on_a_phone(browser, dev):
    (tenant,) = dev.verb("tenant", "list")["items"]
    made = dev.verb("user", "create", "anna@company.example", "--tenant", tenant["id"], "--role", "owner")
    dev.verb("suspension", "create", "--tenant", tenant["id"], "--stream", "bulk", "--reason", "trop de plaintes")
    context = browser.new_context(locale="fr-FR", viewport=PHONE)
    page = context.new_page()
    page.goto(dev.url)
    assert page.get_attribute("html", "lang") == "fr"
    assert "Mot de passe" in page.inner_text("body")
    page.keyboard.type("anna@company.example")
    page.keyboard.press("Tab")
    page.keyboard.type(made["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/account$"))
    shown = page.inner_text("main")
    for word in ("Consommation", "Le flux bulk", "trop de plaintes", "Pour en sortir", "Identifiants", dev.user):
        assert word.lower() in shown.lower(), word
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    link = page.get_by_role("link", name="Domaines")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#domains$"))
    context.close()
