"""Whether the made-up rows are what the product itself would have made: a sample, read back through the product."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from models import Account, HistoryEntry, Member, Step, Transfer, TransferState, db
from models.crypto import keyring
from workflow import history, planning
from workflow.people_data import check_id_number

SAMPLE = 60


def check_sample() -> None:
    """Raises `AssertionError` where a row is not as the product makes it."""
    last = db.session.scalar(select(func.max(Transfer.id))) or 0
    numbers = sorted({*range(1, last, max(1, last // SAMPLE)), *range(last - SAMPLE, last + 1)})
    for transfer in db.session.scalars(
        select(Transfer)
        .where(Transfer.id.in_(numbers))
        .options(selectinload(Transfer.steps), joinedload(Transfer.source), joinedload(Transfer.destination))
    ).all():
        assert not list(history.verify(transfer.id)), transfer.id
        _check_route(transfer)
        _check_history(transfer)
    _check_members()
    db.session.rollback()


def _check_route(transfer: Transfer) -> None:
    kind = planning.kind_by_code(transfer.kind_code)
    assert kind is not None
    stops, _lookup = planning.plan_route(kind, transfer.source, transfer.destination)
    assert [planning.stop_of(step) for step in transfer.steps] == stops, transfer.id
    assert all(step.is_open == transfer.is_open for step in transfer.steps)
    assert (transfer.current_step is None) == (transfer.state is not TransferState.IN_PROGRESS)
    if transfer.current_step is not None:
        assert transfer.current_step.organization_id == transfer.current_organization_id


def _check_history(transfer: Transfer) -> None:
    last = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.transfer_id == transfer.id).order_by(HistoryEntry.sequence.desc())
    ).first()
    assert last is not None and last.action is transfer.last_action
    standing = transfer.current_step
    assert last.to_organization_id == (standing.organization_id if standing else None)


def _check_members() -> None:
    last = db.session.scalar(select(func.max(Member.id))) or 0
    sample = select(Member).where(Member.id.in_(range(1, last, max(1, last // SAMPLE))))
    for member in db.session.scalars(sample.options(joinedload(Member.organization))):
        identity = check_id_number(member.id_number)
        assert member.id_number_index == keyring().index(identity.clear)
        assert member.gender is identity.gender and member.org_path == member.organization.path
    completed = select(Transfer).where(Transfer.state == TransferState.COMPLETED).order_by(Transfer.id.desc())
    for transfer in db.session.scalars(completed.options(joinedload(Transfer.member)).limit(SAMPLE)):
        later = select(Transfer.id).where(Transfer.member_id == transfer.member_id, Transfer.id > transfer.id)
        if db.session.scalar(later.limit(1)) is None:
            assert transfer.member.organization_id == transfer.destination_id, transfer.id
    current = db.session.scalar(select(func.count()).select_from(Step).where(Step.state == "current"))
    running = db.session.scalar(
        select(func.count()).select_from(Transfer).where(Transfer.state == TransferState.IN_PROGRESS)
    )
    assert current == running
    strays = select(Account.id).join(Account.member).where(Account.org_path != Member.org_path)
    assert db.session.scalar(strays.limit(1)) is None
