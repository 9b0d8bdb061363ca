"""【数据体检】: each finding leads to where it is mended, and old flows are planned again in one click (R16)."""

import pytest

from tests.views.transfer_panel import text_of


def test_each_line_says_what_it_will_cause_and_leads_there(fujian, visit):
    fujian.without_liaison("旗汛口社区支部")
    page = visit("省级管理员").get("/checkup/")
    said = text_of(page)
    assert "经过它们的转接会继续往上流转" in said and "送到这里的转接无人可以办理" in said
    assert f'href="/level-setting/?org={fujian.org("安泰街道工委").id}">安泰街道工委' in page.text
    assert f'href="/organizations/details/?id={fujian.org("旗汛口社区支部").id}">旗汛口社区支部' in page.text


def test_a_liaison_sees_the_own_subtree(fujian, visit):
    page = visit("上杭县委联络员").get("/checkup/")
    assert "没有发现问题" in text_of(page)
    assert "安泰街道工委" not in page.text


@pytest.mark.parametrize("username", ["林小雨", "郑晓东"])
def test_it_is_for_those_who_read_a_scope(fujian, visit, username):
    assert visit(username).get("/checkup/").status_code == 403


def test_an_auditor_reads_it_and_mends_nothing(fujian, visit):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")
    fujian.set_level("东街街道工委", None)
    page = visit("审计员").get("/checkup/")
    assert f"/transfers/{transfer.key}" in page.text and "东街街道工委" in text_of(page)
    assert "全部重新规划" not in text_of(page) and "/level-setting/" not in page.text.split("<main")[1]
    assert visit("审计员").post("/checkup/replan").status_code == 403


def test_r16_old_flows_are_planned_again_in_one_click(fujian, visit):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")
    fujian.set_level("东街街道工委", None)
    visitor = visit("省级管理员")
    assert f"/transfers/{transfer.key}" in visitor.get("/checkup/").text
    visitor.post("/checkup/replan")
    said = text_of(visitor.get("/checkup/"))
    assert "已重新规划 1 条转接的流程" in said and "流程与现行数据不一致的转接 从下一次" not in said
    assert "鼓楼区委" in fujian.route_names(fujian.fresh(transfer))


def test_r16_a_flow_that_cannot_be_planned_stays_listed_with_the_reason(fujian, visit):
    fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")
    fujian.deactivate("古田镇党委")
    visitor = visit("省级管理员")
    visitor.post("/checkup/replan")
    assert "途经的组织“古田镇党委”已停用" in text_of(visitor.get("/checkup/"))
