"""The menu behind one's own name, and the sign-in page that says why one is there: in Chromium, wide and at 390 px."""

import pytest
from playwright.sync_api import expect

from tests.browser.panel import sign_in, widths
from tests.support.browser import DESKTOP, PHONE, screenshot

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
LIAISON = "东街街道工委联络员"


def menu_of(page):
    return page.locator("details.me > summary")


@SIZES
def test_the_menu_opens_over_the_page_and_closes_again(new_page, size):
    page = sign_in(new_page(size), "陈国强")
    leaving = page.get_by_role("button", name="退出", exact=True)
    expect(leaving).to_be_hidden()
    menu_of(page).click()
    expect(leaving).to_be_visible()
    screenshot(page, f"user-menu-{size['width']}")
    assert widths(page)[0] == size["width"]
    page.mouse.click(size["width"] // 2, size["height"] - 20)
    expect(leaving).to_be_hidden()


def test_the_menu_is_walked_by_keys(new_page):
    page = sign_in(new_page(), LIAISON)
    menu_of(page).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("details.me button:focus")).to_be_visible()
    page.get_by_role("button", name="退出", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="退出全部登录")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu_of(page)).to_be_focused()
    expect(page.get_by_role("button", name="退出全部登录")).to_be_hidden()


@SIZES
def test_signing_out_everywhere_from_the_menu(new_page, size):
    page, other = sign_in(new_page(size), LIAISON), sign_in(new_page(), LIAISON)
    menu_of(page).click()
    page.get_by_role("button", name="退出全部登录").click()
    expect(page.get_by_role("status")).to_contain_text("已退出全部登录")
    screenshot(page, f"signed-out-everywhere-{size['width']}")
    other.goto("/transfers/?tab=in")
    expect(other.get_by_role("status")).to_contain_text("您的登录已失效")


@SIZES
def test_a_time_out_says_so_and_leads_back(new_page, size, time):
    page = sign_in(new_page(size), LIAISON)
    page.goto("/transfers/?tab=in")
    page.wait_for_load_state("networkidle")  # the tree loads by itself
    time.passes(minutes=30)
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("已超过30分钟没有操作")
    screenshot(page, f"timed-out-{size['width']}")
    page.get_by_label("用户名").fill(LIAISON)
    page.get_by_label("密码").fill("zhuanjie-tests")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(f"{page.url.partition('/transfers')[0]}/transfers/?tab=in")


@SIZES
def test_a_wait_is_told(new_page, size):
    page = new_page(size)
    page.goto("/session/sign-in")
    for _attempt in range(6):
        page.get_by_label("用户名").fill(LIAISON)
        page.get_by_label("密码").fill("wrong-password")
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_load_state()
    expect(page.get_by_role("alert")).to_have_text("登录失败次数过多，为保护账号，请在1分钟后再试。")
    screenshot(page, f"limited-{size['width']}")
    page.problems.clear()  # the browser notes the 401 and the 429
