"""R31, R48: each action leaves one entry, which is never changed, and a chain that proves it."""

import pytest
from sqlalchemy import text

from models import HistoryEntry, db
from tests.scenarios.telling import refused
from workflow import history

A, B = "军门第一支部", "五龙村支部"
# How somebody with rights over the database takes the guards away.
UNGUARDED = {
    "sqlite": ("DROP TRIGGER history_entry_no_update", "DROP TRIGGER history_entry_no_delete"),
    "postgresql": ("DROP TRIGGER history_entry_append_only ON history_entry",),
}


def words(entry) -> tuple[str, ...]:
    """An entry in the manual's words: action, who, for whom, from, to, opinion."""
    return (
        entry.action.label,
        entry.actor_name,
        entry.actor_organization_name,
        entry.from_organization_name,
        entry.to_organization_name,
        entry.opinion,
    )


# --- R31: what an entry says ---


def test_r31_each_action_leaves_one_entry(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    fujian.liaison_of(B).object(transfer)
    fujian.liaison_of("古田镇党委").reject(transfer, reason="支部不接收")
    fujian.liaison_of("东街街道工委").approve(transfer)
    assert fujian.history(transfer) == ["上报", "通过", "通过", "通过", "通过", "通过", "异议反馈", "驳回", "通过"]
    assert [entry.sequence for entry in fujian.entries(transfer)] == list(range(1, 10))


def test_r31_上报_by_the_member(fujian):
    entry = fujian.entries(fujian.apply("林小雨", to=B))[0]
    assert words(entry) == ("上报", "林小雨", A, "", A, "")
    assert (entry.rule, entry.from_stage, entry.to_stage.label) == ("R23", None, "转出支部审批")


def test_r31_上报_by_a_liaison(fujian):
    entry = fujian.entries(fujian.person("林志强").apply("林小雨", to=B))[0]
    assert words(entry) == ("上报", "林志强", "东街街道工委", "", A, "")


def test_r31_通过(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer, opinion="同意")
    entry = fujian.entries(transfer)[-1]
    assert words(entry) == ("通过", "陈国强", A, A, "军门社区总支", "同意")
    assert (entry.rule, entry.from_stage.label, entry.to_stage.label) == ("R24", "转出支部审批", "转出总支审批")


def test_r31_驳回(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="古田镇党委")
    fujian.liaison_of("古田镇党委").reject(transfer, reason="党费未缴清")
    entry = fujian.entries(transfer)[-1]
    who = "古田镇党委（虚拟管理员）"
    assert words(entry) == ("驳回", who, "古田镇党委", "古田镇党委", "东街街道工委", "党费未缴清")
    assert entry.rule == "R25"


def test_r31_撤回_by_the_applicant(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    entry = fujian.entries(transfer)[-1]
    assert words(entry) == ("撤回", "林小雨", A, A, "", "")
    assert (entry.rule, entry.to_stage) == ("R26", None)


def test_r31_撤回_by_who_approved(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.liaison_of("军门社区总支").withdraw(transfer)
    who = "军门社区总支（虚拟管理员）"
    assert words(fujian.entries(transfer)[-1]) == ("撤回", who, "军门社区总支", "东街街道工委", "军门社区总支", "")


def test_r31_作废(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").void(transfer)
    assert words(fujian.entries(transfer)[-1]) == ("作废", "林小雨", A, "", "", "")


def test_r31_确认报到(fujian):
    transfer = fujian.complete(fujian.apply("林小雨", to=B))
    entry = fujian.entries(transfer)[-1]
    assert words(entry) == ("确认报到", f"{B}（虚拟管理员）", B, B, "", "")
    assert (entry.rule, entry.from_stage.label) == ("R28", "支部确认报到")


def test_r31_names_stay_as_they_were(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    fujian.org("军门社区总支").name = "新军门社区总支"
    fujian.member("陈国强").name = "陈国富"
    db.session.commit()
    assert words(fujian.entries(transfer)[-1]) == ("通过", "陈国强", A, A, "军门社区总支", "")


def test_r31_a_refused_action_leaves_none(fujian):
    transfer = fujian.apply("林小雨", to=B)
    with refused("R25"):
        fujian.liaison_of(A).reject(transfer, reason="")
    assert fujian.history(transfer) == ["上报"]


# --- R48: the chain ---


@pytest.fixture
def transfer(fujian):
    """A transfer with four entries and one of another member, each with a chain of its own."""
    fujian.transfer("陈国强", A, to=B, at="军门社区总支")
    return fujian.transfer("林小雨", A, to=B, at="古田镇党委")


def behind_its_back(statement: str, **values) -> None:
    """Run a statement that the triggers would refuse."""
    for drop in UNGUARDED[db.engine.dialect.name]:
        db.session.execute(text(drop))
    db.session.execute(text(statement), values)
    db.session.commit()
    db.session.expire_all()


def problems(transfer) -> list[tuple[int, str]]:
    """What verifying finds in the chain of this transfer; nothing may be found in any other."""
    found = list(history.verify())
    assert {identity for identity, _, _ in found} <= {transfer.id}
    assert list(history.verify(transfer.id)) == found
    return [(sequence, problem) for _, sequence, problem in found]


def test_r48_what_was_not_changed_verifies(transfer):
    assert problems(transfer) == []


def test_r48_each_entry_carries_the_hash_of_the_one_before(fujian, transfer):
    entries = fujian.entries(transfer)
    assert [entry.previous_hash for entry in entries] == ["0" * 64, *(entry.hash for entry in entries[:-1])]


@pytest.mark.parametrize(
    "change",
    [
        "opinion = '同意'",
        "path = ''",
        "member_name = '别人'",
        "actor_name = '别人'",
        "actor_id = 1",
        "actor_organization_id = 1",
        "actor_organization_name = '别的支部'",
        "action = 'reject'",
        "rule = 'R99'",
        "at = '2020-01-01 00:00:00.000000'",
        "from_stage = 'committee'",
        "from_organization_id = 1",
        "from_organization_name = '别的支部'",
        "to_stage = 'committee'",
        "to_organization_id = 1",
        "to_organization_name = '别的支部'",
        "details = '{\"own\": true}'",
    ],
)
def test_r48_any_change_is_found(transfer, change):
    behind_its_back(f"UPDATE history_entry SET {change} WHERE transfer_id = :id AND sequence = 2", id=transfer.id)
    assert problems(transfer) == [(2, "内容已被改动")]


def test_r48_a_change_with_a_new_hash_breaks_the_chain(transfer):
    entry = db.session.query(HistoryEntry).filter_by(transfer_id=transfer.id, sequence=2).one()
    entry.opinion = "同意"
    forged = history.digest(entry)
    db.session.rollback()
    change = "UPDATE history_entry SET opinion = '同意', hash = :hash WHERE id = :id"
    behind_its_back(change, id=entry.id, hash=forged)
    assert problems(transfer) == [(3, "与上一条留痕不相连")]


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_r48_a_missing_entry_is_found(transfer, sequence):
    behind_its_back(
        "DELETE FROM history_entry WHERE transfer_id = :id AND sequence = :sequence", id=transfer.id, sequence=sequence
    )
    assert problems(transfer) == [(sequence + 1, "前面缺少留痕")]


def test_r48_an_entry_hung_behind_another_record_is_found(fujian, transfer):
    other = fujian.apply("王丽华", to=B)
    behind_its_back(
        "UPDATE history_entry SET transfer_id = :other WHERE transfer_id = :id AND sequence = 4",
        other=other.id,
        id=transfer.id,
    )
    assert {identity for identity, _, _ in history.verify()} == {transfer.id, other.id}
