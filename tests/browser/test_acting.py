"""R30 and R34 in Chromium: the confirm window, the chart by mouse and keyboard, the click that comes too late."""

import pytest
from playwright.sync_api import expect

from tests.browser.panel import look, pick, press, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def transfer(fujian):
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")


@pytest.fixture
def street(new_page, transfer):
    """The liaison of 东街街道工委 at the record."""
    page = sign_in(new_page(), "东街街道工委联络员")
    page.goto(f"/transfers/{transfer.key}")
    return page


def test_the_confirm_window_names_the_person_and_the_next_step(street):
    street.locator(".actbar").get_by_text("通过", exact=True).click()
    window = street.get_by_role("dialog")
    expect(window).to_contain_text("通过 林小雨 的转接？")
    expect(window).to_contain_text("古田镇党委")
    look(street, "confirm-window")
    window.get_by_text("取消").click()
    expect(window).to_be_hidden()


def test_r25_no_rejection_without_a_reason(street, fujian, transfer):
    street.locator(".actbar").get_by_text("驳回", exact=True).click()
    window = street.get_by_role("dialog")
    window.get_by_role("button", name="驳回").click()
    assert window.get_by_role("textbox").evaluate("box => box.validity.valueMissing")
    assert fujian.fresh(transfer).current_organization.name == "东街街道工委"


def test_r30_a_click_after_somebody_else_acted_is_told_what_happened(street, fujian, transfer):
    street.locator(".actbar").get_by_text("通过", exact=True).click()
    window = street.get_by_role("dialog")
    expect(window).to_contain_text("通过 林小雨 的转接？")
    fujian.person("林志强").reject(transfer, reason="党费未缴清")
    window.get_by_role("button", name="通过").click()
    expect(street.locator(".flash.error")).to_contain_text("林志强驳回")
    expect(street.locator(".pill").first).to_have_text("待军门社区总支审批")


def test_r30_a_window_that_can_no_longer_open_leads_to_the_fresh_record(street, fujian, transfer):
    fujian.person("林志强").approve(transfer)
    street.locator(".actbar").get_by_text("通过", exact=True).click()
    expect(street.locator(".flash.error")).to_contain_text("待古田镇党委审批")
    street.problems.clear()  # the browser notes the 409 that made the script follow the link


def test_r23_another_destination_is_looked_at_and_sent_again_in_one_go(new_page, fujian):
    transfer = fujian.apply("林小雨", to="五龙村支部")
    fujian.liaison_of("军门第一支部").reject(transfer)
    page = sign_in(new_page(), "林小雨")
    page.goto(f"/transfers/{transfer.key}/resubmit")
    pick(page, "目的支部", "旗汛口社区支部")
    expect(page.locator("[data-route]")).to_contain_text("旗汛口社区支部")
    page.get_by_role("button", name="上报", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="确认").click()
    expect(page.locator(".flash.success")).to_contain_text("已上报 林小雨 的转接")


def test_r44_after_an_objection_it_is_sent_to_another_branch(new_page, fujian):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="旗汛口社区支部", at="旗汛口社区支部")
    fujian.liaison_of("旗汛口社区支部").object(transfer)
    page = sign_in(new_page(), "东街街道工委联络员")
    page.goto(f"/transfers/{transfer.key}")
    page.locator(".actbar").get_by_text("改派", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("改派 林小雨 的转接？")
    pick(page, "改派到", "军门第二支部")
    page.get_by_label("改派说明（可不填）").fill("实际住在军门社区")
    look(page, "reassign")
    page.get_by_role("button", name="改派", exact=True).click()
    expect(page.locator(".flash.success")).to_contain_text("已改派 林小雨 的转接")
    expect(page.locator(".pill").first).to_have_text("待军门社区总支审批")
    look(page, "reassigned")


def test_r44_a_refused_choice_is_told_beside_the_field_and_kept(new_page, fujian):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="旗汛口社区支部", at="旗汛口社区支部")
    fujian.liaison_of("旗汛口社区支部").object(transfer)
    page = sign_in(new_page(), "东街街道工委联络员")
    page.goto(f"/transfers/{transfer.key}/ask/reassign")
    pick(page, "改派到", "旗汛口社区支部")
    page.get_by_role("button", name="改派", exact=True).click()
    expect(page.locator(".field .help.bad")).to_have_text("“旗汛口社区支部”就是现在的目的支部，请另选。")
    expect(page.get_by_role("combobox", name="改派到")).to_have_value("旗汛口社区支部")
    page.problems.clear()  # the browser notes the 422


def test_r34_the_contact_appears_on_hover_and_on_keyboard_focus(street):
    box = street.locator(".stop", has_text="古田镇党委")
    card = box.get_by_role("tooltip")
    expect(card).to_be_hidden()
    box.hover()
    expect(card).to_contain_text("王干事")
    street.mouse.move(0, 0)
    expect(card).to_be_hidden()
    box.get_by_role("link").focus()
    street.keyboard.press("Shift+Tab")
    street.keyboard.press("Tab")
    expect(card).to_be_visible()
    look(street, "contact-card")
    street.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_r34_a_click_on_the_name_shows_the_organization(street):
    street.locator(".stop", has_text="古田镇党委").get_by_role("link").click()
    window = street.get_by_role("dialog")
    expect(window).to_contain_text("一级党（工）委")
    expect(window).to_contain_text("福建省委 / 龙岩市委 / 上杭县委")
    look(street, "organization-window")
    window.get_by_text("关闭").click()
    expect(window).to_be_hidden()


def test_acting_from_the_list_comes_back_to_the_list(street):
    street.goto("/transfers/?tab=out&mine=1")
    press(street, "通过")
    expect(street.locator(".flash.success")).to_contain_text("待古田镇党委审批")
    assert street.url.endswith("/transfers/?tab=out&mine=1")


def test_an_answer_that_comes_late_does_not_change_the_question_that_is_open(street, transfer):
    street.goto(f"/transfers/{transfer.key}")
    held = []
    street.route("**/ask/approve*", lambda route: held.append(route))
    street.locator(".actbar").get_by_text("通过", exact=True).click()
    street.locator(".actbar").get_by_text("驳回", exact=True).click()
    reason = street.get_by_role("dialog").get_by_label("请填写驳回理由")
    reason.fill("党费未缴清")
    with street.expect_response("**/ask/approve*") as late:
        held[0].continue_()
    late.value.finished()
    street.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    expect(reason).to_have_value("党费未缴清")
    expect(street.get_by_role("dialog").get_by_role("button", name="驳回")).to_be_visible()


def test_everything_works_without_scripts(browser, live_server, transfer):
    context = browser.new_context(base_url=live_server.base_url, java_script_enabled=False)
    page = sign_in(context.new_page(), "东街街道工委联络员")
    page.goto(f"/transfers/{transfer.key}")
    page.locator(".actbar").get_by_text("驳回", exact=True).click()
    page.get_by_label("请填写驳回理由").fill("党费未缴清")
    page.get_by_role("button", name="驳回").click()
    expect(page.locator(".flash.success")).to_contain_text("待军门社区总支审批")
    context.close()
