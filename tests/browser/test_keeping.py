"""A provincial admin keeps accounts, roles and members in Chromium, wide and at 390 px (R10, R11, R32a)."""

import pytest
from playwright.sync_api import expect

from models import db
from tests.browser.panel import look, pick, sign_in
from tests.support.browser import DESKTOP, PHONE

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
BRANCH, STREET, VILLAGE = "军门第一支部", "东街街道工委", "五龙村支部"


def say_yes(page, button):
    """Press a button and say yes in its confirm window."""
    page.get_by_role("button", name=button, exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


@SIZES
def test_an_account_a_role_a_refusal_and_a_correction(new_page, fujian, size):
    page = sign_in(new_page(size), "省级管理员")

    page.goto("/accounts/")
    look(page, "keeping-accounts")
    page.get_by_role("link", name="新增", exact=True).click()
    page.get_by_label("用户名").fill("军门二号")
    pick(page, "所属组织", BRANCH)
    look(page, "keeping-account-new")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("已新增“军门二号”")
    look(page, "keeping-account")

    say_yes(page, "设置初始密码")
    password = page.locator(".secret").nth(1).inner_text()
    assert len(password) == 19
    look(page, "keeping-password")
    page.get_by_role("link", name="已记下，返回账号").click()
    expect(page.locator("dl.facts")).to_contain_text("已设置")

    place = f"/grants/?org={fujian.org(BRANCH).id}"
    page.goto(place)
    page.get_by_role("link", name="新增", exact=True).click()
    page.get_by_role("link", name="虚拟管理员", exact=True).click()
    pick(page, "虚拟管理员账号", "军门二号")
    page.get_by_label("联络员").check()
    look(page, "keeping-grant-new")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("军门第一支部（虚拟管理员）的角色：联络员")
    look(page, "keeping-grants")

    page.goto(f"/grants/?org={fujian.org(VILLAGE).id}")
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("dialog")).to_contain_text("撤销五龙村支部（虚拟管理员）的联络员？")
    look(page, "keeping-revoke")
    page.get_by_role("dialog").get_by_role("button", name="撤销").click()
    expect(page.locator(".flash.error")).to_contain_text("支部还有其他党员")
    look(page, "keeping-refused")

    page.goto(f"/members/details/?id={fujian.member('林小雨').key}")
    look(page, "keeping-member")
    page.get_by_role("button", name="查看身份证号").click()
    expect(page.locator(".secret")).to_have_text(fujian.member("林小雨").id_number)
    look(page, "keeping-id-number")
    page.get_by_role("link", name="更正所在组织").click()
    pick(page, "应在的组织", "军门第二支部")
    page.get_by_label("更正原因").fill("录入时选错支部")
    look(page, "keeping-correct")
    page.get_by_role("button", name="更正", exact=True).click()
    expect(page.locator(".flash.success")).to_contain_text("已更正林小雨的所在组织：军门第二支部")
    db.session.commit()  # ends the snapshot, so that the test sees what the server has changed
    assert fujian.member("林小雨").organization.name == "军门第二支部"


def test_a_refusal_stands_at_its_field_and_what_was_picked_stays(new_page, fujian):
    page = sign_in(new_page(PHONE), f"{STREET}联络员")
    page.goto(f"/grants/new/?org={fujian.org('旗汛口社区支部').id}")
    pick(page, "党员", "郑晓东")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".help.bad")).to_have_text("请勾选角色。")
    expect(page.get_by_role("combobox", name="党员")).to_have_value("郑晓东")
    look(page, "keeping-grant-refused")
    page.problems.clear()  # the browser notes the 422 of the refusal
    page.get_by_label("联络员").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("已新增郑晓东的角色：联络员")


def test_closing_an_account_asks_first_and_its_browser_is_signed_out(new_page, fujian):
    other = sign_in(new_page(), "陈国强")
    page = sign_in(new_page(), "省级管理员")
    page.goto(f"/accounts/details/?id={fujian.account('陈国强').key}")
    page.get_by_role("button", name="停用", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("停用账号“陈国强”？")
    look(page, "keeping-close")
    page.get_by_role("dialog").get_by_role("button", name="停用", exact=True).click()
    expect(page.locator(".flash.success")).to_have_text("已停用账号。")
    other.goto("/members/")
    expect(other.get_by_label("用户名")).to_be_visible()
