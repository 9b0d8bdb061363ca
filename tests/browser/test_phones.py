"""R6-R10, R21, R47 in Chromium: phones at their three places, a grant that then works, a liaison who leaves, 催办."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models import MemberStatus, Message, MessageKind, db
from tests.browser.panel import look, pick, press, sign_in
from tests.support.browser import PHONE

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
BRANCH, VILLAGE, LONELY = "军门第一支部", "五龙村支部", "龙车村支部"
MANUAL = "管理员您好，您还有未办理的事项，请先办理完才能申请转出"


def received(phone):
    """The latest code that the phone has received."""
    db.session.commit()
    sent = select(Message).where(Message.phone == phone, Message.kind == MessageKind.CODE).order_by(Message.id.desc())
    return db.session.scalars(sent.limit(1)).one().params["code"]


def activate(page, button, phone):
    """Press 【点击激活】 or 【点击修改】, ask for the code, enter it."""
    page.get_by_role("link", name=button, exact=True).click()
    page.get_by_label("手机号码").fill(phone)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(received(phone))
    look(page, "phone-code")
    page.get_by_role("button", name="激活", exact=True).click()
    expect(page.locator(".flash.success")).to_contain_text(f"已激活手机号码{phone[:3]}****{phone[-4:]}")


@BOTH
def test_r9_three_ways_to_activate_a_phone(new_page, fujian):
    member = sign_in(new_page(PHONE), "赖福生")
    member.goto("/me/")
    look(member, "particulars")
    activate(member, "点击激活", "13911110001")

    other = sign_in(new_page(), "吴建平")
    other.goto("/identity/")
    look(other, "identity")
    activate(other, "点击激活", "13911110002")

    liaison = sign_in(new_page(), "军门第二支部联络员")
    liaison.goto(f"/members/edit/?id={fujian.member('王丽华').key}")
    activate(liaison, "点击修改", "13911110003")

    db.session.commit()
    found = [fujian.member(name) for name in ("赖福生", "吴建平", "王丽华")]
    assert [member.phone for member in found] == ["13911110001", "13911110002", "13911110003"]
    assert all(member.phone_activated_at for member in found)


@BOTH
def test_r10_a_grant_is_refused_and_works_once_the_phone_is_activated(new_page, fujian):
    admin = sign_in(new_page(), "省级管理员")
    place = f"/grants/?org={fujian.org(LONELY).id}"

    def grant():
        admin.goto(place)
        admin.get_by_role("link", name="新增", exact=True).click()
        pick(admin, "党员", "赖福生")
        admin.get_by_label("联络员").check()
        admin.get_by_role("button", name="保存").click()

    grant()
    expect(admin.locator("main")).to_contain_text("该党员尚未激活手机，不能授予联络员")
    admin.problems.clear()  # the browser notes the 422 of the refusal
    look(admin, "grant-refused")
    member = sign_in(new_page(), "赖福生")
    member.goto("/identity/")
    activate(member, "点击激活", "13911110001")
    grant()
    expect(admin.locator(".flash.success")).to_contain_text("赖福生的角色：联络员")
    assert fujian.actor_of("赖福生").liaison_paths


def apply(page):
    """陈国强 applies to go to 五龙村支部."""
    page.goto("/transfers/apply")
    pick(page, "党员", "陈国强")
    pick(page, "目的支部", VILLAGE)
    page.get_by_label("转出原因").fill("工作调动")
    page.get_by_label("党费缴纳至").fill(page.get_by_label("党费缴纳至").get_attribute("max"))
    page.get_by_role("button", name="上报").click()
    page.get_by_role("dialog").get_by_role("button", name="确认").click()


def refused(page, words):
    expect(page.locator("main")).to_contain_text(words)
    page.problems.clear()  # the browser notes the 422 of the refusal


@BOTH
def test_r21_what_a_liaison_must_leave_in_order(new_page, fujian):
    page = sign_in(new_page(), "陈国强")

    waiting = fujian.apply("林小雨", to=VILLAGE)  # (a)
    apply(page)
    refused(page, MANUAL)
    look(page, "r21-refused")
    page.goto(f"/transfers/{waiting.key}")
    press(page, "通过")

    fujian.without_liaison(BRANCH, but="陈国强")  # (b)
    fujian.member("林小雨").status = MemberStatus.NORMAL
    db.session.commit()
    apply(page)
    refused(page, f"陈国强是“{BRANCH}”唯一的联络员，而该组织还有其他党员")

    fujian.grant("林小雨", "liaison", BRANCH)  # (c): she is on her way already
    apply(page)
    refused(page, "至少要留有一名联络员办理流程")

    fujian.member("林小雨").status = MemberStatus.SUSPENDED  # (d): nobody else is left
    db.session.commit()
    apply(page)
    expect(page.locator(".flash.success")).to_contain_text("已上报")


def test_a_phone_signs_in_and_sets_a_new_password(new_page, fujian):
    page = new_page(PHONE)
    page.goto("/session/sign-in")
    page.get_by_role("link", name="忘记密码").click()
    look(page, "forgotten")
    page.get_by_label("手机号码").fill("13800000001")
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(received("13800000001"))
    look(page, "sign-in-code")
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("新密码", exact=True).fill("a new long one")
    page.get_by_label("再输入一次新密码").fill("a new long one")
    look(page, "new-password")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("密码已修改")


def test_r47_a_transfer_that_waits_too_long_is_urged(new_page, fujian):
    transfer = fujian.transfer("林小雨", BRANCH, to=VILLAGE, at="东街街道工委")
    transfer.arrived_at -= timedelta(days=4)
    db.session.commit()
    page = sign_in(new_page(PHONE), "林小雨")
    page.goto(f"/transfers/{transfer.key}")
    page.get_by_role("link", name="催办", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("24小时内只能催办一次")
    look(page, "urge")
    page.get_by_role("dialog").get_by_role("button", name="催办").click()
    expect(page.locator(".flash.success")).to_contain_text("已催办：短信将发给1名联络员")
    expect(page.locator("main")).to_contain_text("上次催办")
