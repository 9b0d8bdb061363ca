"""Every screen, wide and at 390 px: nothing scrolls sideways, nothing is refused by the browser, pictures are kept."""

import pytest
from playwright.sync_api import expect

from tests.browser.panel import sign_in, widths
from tests.support.browser import DESKTOP, PHONE, screenshot

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
SCREENS = {
    "林小雨": ("/", "/mine/", "/transfers/apply"),
    "鼓楼区委联络员": (
        "/",
        "/transfers/",
        "/transfers/?tab=in",
        "/transfers/apply",
        "/members/",
        "/level-setting/",
        "/organizations/",
        "/levels/",
    ),
    "省级管理员": (
        "/",
        "/transfers/?org={org}",
        "/members/?org={branch}",
        "/members/new/",
        "/members/details/?id={member}",
        "/members/edit/?id={member}",
        "/organizations/?org={org}",
        "/organizations/new/",
        "/organizations/details/?id={org}",
        "/organizations/edit/?id={org}",
        "/level-setting/?org={org}",
        "/levels/",
        "/levels/edit/?id=6",
        "/nowhere",
    ),
    "审计员": ("/", "/transfers/", "/transfers/{transfer}"),
}


@SIZES
@pytest.mark.parametrize("username", SCREENS)
def test_every_screen_fits(new_page, fujian, size, username):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")
    ids = {
        "org": fujian.org("东街街道工委").id,
        "branch": fujian.org("军门第一支部").id,
        "member": fujian.member("陈国强").key,
        "transfer": transfer.key,
    }
    page = sign_in(new_page(size), username)
    too_wide = []
    for number, path in enumerate(SCREENS[username], 1):
        page.goto(path.format(**ids))
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{username}-{number}-{size['width']}")
        too_wide += [path] * (widths(page)[0] > widths(page)[1])
    page.problems[:] = [problem for problem in page.problems if "404" not in problem]
    assert too_wide == []


@SIZES
def test_the_sign_in_page(new_page, live_server, size):
    page = new_page(size)
    page.goto("/")
    expect(page.get_by_label("用户名")).to_be_focused()
    screenshot(page, f"sign-in-{size['width']}")
    assert widths(page)[0] == size["width"]


def test_the_menu_of_the_phone_opens_and_closes(new_page, fujian):
    page = sign_in(new_page(PHONE), "鼓楼区委联络员")
    expect(page.locator("nav.menu")).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    expect(page.get_by_role("link", name="组织VPN权限设置")).to_be_visible()
    screenshot(page, "menu-phone")
    page.keyboard.press("Escape")
    expect(page.locator("nav.menu")).to_be_hidden()


def test_slash_goes_to_the_search_and_the_tree_is_walked_by_keys(new_page, fujian):
    page = sign_in(new_page(), "鼓楼区委联络员")
    page.goto("/organizations/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="组织名称", exact=True)).to_be_focused()
    top = page.get_by_role("treeitem", name="鼓楼区委")
    top.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", name="东街街道工委")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2").first).to_have_text("鼓楼区委直属支部")


def test_the_tree_finds_an_organization_by_name_with_the_way_to_it(new_page, fujian):
    page = sign_in(new_page(), "福州市委联络员")
    page.goto("/transfers/")
    page.get_by_label("筛选组织名称").fill("军门第一")
    hit = page.locator(".tree .found a")
    expect(hit).to_contain_text("鼓楼区委 / 东街街道工委 / 军门社区总支")
    hit.click()
    expect(page.locator(".tree .node.on")).to_contain_text("军门第一支部")


def test_a_data_keeper_sets_a_level_and_is_told_why_not(new_page, fujian):
    page = sign_in(new_page(), "省级管理员")
    page.goto(f"/level-setting/?org={fujian.org('安泰街道工委').id}")
    page.get_by_label("组织权限级别").select_option("5")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".help.bad")).to_contain_text("必须低于其上级“鼓楼区委”")
    page.problems.clear()  # the browser notes the 422 of the refusal
    page.get_by_label("组织权限级别").select_option("6")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("2 个支部今后的转接流程会改变")
    screenshot(page, "review-wide")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("已保存“安泰街道工委”的权限级别")
    expect(page.get_by_label("组织权限级别")).to_have_value("6")
