"""An auditor's walk in Chromium: filter, open an entry, verify all, export; wide and on the phone."""

import threading

import pytest
from playwright.sync_api import expect

from admin_views import proving
from models import OrganizationKind, RoleCode
from tests.browser.panel import look, sign_in
from tests.support.browser import DESKTOP, PHONE
from tests.views.auditing import behind_its_back
from tests.world import ADMIN, AUDITOR
from workflow import grants, history, organizations
from workflow.transaction import transaction

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"


@pytest.fixture
def past(fujian):
    """A transfer that was turned back once and completed, one replanned, one that waits; a level that was set."""
    transfer = fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)
    fujian.liaison_of(STREET).reject(transfer, reason="党费未缴清，请补缴到本月后再报。")
    fujian.complete(transfer)
    other = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=VILLAGE, at="安泰街道工委")
    fujian.set_level("安泰街道工委", 6)
    fujian.admin.replan(other)
    fujian.transfer("何俊杰", "鼓楼区委直属支部", to=VILLAGE, at="鼓楼区委")
    admin = fujian.actor_of(ADMIN)
    with transaction():
        organizations.set_level(admin, fujian.org("永福镇党委"), 6)
        organizations.change_organization(
            admin, fujian.org("花园弄社区支部"), parent_id=fujian.org(STREET).id, contact_phone="0591-87001234"
        )
        grants.grant(admin, fujian.account("黄志明"), RoleCode.LIAISON, fujian.org(VILLAGE))
        organizations.create_organization(
            admin, code="new1", name="新设支部", kind=OrganizationKind.BRANCH, parent_id=fujian.org(STREET).id,
            level_rank=7, contact_name="陈干事", contact_phone="13912345678", is_active=True,
        )  # fmt: skip
    return transfer


@SIZES
def test_an_auditor_filters_opens_an_entry_verifies_all_and_exports(new_page, past, size, monkeypatch):
    monkeypatch.setattr(proving, "TRANSFERS_A_PART", 1)
    page = sign_in(new_page(size), AUDITOR)
    page.goto("/history/")
    look(page, "history")

    page.get_by_label("全部操作").select_option("驳回")
    expect(page.locator("tbody tr")).to_have_count(1)
    look(page, "history-filtered")
    page.locator("tbody a.who").click()
    expect(page.locator("h1")).to_have_text("驳回 · 林小雨")
    expect(page.get_by_text("整条留痕链完好")).to_be_visible()
    look(page, "history-entry")
    page.goto("/history/?action=replan")
    page.locator("tbody a.who").click()
    expect(page.get_by_text("变更内容")).to_be_visible()
    look(page, "history-replan")

    page.goto("/history/")
    page.get_by_role("link", name="核验全部留痕").click()
    expect(page.locator("[data-progress]")).to_have_text("核验完毕，共核验 14 条留痕。")
    look(page, "history-verified")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出").click()
    assert "林小雨" in download.value.path().read_text(encoding="utf-8-sig")

    page.goto("/audit/")
    look(page, "audit")
    page.get_by_label("全部事件").select_option("新增组织")
    page.locator("tbody a.who").first.click()
    expect(page.locator("table.changes")).to_contain_text("东街街道工委")
    look(page, "audit-created")
    assert "13912345678" not in page.content()
    page.goto("/audit/")
    page.get_by_label("全部事件").select_option("导出")
    page.locator("tbody a.who").first.click()
    expect(page.locator("h1")).to_contain_text("导出 · 操作留痕")
    look(page, "audit-entry")


@pytest.fixture
def auditor(new_page, past, monkeypatch):
    """An auditor at the history, whose walk goes transfer by transfer."""
    monkeypatch.setattr(proving, "TRANSFERS_A_PART", 1)
    page = sign_in(new_page(), AUDITOR)
    page.goto("/history/")
    return page


def test_a_walk_is_stopped_and_goes_on_from_there(auditor, monkeypatch):
    may_go_on, walk_on = threading.Event(), history.verify_batch

    def waiting(after, transfers):
        assert after == 0 or may_go_on.wait(10)
        return walk_on(after, transfers)

    monkeypatch.setattr(history, "verify_batch", waiting)
    auditor.get_by_role("link", name="核验全部留痕").click()
    auditor.get_by_role("button", name="停下").click()
    may_go_on.set()
    expect(auditor.get_by_role("status")).to_have_text("已核验 12 条留痕")
    auditor.get_by_role("link", name="继续核验").click()
    expect(auditor.locator("[data-progress]")).to_have_text("核验完毕，共核验 14 条留痕。")


def test_an_interrupted_walk_says_so_and_keeps_what_it_has(auditor):
    auditor.route("**/history/verify?walk=*", lambda route: route.abort())
    auditor.get_by_role("link", name="核验全部留痕").click()
    expect(auditor.locator(".prove .note")).to_contain_text("核验中断")
    look(auditor, "history-interrupted")
    auditor.unroute("**/history/verify?walk=*")
    auditor.get_by_role("link", name="继续核验").click()
    expect(auditor.locator("[data-progress]")).to_have_text("核验完毕，共核验 14 条留痕。")
    auditor.problems.clear()  # the browser notes the request that was cut off


@SIZES
def test_a_broken_entry_is_found_and_opened(new_page, past, fujian, size):
    broken = fujian.entries(past)[3]
    behind_its_back("UPDATE history_entry SET opinion = '同意' WHERE id = :id", id=broken.id)
    page = sign_in(new_page(size), AUDITOR)
    page.goto("/history/")
    page.get_by_role("link", name="核验全部留痕").click()
    expect(page.locator(".findings")).to_contain_text("内容已被改动")
    look(page, "history-broken")
    page.locator(".findings a").click()
    expect(page.get_by_text("本条异常")).to_be_visible()
    look(page, "history-entry-broken")


def test_without_scripts_each_part_is_a_click(browser, live_server, past, monkeypatch):
    monkeypatch.setattr(proving, "TRANSFERS_A_PART", 1)
    context = browser.new_context(base_url=live_server.base_url, java_script_enabled=False)
    page = sign_in(context.new_page(), AUDITOR)
    page.goto("/history/")
    page.get_by_role("link", name="核验全部留痕").click()
    for _part in range(2):
        page.get_by_role("link", name="继续核验").click()
    expect(page.locator("[data-progress]")).to_have_text("核验完毕，共核验 14 条留痕。")
    context.close()
