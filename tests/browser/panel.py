"""People at the panel in Chromium: signing in, pressing buttons, answering the confirm window."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.world import PASSWORD

OUTCOME = ".flash"


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
    page.wait_for_load_state("networkidle")  # the script that searches must be there before one types
    box = page.get_by_role("combobox", name=label)
    box.fill(text)
    page.get_by_role("option").filter(has_text=text).filter(has_text=detail).first.click()


def press(page: Page, action: str, words: str = "") -> None:
    """Press an action of the record, fill in what its window asks for, and say yes."""
    page.locator(".actbar, .acts").get_by_text(action, exact=True).first.click()
    window = page.get_by_role("dialog")
    if words:
        window.get_by_role("textbox").fill(words)
    window.get_by_role("button", name=action, exact=True).click()
    expect(page.locator(OUTCOME).first).to_be_visible()


def widths(page: Page) -> tuple[int, int]:
    """How wide the page is, and how wide the window: more than that is scrolling sideways."""
    return tuple(page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]"))
