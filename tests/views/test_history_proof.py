"""【核验全部留痕】: what a walk over all chains finds, shows and costs (R48)."""

import pytest

from admin_views import proving
from tests.views.auditing import LIST, STREET, VILLAGE, behind_its_back, entries, more_history, moving, page_of
from tests.views.panel import snapshot
from tests.views.transfer_panel import statements, text_of
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR

__all__ = ["entries", "moving"]
STREET_LIAISON = f"{STREET}联络员"
FETCH = {"X-Requested-With": "fetch"}


def walked(visitor, path="/history/verify", **more):
    """The pages of a walk to its end, one click on 继续核验 a part."""
    pages = [visitor.get(path, **more)]
    while "data-more" in pages[-1].text:
        mark = pages[-1].text.split("data-more href=")[1].split('"')[1]
        pages.append(visitor.get(mark, **more))
    return pages


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, CITY_AUDITOR])
def test_auditors_and_provincial_admins_prove_the_whole_history(moving, visit, who):
    visitor = visit(who)
    assert "核验全部留痕" in text_of(visitor.get(LIST))
    page = text_of(visitor.get("/history/verify"))
    assert "核验完毕，共核验 7 条留痕。" in page and "全部完好" in page


def test_a_liaison_does_not(moving, visit):
    visitor = visit(STREET_LIAISON)
    assert "核验全部留痕" not in text_of(visitor.get(LIST))
    assert visitor.get("/history/verify").status_code == 403


def test_without_any_history_there_is_nothing_to_find(fujian, visit):
    assert "共核验 0 条留痕" in text_of(visit(AUDITOR).get("/history/verify"))


def test_it_goes_part_by_part_and_tells_how_far_it_is(moving, fujian, visit, monkeypatch):
    monkeypatch.setattr(proving, "TRANSFERS_A_PART", 1)
    for name in ("陈国强", "郭雅婷"):
        fujian.apply(name, VILLAGE)
    pages = walked(visit(AUDITOR))
    told = [text_of(page) for page in pages]
    assert ["已核验 7 条" in told[0], "已核验 8 条" in told[1], "核验完毕，共核验 9 条留痕" in told[2]] == [True] * 3
    assert [page.text.split('max="100" value="')[1].split('"')[0] for page in pages] == ["33", "66", "100"]


def test_each_broken_entry_is_named_with_a_link(moving, entries, fujian, visit, monkeypatch):
    monkeypatch.setattr(proving, "TRANSFERS_A_PART", 1)
    other = fujian.apply("陈国强", VILLAGE)
    behind_its_back("UPDATE history_entry SET rule = 'R1' WHERE id = :id", id=entries[3].id)
    last = walked(visit(AUDITOR))[-1]
    assert f'<a href="{page_of(entries[3])}">{moving.number}</a>' in last.text
    assert "第 4 条： 内容已被改动" in text_of(last) and "发现 1 处异常" in text_of(last)
    assert other.number not in last.text


def test_a_history_that_is_gone_leads_to_its_record(moving, visit):
    behind_its_back("DELETE FROM history_entry WHERE transfer_id = :id", id=moving.id)
    page = visit(AUDITOR).get("/history/verify")
    assert f'<a href="/transfers/{moving.key}">{moving.number}</a>' in page.text
    assert "留痕全部缺失" in text_of(page)


def test_the_end_that_was_cut_off_is_found(moving, entries, visit):
    behind_its_back("DELETE FROM history_entry WHERE id = :id", id=entries[-1].id)
    page = text_of(visit(AUDITOR).get("/history/verify"))
    assert "第 6 条： 后面缺少留痕" in page


def test_what_lies_out_of_scope_is_only_counted(fujian, visit):
    transfer = fujian.apply("黄志明", "古田镇机关支部")
    behind_its_back("UPDATE history_entry SET rule = 'R1' WHERE transfer_id = :id", id=transfer.id)
    page = visit(CITY_AUDITOR).get("/history/verify")
    assert "发现 1 处异常" in text_of(page) and "另有 1 处没有列出，或不在您的管理范围内" in text_of(page)
    assert transfer.number not in page.text and "/history/details/" not in page.text


def test_many_breaks_are_counted_and_the_first_named(moving, entries, visit, monkeypatch):
    monkeypatch.setattr(proving, "NAMED", 3)
    behind_its_back("UPDATE history_entry SET rule = 'R1'")
    page = visit(AUDITOR).get("/history/verify")
    assert "发现 7 处异常" in text_of(page) and "另有 4 处没有列出" in text_of(page)
    assert page.text.count('<a href="/history/details/') == 3


@pytest.mark.parametrize("mark", ["x", "WzksNywwLFtdXQ.abc", "%00", "é"])
def test_nobody_can_make_an_address_that_claims_a_walk(moving, visit, mark):
    behind_its_back("UPDATE history_entry SET rule = 'R1'")
    assert "发现 7 处异常" in text_of(visit(AUDITOR).get(f"/history/verify?walk={mark}"))


def test_a_script_gets_the_panel_alone(moving, visit):
    page = visit(AUDITOR).get("/history/verify", headers=FETCH)
    assert "核验完毕" in page.text and "<html" not in page.text


def test_a_walk_changes_nothing(moving, visit):
    visitor, before = visit(AUDITOR), snapshot()
    walked(visitor)
    assert snapshot() == before


def test_a_part_costs_as_many_statements_for_a_long_history_as_for_a_short_one(moving, entries, visit):
    visitor = visit(AUDITOR)
    with statements() as few:
        visitor.get("/history/verify")
    more_history(entries[-1], 200)
    with statements() as many:
        visitor.get("/history/verify")
    assert len(many) <= len(few) + 2  # two more for what it names: broken entries, and transfers without any
