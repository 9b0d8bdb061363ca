"""R17 in Chromium: 军门第一支部 → 五龙村支部 from 申请 to 确认报到, with one 撤回 and one 驳回 on the way."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.panel import look, pick, press, sign_in
from tests.support.browser import PHONE

pytestmark = pytest.mark.browser

ROUTE = ["军门第一支部", "军门社区总支", "东街街道工委", "古田镇党委", "五龙村支部", "五龙村支部"]


def apply(page, destination: str) -> None:
    """【申请】: fill in the form and look at the route."""
    fill_in(page, destination)
    expect(page.locator(".down li b")).to_have_text(ROUTE)


def fill_in(page, destination: str) -> None:
    page.goto("/mine/")
    page.get_by_role("link", name="申请", exact=True).click()
    pick(page, "目的支部", destination)
    page.get_by_label("转出原因").fill("工作调动")
    page.get_by_label("党费缴纳至").fill(page.get_by_label("党费缴纳至").get_attribute("max"))


def send(page) -> None:
    page.get_by_role("button", name="上报").click()
    page.get_by_role("dialog").get_by_role("button", name="确认").click()
    expect(page.locator(".flash.success")).to_contain_text("已上报")


def at_the_desk(page, username: str, address: str):
    """A liaison finds the transfer at the own to-do list and opens it."""
    sign_in(page, username)
    page.locator("#todo").get_by_role("link", name="查看 林小雨 的转接").click()
    expect(page).to_have_url(address)
    return page


@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
def test_r17_a_transfer_through_five_organizations(new_page, fujian):
    member = sign_in(new_page(), "林小雨")
    apply(member, "五龙村支部")
    look(member, "apply")
    send(member)
    address = member.url
    assert member.locator(".stop.now a").inner_text() == "军门第一支部"

    branch = at_the_desk(new_page(), "军门第一支部联络员", address)
    press(branch, "通过", "材料齐全，同意转出。")
    expect(branch.locator(".pill").first).to_have_text("待军门社区总支审批")
    press(branch, "撤回")
    expect(branch.locator(".pill").first).to_have_text("待军门第一支部审批")
    press(branch, "通过")

    general_branch = at_the_desk(new_page(), "军门社区总支联络员", address)
    press(general_branch, "通过")

    street = at_the_desk(new_page(), "东街街道工委联络员", address)
    look(street, "record")
    press(street, "驳回", "党费未缴清")
    expect(street.locator(".pill").first).to_have_text("待军门社区总支审批")
    expect(street.locator(".stop.back a")).to_have_text("东街街道工委")

    general_branch.goto(address)
    press(general_branch, "通过", "党费已补缴")
    street.goto(address)
    press(street, "通过")
    town = at_the_desk(new_page(), "古田镇党委联络员", address)
    press(town, "通过")

    village = at_the_desk(new_page(PHONE), "五龙村支部联络员", address)
    press(village, "通过")
    look(village, "record")
    press(village, "确认报到", "已报到")
    expect(village.locator(".pill").first).to_have_text("已办结")

    member.goto(address)
    expect(member.locator(".stop.done")).to_have_count(len(ROUTE) + 1)
    assert member.locator(".log b").all_inner_texts() == [
        "确认报到", "通过", "通过", "通过", "通过", "驳回", "通过", "通过", "撤回", "通过", "上报",
    ]  # fmt: skip
    look(member, "record-ended")
    assert fujian.member("林小雨").organization.name == "五龙村支部"


def test_r45_the_refusal_stands_where_the_route_would(new_page, fujian):
    for name in ("古田镇党委", "上杭县委", "龙岩市委", "福建省委"):
        fujian.set_level(name, None)
    page = sign_in(new_page(), "林小雨")
    page.goto("/mine/")
    page.get_by_role("link", name="申请", exact=True).click()
    pick(page, "目的支部", "五龙村支部")
    expect(page.locator("[data-route] .refused")).to_contain_text("无法规划流程")


def test_r45_warnings_stand_beside_the_stop(new_page, fujian):
    fujian.without_liaison("朱紫坊社区支部")
    page = sign_in(new_page(PHONE), "林小雨")
    page.goto("/transfers/apply")
    pick(page, "目的支部", "朱紫坊社区支部")
    expect(page.locator("[data-route]")).to_contain_text("未设置权限级别")
    expect(page.locator("[data-route]")).to_contain_text("无有效联络员")
    look(page, "apply")


def test_r18_a_liaison_finds_a_member_of_the_own_subtree_by_name(new_page, fujian):
    page = sign_in(new_page(), "东街街道工委联络员")
    page.goto("/transfers/")
    page.get_by_role("link", name="申请", exact=True).click()
    pick(page, "党员", "王丽华")
    pick(page, "目的支部", "五龙村支部")
    page.get_by_label("转出原因").fill("工作调动")
    page.get_by_label("党费缴纳至").fill(page.get_by_label("党费缴纳至").get_attribute("max"))
    expect(page.locator(".down li")).to_have_count(6)
    page.get_by_role("button", name="上报").click()
    expect(page.get_by_role("dialog")).to_contain_text("上报 王丽华 的转接？")
    page.get_by_role("dialog").get_by_role("button", name="确认").click()
    expect(page.locator(".pill").first).to_have_text("待军门第二支部审批")


def pressed_early(new_page):
    """上报 pressed while the planned route is still on its way; and the requests for it, to be answered."""
    page = sign_in(new_page(), "林小雨")
    held = []
    page.route("**/transfers/preview?*", lambda route: held.append(route))
    fill_in(page, "五龙村支部")
    page.get_by_role("button", name="上报").click()
    return page, held


def test_r45_who_presses_before_the_route_is_there_is_asked_when_it_is(new_page, fujian):
    page, held = pressed_early(new_page)
    page.get_by_role("button", name="上报").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    held.pop().continue_()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("上报 林小雨 的转接？")
    window.get_by_role("button", name="取消").click()
    expect(window).to_have_count(0)
    expect(page.locator(".down li b")).to_have_text(ROUTE)
    send(page)


def test_r45_who_presses_and_then_changes_where_it_goes_has_not_pressed(new_page, fujian):
    page, held = pressed_early(new_page)
    page.get_by_role("combobox", name="目的支部").press("Backspace")
    for route in held:
        route.continue_()
    pick(page, "目的支部", "古田镇机关支部")
    with page.expect_response("**/transfers/preview?*"):
        held[-1].continue_()
    expect(page.locator(".down li b").last).to_have_text("古田镇机关支部")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/transfers/apply"))


def test_r45_who_presses_before_a_route_that_fails_to_come_is_answered_by_the_page(new_page, fujian):
    page, held = pressed_early(new_page)
    held[-1].abort()
    expect(page.locator(".flash.warning")).to_contain_text("还没有上报")
    expect(page.locator(".down li b")).to_have_text(ROUTE)
    page.problems.clear()  # the browser notes the request that failed
    send(page)
