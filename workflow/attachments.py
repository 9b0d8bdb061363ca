"""What is attached to a transfer: who may add, see and remove it, and the files behind the rows (R38, R28, R42).

The file is kept before its row is written: a crash in between leaves a file that no row names, which `sweep` deletes,
and never a row without its file. What a file may be is in `uploads`, where it lies in `storage`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO

from sqlalchemy import Select, and_, delete, func, or_, select
from sqlalchemy.orm import contains_eager

from models import (
    Attachment,
    AttachmentKind,
    AuditEvent,
    HistoryAction,
    Organization,
    Stage,
    Transfer,
    TransferState,
    clock,
    db,
)
from models.prepared import BY_KEYS
from workflow import audit, loading, policy, uploads
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.storage import Storage, Unavailable
from workflow.transaction import transaction
from workflow.uploads import FIELD, RULE, Upload

LIMIT = 20
"""Attachments of a transfer, without those that were removed."""
MOST_HELD = 3 * LIMIT
"""Photos that one account holds for forms that it has not sent; with one more the oldest goes."""
BATCH = 500
_SUBMITTED = frozenset({HistoryAction.SUBMIT, HistoryAction.RESUBMIT})


# --- Who may ---


def may_add(transfer: Transfer, actor: Actor) -> tuple[AttachmentKind, ...]:
    """The kinds that the actor may add now. Needs what `loading.decision_options` loads.

    R38: the stub at the county's approving and at its confirming step, the receipt at the confirming one, by the very
    organization that stands there. R42: photos of the letter by the applicant's side, until somebody has acted on it.
    """
    kinds = []
    step = transfer.current_step
    if step is not None and policy.stands_on_step(transfer, actor):
        if step.stage in (Stage.LEAVING_APPROVAL, Stage.LEAVING_CONFIRMATION):
            kinds.append(AttachmentKind.STUB)
        if step.stage is Stage.LEAVING_CONFIRMATION:
            kinds.append(AttachmentKind.RECEIPT)
    if _is_being_entered(transfer) and policy.is_applicant_side(transfer, actor):
        kinds.append(AttachmentKind.LETTER)
    return tuple(kinds)


def _is_being_entered(transfer: Transfer) -> bool:
    nobody_acted = transfer.state is TransferState.IN_PROGRESS and transfer.last_action in _SUBMITTED
    return transfer.kind.enters and (transfer.at_applicant or nobody_acted)


def may_remove(attachment: Attachment, transfer: Transfer, actor: Actor) -> bool:
    """Whoever could add another of its kind now: what a later step has relied on stays."""
    return attachment.removed_at is None and attachment.kind in may_add(transfer, actor)


# --- Reading ---


def listed(transfer: Transfer) -> list[Attachment]:
    """The attachments of a transfer in the order in which they came, without those that were removed."""
    query = select(Attachment).where(Attachment.transfer_id == transfer.id, Attachment.removed_at.is_(None))
    return list(db.session.scalars(query.order_by(Attachment.id).execution_options(**BY_KEYS)))


def came_with(transfer: Transfer, since: datetime | None = None) -> dict[str, list[str]]:
    """R31: what history keeps of the attachments that came since then, kind and SHA-256; nothing for none."""
    if not (transfer.kind.needs_letter or transfer.kind.enters):
        return {}
    came = [f"{item.kind.value}:{item.sha256}" for item in listed(transfer) if since is None or item.created_at > since]
    return {"attachments": came} if came else {}


def has(transfer: Transfer, kind: AttachmentKind) -> bool:
    """Whether one of this kind is attached: R28 asks for the receipt."""
    return any(attachment.kind is kind for attachment in listed(transfer))


def found(key: str, actor: Actor) -> Attachment | None:
    """The attachment with this key, if the actor may see its transfer and nobody has removed it; one statement."""
    query = (
        select(Attachment)
        .join(Attachment.transfer)
        .where(Attachment.key == key, Attachment.removed_at.is_(None), policy.transfers_visible(actor))
        .options(contains_eager(Attachment.transfer).load_only(Transfer.key))
    )
    found: Attachment | None = db.session.scalar(query.execution_options(**BY_KEYS))
    return found


def read(attachment: Attachment, storage: Storage, *, thumbnail: bool = False) -> bytes:
    """The file behind a row. Raises `RuleError` R38 where it is no more what was attached, else what the store raises.

    `thumbnail`: the small picture instead, which a PDF has not.
    """
    if thumbnail:
        assert attachment.thumbnail_stored_as is not None
        return storage.read(attachment.thumbnail_stored_as)
    content = storage.read(attachment.stored_as)
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise RuleError(N_("“%(name)s”与上传时的内容不一致，不能打开，请联系系统管理员。"), RULE, name=attachment.name)
    return content


# --- Adding and removing ---


def upload(
    key: str, kind: AttachmentKind, actor: Actor, filename: str, stream: IO[bytes], storage: Storage
) -> Attachment:
    """Add one file to the transfer with this key, in transactions of its own.

    Raises `RuleError` R30 where the transfer is not the actor's to see, R38 with the file and the reason.
    Nothing is locked while the file is looked through and kept: a large one takes seconds.
    """
    name = uploads.shown_name(filename)
    with transaction():
        _check(_locked(key, actor), kind, actor, name)
    checked = uploads.checked(filename, stream)
    kept = _kept(checked, storage)
    with transaction():
        transfer = _locked(key, actor)
        _check(transfer, kind, actor, name)
        return _row(transfer, kind, actor, checked, kept)


def hold(actor: Actor, filename: str, stream: IO[bytes], storage: Storage) -> Attachment:
    """Keep a photo of a letter for a transfer that is still to be registered (R42), in a transaction of its own.

    Only who uploaded it sees it, until `settle` gives it to a transfer. Raises `RuleError` R38.
    """
    checked = uploads.checked(filename, stream)
    kept = _kept(checked, storage)
    with transaction():
        photo = _row(None, AttachmentKind.LETTER, actor, checked, kept)
        gone = _too_many_held(actor)
    with suppress(Exception):  # each store has errors of its own; what stays, no row names, and `sweep` deletes it
        storage.delete(gone)
    return photo


def _too_many_held(actor: Actor) -> list[str]:
    """Forget the oldest photos that an account holds beyond `MOST_HELD`; the names of their files."""
    mine = select(Attachment.id).where(Attachment.transfer_id.is_(None), Attachment.uploaded_by_id == actor.account_id)
    oldest = mine.order_by(Attachment.id.desc()).offset(MOST_HELD)
    gone = delete(Attachment).where(Attachment.id.in_(oldest), Attachment.transfer_id.is_(None))
    rows = db.session.execute(gone.returning(Attachment.stored_as, Attachment.thumbnail_stored_as)).all()
    return [name for row in rows for name in row if name is not None]


def held(actor: Actor, keys: Collection[str]) -> list[Attachment]:
    """Those of the photos with these keys that the actor holds, in the order in which they came."""
    return list(db.session.scalars(_held(actor, keys).execution_options(**BY_KEYS)))


def settle(transfer: Transfer, actor: Actor, keys: Collection[str]) -> None:
    """Give the photos that the actor holds to a transfer, within the caller's transaction (R42).

    Raises `RuleError` R42 where one is no more there, R38 where they are too many.
    """
    photos = list(db.session.scalars(_held(actor, keys).with_for_update()))
    if len(photos) < len(set(keys)):
        raise RuleError(N_("之前选的照片已过期，请重新上传。"), "R42", FIELD)
    for photo in photos:
        _check(transfer, photo.kind, actor, photo.name)
        photo.transfer = transfer
        photo.uploader_organization_name = _acting_for(transfer, photo.kind, actor).name
        db.session.flush()
        _trace(AuditEvent.ATTACHMENT_ADDED, transfer, photo, actor)


def _held(actor: Actor, keys: Collection[str]) -> Select[Attachment]:
    return (
        select(Attachment)
        .where(
            Attachment.key.in_(sorted(keys)),
            Attachment.transfer_id.is_(None),
            Attachment.uploaded_by_id == actor.account_id,
            Attachment.removed_at.is_(None),
        )
        .order_by(Attachment.id)
    )


def remove(key: str, actor: Actor) -> Attachment:
    """Mark an attachment as removed, in one transaction; its file stays until it is swept.

    Raises `RuleError` R30 where the actor cannot see it or somebody has removed it, R38 where it is not theirs to
    remove.
    """
    with transaction():
        seen = found(key, actor)
        transfer = _locked(seen.transfer.key, actor) if seen and seen.transfer else None
        # Again under the lock: two may press at once.
        attachment: Attachment | None = db.session.scalar(
            select(Attachment).where(Attachment.key == key).execution_options(populate_existing=True)
        )
        if transfer is None or attachment is None or attachment.removed_at is not None:
            raise RuleError(N_("附件不存在，或已被移除。"), "R30")
        if not may_remove(attachment, transfer, actor):
            if attachment.kind is AttachmentKind.LETTER:
                words = N_("现在不能移除“%(name)s”：介绍信照片只能由申请人一方在他人办理之前移除。")
                raise RuleError(words, "R42", name=attachment.name)
            raise RuleError(
                N_("现在不能移除“%(name)s”：%(kind)s只能由负责当前环节的组织移除。"),
                RULE,
                name=attachment.name,
                kind=attachment.kind,
            )
        if attachment.kind is AttachmentKind.LETTER and not transfer.at_applicant and _count(transfer) == 1:
            raise RuleError(
                N_("不能移除“%(name)s”：至少要有一张介绍信照片，请先上传新的。"), "R42", name=attachment.name
            )
        attachment.removed_at = clock.now()
        _trace(AuditEvent.ATTACHMENT_REMOVED, transfer, attachment, actor)
    return attachment


def _locked(key: str, actor: Actor) -> Transfer:
    transfer = loading.locked_transfer(key)
    if transfer is None or not policy.may_view_transfer(transfer, actor):
        raise RuleError(N_("记录不存在，或不在您的管理范围内。"), "R30")
    return transfer


def _check(transfer: Transfer, kind: AttachmentKind, actor: Actor, name: str) -> None:
    if kind not in may_add(transfer, actor):
        if kind is AttachmentKind.LETTER:
            raise RuleError(
                N_("“%(name)s”没有上传：介绍信照片只能由申请人一方在他人办理之前上传。"), "R42", FIELD, name=name
            )
        raise RuleError(
            N_("“%(name)s”没有上传：%(kind)s只能由负责当前环节的组织上传。"), RULE, FIELD, name=name, kind=kind
        )
    if _count(transfer) >= LIMIT:
        raise RuleError(
            N_("“%(name)s”没有上传：一份转接最多有 %(limit)s 个附件，请先移除不需要的。"),
            RULE,
            FIELD,
            name=name,
            limit=LIMIT,
        )


def _count(transfer: Transfer) -> int:
    attached = select(func.count()).where(Attachment.transfer_id == transfer.id, Attachment.removed_at.is_(None))
    return db.session.scalar(attached) or 0


def _kept(checked: Upload, storage: Storage) -> tuple[str, str | None]:
    """The file, and the thumbnail if it has one, in the store: the names that they are kept under."""
    try:
        return storage.write(checked.content), storage.write(checked.thumbnail) if checked.thumbnail else None
    except Unavailable as error:
        raise RuleError(N_("“%(name)s”没有上传：附件暂时无法保存，请稍后再试。"), RULE, name=checked.name) from error


def _row(
    transfer: Transfer | None, kind: AttachmentKind, actor: Actor, checked: Upload, kept: tuple[str, str | None]
) -> Attachment:
    attachment = Attachment(
        transfer=transfer,
        kind=kind,
        name=checked.name,
        media_type=checked.media_type,
        size=len(checked.content),
        sha256=hashlib.sha256(checked.content).hexdigest(),
        stored_as=kept[0],
        thumbnail_stored_as=kept[1],
        width=checked.width,
        height=checked.height,
        uploaded_by_id=actor.account_id,
        uploader_name=actor.name,
        uploader_organization_name=_acting_for(transfer, kind, actor).name if transfer else "",
    )
    db.session.add(attachment)
    db.session.flush()
    if transfer:
        _trace(AuditEvent.ATTACHMENT_ADDED, transfer, attachment, actor)
    return attachment


def _acting_for(transfer: Transfer, kind: AttachmentKind, actor: Actor) -> Organization:
    """The organization in whose name attachments come and go now: the step's, at the applicant the applicant's.

    Photos of the letter are always the applicant's (R42); members act for where they still are.
    """
    if actor.member_id == transfer.member_id:
        return transfer.source
    here = None if kind is AttachmentKind.LETTER else transfer.current_organization
    return here or transfer.submitting_organization or transfer.source


def _trace(event: AuditEvent, transfer: Transfer, attachment: Attachment, actor: Actor) -> None:
    """Without the file's name: people write ID numbers into names of files."""
    audit.record(
        event,
        actor,
        organization=_acting_for(transfer, attachment.kind, actor),
        subject=transfer.member.name,
        transfer=transfer.number,
        attachment=attachment.kind.value,
        sha256=attachment.sha256,
    )


