"""What a change of data does to routes is foreseen, exactly, and nothing of it stays (R5, R12, R16)."""

import pytest
from sqlalchemy import select, true

from models import AuditEntry, Organization, OrganizationKind, PermissionLevel, Qualification, db
from tests.world import fujian
from workflow import organizations, outlook, planning, routes
from workflow.errors import RuleError
from workflow.policy import EVERYTHING

__all__ = ["fujian"]

STREET = "东街街道工委"


@pytest.fixture
def transfer(fujian):
    """林小雨's, waiting at 军门社区总支."""
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")


def foreseen(fujian, name, change):
    db.session.commit()
    organization = fujian.org(name)
    return outlook.foresee(organization, lambda: change(organization))


def without_level(actor):
    return lambda organization: organizations.set_level(actor, organization, None)


def test_r16_a_level_taken_away_makes_the_ways_of_three_branches_longer(transfer, fujian, admin):
    seen = foreseen(fujian, STREET, without_level(admin))
    assert (seen.branches_changed, seen.branches_lost) == (3, 0)


def test_r16_the_running_transfer_is_told_with_its_way_before_and_after(transfer, fujian, admin):
    (change,) = foreseen(fujian, STREET, without_level(admin)).transfers
    assert change.member_name == "林小雨"
    assert change.before == ("军门社区总支", STREET, "古田镇党委", "五龙村支部", "五龙村支部")
    assert change.after == ("军门社区总支", STREET, "鼓楼区委", "古田镇党委", "五龙村支部", "五龙村支部")


def test_nothing_of_it_stays(transfer, fujian, admin):
    entries = len(db.session.scalars(select(AuditEntry.id)).all())
    foreseen(fujian, STREET, without_level(admin))
    assert fujian.org(STREET).level_rank == 6
    assert len(db.session.scalars(select(AuditEntry.id)).all()) == entries


def test_r12_branches_that_would_have_no_way_up_are_counted(fujian, admin):
    for name in ("鼓楼区委", "福州市委", "福建省委"):
        fujian.set_level(name, None)
    seen = foreseen(fujian, STREET, without_level(admin))
    assert (seen.branches_changed, seen.branches_lost) == (3, 3)


def test_r12_a_transfer_without_a_way_on_says_why(transfer, fujian, admin):
    for name in ("鼓楼区委", "福州市委", "福建省委"):
        fujian.set_level(name, None)
    (change,) = foreseen(fujian, STREET, without_level(admin)).transfers
    assert change.after == () and "军门第一支部" in str(change.refusal)


def test_r5_moving_an_organization_is_foreseen_at_both_ends(transfer, fujian, admin):
    fujian.set_level(STREET, None)
    county = fujian.org("上杭县委").id
    seen = foreseen(fujian, STREET, lambda street: organizations.change_organization(admin, street, parent_id=county))
    assert seen.branches_changed == 3
    assert "上杭县委" in seen.transfers[0].after
    assert fujian.org(STREET).path.startswith(fujian.org("鼓楼区委").path)


def test_r2_a_qualification_taken_from_a_level_concerns_everybody(transfer, fujian, admin):
    db.session.commit()
    level = db.session.get(PermissionLevel, 6)
    seen = outlook.foresee(None, lambda: organizations.change_level(admin, level, approves_committee=False))
    assert seen.branches_changed == 6
    assert seen.transfers[0].after[-5:] == ("鼓楼区委", "上杭县委", "古田镇党委", "五龙村支部", "五龙村支部")
    assert db.session.get(PermissionLevel, 6, populate_existing=True).approves_committee


def test_r5_a_change_that_is_refused_is_refused_here_too(fujian, admin):
    with pytest.raises(RuleError) as refused:
        foreseen(fujian, STREET, lambda street: organizations.set_level(admin, street, 5))
    assert refused.value.rule == "R5"
    assert fujian.org(STREET).level_rank == 6


def test_r17a_a_level_taken_from_what_is_only_passed_changes_no_way(fujian, admin):
    fujian.apply("罗永福", "五龙村支部")
    assert foreseen(fujian, "鼓楼区医院党委", without_level(admin)).is_empty


def test_a_change_of_a_name_does_nothing_to_routes(transfer, fujian, admin):
    assert foreseen(
        fujian, STREET, lambda street: organizations.change_organization(admin, street, name="东街党工委")
    ).is_empty


def test_what_is_foreseen_is_named_by_what_it_says(transfer, fujian, admin):
    first = foreseen(fujian, STREET, without_level(admin)).mark
    again = foreseen(fujian, STREET, without_level(admin)).mark
    fujian.liaison_of("军门社区总支").approve(transfer)
    later = foreseen(fujian, STREET, without_level(admin)).mark
    assert first == again != later


def test_r16_a_transfer_on_its_old_way_is_stale_until_it_is_planned_again(transfer, fujian, admin):
    fujian.set_level(STREET, None)
    assert [way.key for way in outlook.stale(EVERYTHING)] == [transfer.key]
    assert outlook.replan_all([transfer.key], admin) == (1, 0)
    assert outlook.stale(EVERYTHING) == []


def test_r16_only_ones_own_subtree_is_looked_at(transfer, fujian):
    fujian.set_level(STREET, None)
    assert [way.key for way in outlook.stale([fujian.org("鼓楼区委").path])] == [transfer.key]
    assert [way.key for way in outlook.stale([fujian.org("上杭县委").path])] == [transfer.key]
    assert outlook.stale([fujian.org("漳平市委").path]) == []


def test_r16_what_the_actor_may_not_plan_again_is_counted_as_left(transfer, fujian):
    fujian.set_level(STREET, None)
    assert outlook.replan_all([transfer.key], fujian.actor_of("林小雨")) == (0, 1)


@pytest.mark.parametrize("until", list(Qualification))
def test_r12_the_quick_chain_is_the_planners_chain(fujian, until):
    fujian.set_level("福州市委", None)
    fujian.deactivate("安泰街道工委")
    nodes = planning.load_nodes(true())
    quick = outlook.chains(nodes, until)
    branches = db.session.scalars(select(Organization.id).where(Organization.kind == OrganizationKind.BRANCH)).all()
    assert {branch: ids(quick(branch)) for branch in branches} == {
        branch: climbed(branch, until, nodes) for branch in branches
    }


def ids(chain) -> list[int]:
    """The organizations of nested tuples, from the branch up."""
    return [chain[0], *ids(chain[1])] if chain else []


def climbed(branch, until, nodes) -> list[int]:
    try:
        return [node.id for node in routes.chain(branch, until, nodes)]
    except RuleError:
        return []
