"""`flask history verify`: a chain that was changed behind the database's back is named (R48)."""

import pytest
from sqlalchemy import delete, text, update

from models import HistoryAction, HistoryEntry, db
from workflow import history

# R31: the triggers are the real guard; whoever gets past them is found by the chain.
DROPS = {
    "sqlite": ["DROP TRIGGER history_entry_no_update", "DROP TRIGGER history_entry_no_delete"],
    "postgresql": ["DROP TRIGGER history_entry_append_only ON history_entry"],
}


@pytest.fixture
def unguarded(app, backend) -> None:
    """The database of the test without its guard."""
    for statement in DROPS[backend]:
        db.session.execute(text(statement))
    db.session.commit()


@pytest.fixture
def entries(unguarded, fujian) -> list[HistoryEntry]:
    """Four entries of one transfer, and another transfer beside it."""
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="古田镇党委")
    fujian.transfer("何俊杰", "鼓楼区委直属支部", to="五龙村支部", at="鼓楼区委")
    return fujian.entries(transfer)


def change(entry: HistoryEntry, **values: object) -> None:
    db.session.execute(update(HistoryEntry).where(HistoryEntry.id == entry.id).values(**values))
    db.session.commit()


def remove(*entries: HistoryEntry) -> None:
    db.session.execute(delete(HistoryEntry).where(HistoryEntry.id.in_([entry.id for entry in entries])))
    db.session.commit()


def named(outcome) -> list[tuple[int, int]]:
    """(transfer, entry) of each line on standard error: `transfer 1, entry 2: ...`."""
    words = [line.partition(":")[0].split() for line in outcome.errors]
    return [(int(line[1].rstrip(",")), int(line[3])) for line in words]


def test_r48_a_whole_history_is_verified(run, entries):
    outcome = run("history", "verify")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out


def test_r48_no_history_at_all_is_no_break(run):
    assert run("history", "verify").status == 0


@pytest.mark.parametrize(
    "values",
    [
        {"opinion": "同意（后补）"},
        {"actor_name": "别人"},
        {"action": HistoryAction.REJECT},
        {"to_organization_name": "别处"},
        {"details": {"own": True}},
        {"hash": "f" * 64},
    ],
    ids=lambda values: next(iter(values)),
)
def test_r48_a_changed_entry_is_named_and_the_exit_status_is_1(run, entries, values):
    change(entries[-1], **values)
    outcome = run("history", "verify")
    assert (outcome.status, outcome.out) == (1, "")
    assert named(outcome)[0] == (entries[-1].transfer_id, 4)
    assert {transfer for transfer, _ in named(outcome)} == {entries[-1].transfer_id}


def test_r48_an_entry_changed_together_with_its_hash_no_longer_fits_the_next_one(run, entries):
    entry = db.session.get(HistoryEntry, entries[1].id)
    entry.opinion = "同意（后补）"
    entry.hash = history.digest(entry)
    db.session.commit()
    outcome = run("history", "verify")
    assert (outcome.status, named(outcome)) == (1, [(entries[1].transfer_id, 3)])


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_r48_where_an_entry_was_deleted_the_one_behind_the_gap_is_named(run, entries, gone):
    remove(entries[gone])
    outcome = run("history", "verify")
    assert (outcome.status, named(outcome)) == (1, [(entries[0].transfer_id, gone + 2)])


def test_r48_the_deleted_end_of_a_history_is_found_too(run, entries):
    remove(entries[-1])
    outcome = run("history", "verify")
    assert outcome.status == 1
    assert named(outcome)[0][0] == entries[0].transfer_id


def test_r48_a_history_that_was_deleted_as_a_whole_is_found_too(run, entries):
    remove(*entries)
    outcome = run("history", "verify")
    assert outcome.status == 1
    assert named(outcome)[0][0] == entries[0].transfer_id


def test_r48_every_break_of_every_transfer_is_named(run, entries, fujian):
    other = fujian.transfer("林志强", "旗汛口社区支部", to="五龙村支部", at="东街街道工委")
    first, *_ = fujian.entries(other)
    change(entries[0], rule="R99")
    change(first, rule="R99")
    assert named(run("history", "verify")) == [(entries[0].transfer_id, 1), (other.id, 1)]


def test_r48_verifying_mends_nothing(run, entries):
    change(entries[0], opinion="同意（后补）")
    assert [run("history", "verify").status for _ in range(2)] == [1, 1]