# --- Sweeping ---


@dataclass(frozen=True)
class Swept:
    """How many files no row needs any more, and how many bytes they take."""

    files: int = 0
    size: int = 0


def sweep(storage: Storage, older_than: timedelta, *, dry_run: bool = False) -> Swept:
    """Delete the files that no row names, those of what was removed so long ago, and what is held as long (R42).

    Never a young one: its row may be about to come. `dry_run`: only count them.
    """
    until = clock.now() - older_than
    swept = Swept()
    if not dry_run:
        # The rows first: what is no more held is given to no transfer, and its file is needed by nobody.
        db.session.execute(delete(Attachment).where(Attachment.transfer_id.is_(None), Attachment.created_at < until))
        db.session.commit()
    old = ((name, size) for name, written, size in storage.files() if written < until)
    for batch in _batches(old):
        sizes = dict(batch)
        gone = sizes.keys() - _needed(sizes.keys(), until)
        if not dry_run:
            storage.delete(sorted(gone))
        swept = Swept(swept.files + len(gone), swept.size + sum(sizes[name] for name in gone))
    return swept


def _needed(names: Collection[str], until: datetime) -> set[str]:
    """Those of the names that a row needs: what was removed or is held since before `until` does not."""
    in_use = or_(Attachment.transfer_id.is_not(None), Attachment.created_at >= until)
    stays = or_(and_(Attachment.removed_at.is_(None), in_use), Attachment.removed_at >= until)
    columns = (Attachment.stored_as, Attachment.thumbnail_stored_as)
    needed = {
        name
        for column in columns
        for name in db.session.scalars(select(column).where(column.in_(names), stays))
        if name is not None
    }
    db.session.commit()  # the next batch may be long in coming, and reads what stands there then
    return needed


def _batches(items: Iterable[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
