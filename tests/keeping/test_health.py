"""数据体检: each kind of trouble is found, by name, with the planner's reason, and only in the own subtree."""

import pytest
from sqlalchemy import update

from models import Member, db
from tests.world import fujian
from workflow import health
from workflow.policy import EVERYTHING

__all__ = ["fujian"]


def names(code, paths=EVERYTHING) -> list[str]:
    db.session.commit()
    return [finding.name for finding in found(code, paths).findings]


def found(code, paths=EVERYTHING):
    return next(check for check in health.check(paths) if check.code == code)


def test_r3_committees_without_a_level(fujian):
    assert names("unset") == ["安泰街道工委", "漳平市委", "永福镇党委"]


def test_r5_levels_out_of_order_say_what_collides(fujian):
    fujian.set_level("安泰街道工委", 5)
    assert names("order") == ["安泰街道工委"]
    assert "鼓楼区委" in str(found("order").findings[0].words)


def test_r12_branches_that_cannot_be_planned_say_why(fujian):
    for name in ("龙岩市委", "福建省委"):
        fujian.set_level(name, None)
    assert names("unplannable") == ["龙车村支部"]
    assert "没有任何组织设置了" in str(found("unplannable").findings[0].words)


def test_r12_a_deactivated_organization_on_the_way_is_named(fujian):
    fujian.deactivate("军门社区总支")
    assert names("unplannable") == ["军门第一支部", "军门第二支部"]
    assert "军门社区总支" in str(found("unplannable").findings[0].words)


def test_r14_branches_that_cannot_leave_the_province(fujian):
    for name in ("上杭县委", "龙岩市委", "福建省委"):
        fujian.set_level(name, None)
    assert "五龙村支部" in names("no_leaving") and "五龙村支部" not in names("unplannable")


def test_r45_organizations_without_an_effective_liaison(fujian):
    assert names("no_liaison") == []
    fujian.without_liaison("旗汛口社区支部", but="吴建平")  # whose grant sleeps
    fujian.without_liaison("军门第一支部", but="陈国强")
    assert names("no_liaison") == ["旗汛口社区支部"]


def test_r1_members_who_belong_to_no_branch(fujian):
    street = fujian.org("东街街道工委")
    db.session.execute(update(Member).where(Member.name == "林小雨").values(organization_id=street.id))
    fujian.deactivate("龙车村支部")
    assert names("homeless") == ["林小雨", "赖福生"]


def test_r16_running_transfers_that_are_on_an_old_way(fujian):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")
    assert names("stale") == []
    fujian.set_level("东街街道工委", None)
    assert names("stale") == ["林小雨"]
    assert found("stale").findings[0].transfer_key == transfer.key


@pytest.mark.parametrize(("name", "unset"), [("福州市委", ["安泰街道工委"]), ("上杭县委", [])])
def test_only_ones_own_subtree_is_checked(fujian, name, unset):
    assert names("unset", (fujian.org(name).path,)) == unset


def test_the_count_goes_on_where_the_list_ends(fujian, monkeypatch):
    monkeypatch.setattr(health, "SHOWN", 1)
    check = found("unset")
    assert (len(check.findings), check.count) == (1, 3)
