"""People at the panel in Chromium: signing in, pressing buttons, answering the confirm window, looking closely."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.browser import screenshot
from tests.world import PASSWORD

OUTCOME = ".flash"
BARRIERS = frozenset({"serious", "critical"})
ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
"""Of all that is in order axe then says no more than its name, which takes half of the time."""
READY = "() => document.readyState === 'complete' && !document.querySelector('.tree .wait')"
"""Every script has run, and the tree of organizations has opened as far as it does by itself.

It is asked of the document alone: a page that has only just arrived has no element yet."""


def sign_in(page: Page, username: str) -> Page:
    """Sign in by hand and arrive at 工作台."""
    page.goto("/session/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("nav.menu")).to_be_attached()
    return page


def pick(page: Page, label: str, text: str, detail: str = "") -> None:
    """Type into a picker and choose the row that carries the text and the detail."""
    page.get_by_role("combobox", name=label).fill(text)
    page.get_by_role("option").filter(has_text=text).filter(has_text=detail).first.click()


def press(page: Page, action: str, words: str = "") -> None:
    """Press an action of the record, fill in what its window asks for, and say yes."""
    page.wait_for_function(READY)  # without its script the button opens a page in place of the window
    page.locator(".actbar, .acts").get_by_text(action, exact=True).first.click()
    window = page.get_by_role("dialog")
    if words:
        window.get_by_role("textbox").fill(words)
    window.get_by_role("button", name=action, exact=True).click()
    expect(page.locator(OUTCOME).first).to_be_visible()


def widths(page: Page) -> tuple[int, int]:
    """How wide the page is, and how wide the window: more than that is scrolling sideways."""
    return tuple(page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]"))


def look(page: Page, name: str) -> None:
    """Keep a picture of the page as it stands; it must fit and keep nobody out."""
    found = overflow(page, name) + barriers(page, name)
    assert not found, "\n".join(found)


def overflow(page: Page, name: str) -> list[str]:
    """Keep a picture of the page as it stands; whether it scrolls sideways."""
    page.wait_for_function(READY)
    screenshot(page, f"{name}-{page.viewport_size['width']}")
    shown, room = widths(page)
    return [f"{name}: scrolls sideways, {shown} > {room}"] if shown > room else []


def barriers(page: Page, name: str) -> list[str]:
    """What keeps people out, by axe-core: each rule (https://dequeuniversity.com/rules/axe) with its elements."""
    found = Axe().run(page, options=ONLY_VIOLATIONS).response["violations"]
    return [
        f"{name}: {violation['id']} ({violation['help']}): {' | '.join(_element(node) for node in violation['nodes'])}"
        for violation in found
        if violation["impact"] in BARRIERS
    ]


def _element(node: dict) -> str:
    return f"{' '.join(map(str, node['target']))} {node['html'][:120]}"
