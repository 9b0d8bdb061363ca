"""【转接类型】: the kinds of transfers in words, for everybody with a role, and no way to change them (R12-R14)."""

import pytest

from tests.views.panel import listed, post, sent, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR

INTRA, OUT = "/kinds/details/?id=intra", "/kinds/details/?id=out_of_province"


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, "东街街道工委联络员"])
def test_everybody_with_a_role_reads_them(visit, who):
    page = visit(who).get("/kinds/")
    assert listed(page) == ["跨省转入", "省内转接", "转出省外", "转到特殊组织"]
    assert "从转出支部向上逐级到“党（工）委审批” → 从“党（工）委审批”向下逐级到目的支部" in text_of(page)
    assert "每个环节 3 天" in text_of(page)


@pytest.mark.parametrize("who", ["林小雨", "郑晓东"])
def test_nobody_else_does(visit, who):
    assert visit(who).get("/kinds/").status_code == 403
    assert visit(who).get(INTRA).status_code == 403


def test_each_leg_with_its_stages_in_order(visit):
    said = text_of(visit(ADMIN).get(INTRA))
    legs = [
        "第1段 从转出支部向上逐级到“党（工）委审批” 转出方 党支部 转出支部审批 党总支 转出总支审批 "
        "党委、党工委 转出党（工）委审批",
        "第2段 从“党（工）委审批”向下逐级到目的支部 转入方 党支部 支部接收 党总支 转入总支审批 "
        "党委、党工委 转入党（工）委审批 两段共有的组织 党（工）委审批 异议反馈（目的支部）",
        "第3段 由目的支部办理“支部确认报到” 转入方 目的支部 支部确认报到 确认报到、异议反馈（目的支部）",
    ]
    assert " ".join(legs) in said


def test_leaving_the_province_ends_with_who_approved_last(visit):
    said = text_of(visit(ADMIN).get(OUT))
    assert "从转出支部向上逐级到“县委审批”" in said and "末个组织 转出审批" in said
    assert "由前一段的末个组织办理“确认党员报到”" in said


def test_entering_begins_with_who_registers_it(visit):
    said = text_of(visit(ADMIN).get("/kinds/details/?id=entering"))
    assert "第1段 由登记组织办理“转入申请” 转出方 登记组织 转入申请" in said
    assert "第2段 从“县委审批”向下逐级到目的支部" in said and "末个组织 转入审批 异议反馈（目的支部）" in said


def test_nobody_changes_them(visit):
    visitor, before = visit(ADMIN), snapshot()
    pages = [visitor.get(path).text.split("<main")[1] for path in ("/kinds/", INTRA)]
    assert "新增" not in pages[0] and "修改" not in pages[1]
    assert visitor.get("/kinds/new/").status_code == 404
    assert visitor.get("/kinds/edit/?id=intra").status_code == 404
    assert post(visitor, "/kinds/edit/?id=intra", name="改名", version="1").status_code == 404
    assert post(visitor, "/kinds/delete/", id="intra").status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("nonsense", ["", "none", "%00", "1"])
def test_a_kind_that_is_none_is_not_found(visit, nonsense):
    assert visit(ADMIN).get(f"/kinds/details/?id={nonsense}").status_code == 404


def test_the_list_costs_one_statement_for_all_rules(visit):
    visitor = visit(ADMIN)
    visitor.get("/kinds/")
    with sent() as statements:
        visitor.get("/kinds/")
    assert len([statement for statement, _parameters in statements if "FROM stage_rule" in statement]) == 1
