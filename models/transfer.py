"""Transfers with their kinds, stage rules, steps and history (R13-R31)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.account import Account
from models.base import PATH_LENGTH, LabelledEnum, UtcDateTime, db, enum_type, new_key, ordered_text, place_indexes
from models.organization import COMMITTEE_KINDS, Organization
from models.person import Member


class TransferState(LabelledEnum):
    """Spec §6. Withdrawn and rejected transfers are at the applicant."""

    IN_PROGRESS = "in_progress", "办理中"
    WITHDRAWN = "withdrawn", "已撤回"
    REJECTED = "rejected", "已驳回"
    COMPLETED = "completed", "已办结"
    VOIDED = "voided", "已作废"


AT_APPLICANT = frozenset({TransferState.WITHDRAWN, TransferState.REJECTED})
OPEN_STATES = AT_APPLICANT | {TransferState.IN_PROGRESS}
LISTED = ("applied_on", "id")
"""The order of every list of transfers, newest first: the day of the application, as its filter asks for it."""
LARGE_DEPTHS = range(2, 5)
"""Where a subtree holds so many transfers that they cannot be sorted for each page: cities, counties, towns."""
_OPEN = "state IN ('in_progress', 'withdrawn', 'rejected')"
_TO_REMIND = "state = 'in_progress' AND reminded_at IS NULL"
_MONTH = "length({0}) = 7 AND substr({0}, 5, 1) = '-' AND substr({0}, 6, 2) BETWEEN '01' AND '12'"


class Stage(LabelledEnum):
    """R17a: the closed set of stage codes."""

    SOURCE_BRANCH = "source_branch", "转出支部审批"
    SOURCE_GENERAL_BRANCH = "source_general_branch", "转出总支审批"
    SOURCE_COMMITTEE = "source_committee", "转出党（工）委审批"
    COMMITTEE = "committee", "党（工）委审批"
    DESTINATION_COMMITTEE = "destination_committee", "转入党（工）委审批"
    DESTINATION_GENERAL_BRANCH = "destination_general_branch", "转入总支审批"
    DESTINATION_BRANCH = "destination_branch", "支部接收"
    LEAVING_APPROVAL = "leaving_approval", "转出审批"
    LEAVING_CONFIRMATION = "leaving_confirmation", "确认党员报到"
    ENTERING_APPLICATION = "entering_application", "转入申请"
    ENTERING_APPROVAL = "entering_approval", "转入审批"
    CONFIRMATION = "confirmation", "支部确认报到"


class Side(LabelledEnum):
    """Which side of the transfer a step stands on; a committee shared by both is on both."""

    SOURCE = "source", "转出方"
    BOTH = "both", "双方"
    DESTINATION = "destination", "转入方"


class Walk(LabelledEnum):
    """How a stage rule turns an anchor into stops."""

    UP = "up", "逐级向上"
    DOWN = "down", "逐级向下"
    STOP = "stop", "单个环节"


class Anchor(LabelledEnum):
    """From which organization a stage rule starts."""

    SOURCE = "source", "转出支部"
    """Where the application begins: for a kind that enters the registering organization (R15)."""
    DESTINATION = "destination", "目的支部"
    LAST = "last", "前一段的末个组织"


class Qualification(LabelledEnum):
    """R4: what a chain climbs for."""

    COMMITTEE = "committee", "党（工）委审批"
    LEAVING = "leaving", "县委审批"


class HistoryAction(LabelledEnum):
    """What history may say (R31)."""

    SUBMIT = "submit", "上报"
    RESUBMIT = "resubmit", "再次上报"
    APPROVE = "approve", "通过"
    REJECT = "reject", "驳回"
    WITHDRAW = "withdraw", "撤回"
    VOID = "void", "作废"
    CONFIRM = "confirm", "确认报到"
    OBJECT = "object", "异议反馈"
    REASSIGN = "reassign", "改派"
    REPLAN = "replan", "重新规划流程"
    EDIT_LETTER = "edit_letter", "修改介绍信"
    PRINT_LETTER = "print_letter", "介绍信定稿"
    REISSUE_LETTER = "reissue_letter", "重新开具介绍信"
    PRINT_RECEIPT = "print_receipt", "出具回执"


class TransferKind(db.Model):
    """A kind of transfer as data: its ordered stage rules say the route (design §2)."""

    __tablename__ = "transfer_kind"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    destination_kind: Mapped[str] = mapped_column(String(32))
    """The organization kind that the destination must have."""
    route_rule: Mapped[str] = mapped_column(String(8))
    """The rule that a refusal for a wrong end names: R13, R14."""
    needs_letter: Mapped[bool] = mapped_column(default=False, server_default=false())
    """R14: it leaves with a 介绍信, and ends with its receipt."""
    enters: Mapped[bool] = mapped_column(default=False, server_default=false())
    """R15: an organization that is qualified for it registers who comes from another province."""
    step_days: Mapped[int] = mapped_column(default=3)

    rules: Mapped[list[StageRule]] = relationship(order_by="StageRule.position", lazy="raise_on_sql")

    def __str__(self) -> str:
        return self.name


class StageRule(db.Model):
    """One leg of a kind's route: walk from `anchor` until the first organization qualified for `until`."""

    __tablename__ = "stage_rule"
    __table_args__ = (
        UniqueConstraint("kind_code", "position"),
        CheckConstraint("(walk = 'stop') = (until IS NULL)", name="until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_code: Mapped[str] = mapped_column(ForeignKey("transfer_kind.code"))
    position: Mapped[int] = mapped_column()
    walk: Mapped[Walk] = mapped_column(enum_type(Walk))
    anchor: Mapped[Anchor] = mapped_column(enum_type(Anchor))
    side: Mapped[Side] = mapped_column(enum_type(Side))
    until: Mapped[Qualification | None] = mapped_column(enum_type(Qualification))
    branch_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "branch_stage"))
    general_branch_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "general_branch_stage"))
    committee_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "committee_stage"))
    last_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "last_stage"))
    """The stage of the qualified organization (or of a single stop), where it has one of its own."""
    shared_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "shared_stage"))
    """R13: where this leg begins with the organization that ended the one before, their one common stage."""
    confirms: Mapped[bool] = mapped_column(default=False)
    """The stop ends the transfer by 确认报到 (R28)."""
    objects: Mapped[bool] = mapped_column(default=False)
    """The anchor's own stop may object (R29)."""


class Transfer(db.Model):
    """One application and where it stands. Only `workflow.actions` changes it."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("source_id <> destination_id", name="ends"),
        CheckConstraint(_MONTH.format("dues_paid_until"), name="dues_month"),
        CheckConstraint("(state = 'in_progress') = (current_organization_id IS NOT NULL)", name="current"),
        Index(
            "uq_transfer_open_member",
            "member_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        # What lists of transfers read, newest first: those of a small subtree, of a large one, of one kind, all.
        Index("ix_transfer_source_path", "source_path"),
        Index("ix_transfer_destination_path", "destination_path"),
        *place_indexes("transfer", LISTED, "source_path", LARGE_DEPTHS),
        *place_indexes("transfer", LISTED, "destination_path", LARGE_DEPTHS),
        Index("ix_transfer_kind_code_applied_on_id", "kind_code", *LISTED),
        Index("ix_transfer_applied_on_id", *LISTED),
        Index("ix_transfer_member_id_applied_on_id", "member_id", *LISTED),
        Index("ix_transfer_waiting_organization_id_arrived_at", "waiting_organization_id", "arrived_at"),
        Index(
            "ix_transfer_to_remind",
            "arrived_at",
            sqlite_where=text(_TO_REMIND),
            postgresql_where=text(_TO_REMIND),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    kind_code: Mapped[str] = mapped_column(ForeignKey("transfer_kind.code"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    state: Mapped[TransferState] = mapped_column(enum_type(TransferState))
    source_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    source_path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH))
    destination_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    destination_path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
    addressee: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """R19: 介绍信抬头, where the kind needs a letter; R42: 回执联抬头, where it enters."""
    destination_unit: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """R19: 转往单位, the letter's 去."""
    previous_area: Mapped[str] = mapped_column(String(6), default="", server_default="")
    """R42: the division's code (GB/T 2260) of where the member comes from, where the kind enters."""
    previous_area_name: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """What the division was called then, all of it: 广东省深圳市南山区."""
    previous_branch: Mapped[str] = mapped_column(String(120), default="", server_default="")
    applied_on: Mapped[date] = mapped_column()
    dues_paid_until: Mapped[str] = mapped_column(String(7))
    """A month as ``YYYY-MM`` (R19)."""
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    submitting_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    """R18: the organization for which a liaison submitted; none where the member applied."""
    current_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    waiting_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    """Whose liaisons have it to do: the current step's organization; at the applicant the submitting one."""
    last_action: Mapped[HistoryAction] = mapped_column(enum_type(HistoryAction))
    """The latest action; planning again is none (R26)."""
    last_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    """For which organization the latest action was taken; none where the member acted."""
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    """Since when it has stood where it stands."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """R47: when whoever has it to do was reminded, and last urged; empty again at the next step."""
    urged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    kind: Mapped[TransferKind] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")
    source: Mapped[Organization] = relationship(foreign_keys=[source_id], lazy="raise_on_sql")
    destination: Mapped[Organization] = relationship(foreign_keys=[destination_id], lazy="raise_on_sql")
    current_organization: Mapped[Organization | None] = relationship(
        foreign_keys=[current_organization_id], lazy="raise_on_sql"
    )
    submitted_by: Mapped[Account] = relationship(lazy="raise_on_sql")
    submitting_organization: Mapped[Organization | None] = relationship(
        foreign_keys=[submitting_organization_id], lazy="raise_on_sql"
    )
    steps: Mapped[list[Step]] = relationship(
        order_by="Step.position", cascade="all, delete-orphan", lazy="raise_on_sql", back_populates="transfer"
    )
    history: Mapped[list[HistoryEntry]] = relationship(
        order_by="HistoryEntry.sequence", lazy="raise_on_sql", viewonly=True
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def number(self) -> str:
        """The record number shown to people: the Shanghai date of the application and the row's own number."""
        return f"{self.created_at.astimezone(clock.SHANGHAI):%Y%m%d}{self.id:06d}"

    @property
    def comes_from(self) -> str:
        """What stands before the arrow: the branch, or for who enters the organization in the other province."""
        return f"{self.previous_area_name}{self.previous_branch}" or self.source.name

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def at_applicant(self) -> bool:
        return self.state in AT_APPLICANT

    @property
    def current_step(self) -> Step | None:
        return next((step for step in self.steps if step.state is StepState.CURRENT), None)

    def __str__(self) -> str:
        return self.number


class StepState(LabelledEnum):
    DONE = "done", "已办"
    CURRENT = "current", "待办"
    COMING = "coming", "未到"


class Step(db.Model):
    """A stop of a transfer's route: an approval in force, the waiting one, or one planned ahead (R16)."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("transfer_id", "position"),
        Index(
            "uq_step_current",
            "transfer_id",
            unique=True,
            sqlite_where=text("state = 'current'"),
            postgresql_where=text("state = 'current'"),
        ),
        Index("ix_step_organization_id_state", "organization_id", "state"),
        Index(
            "ix_step_open",
            "organization_id",
            "state",
            "transfer_id",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"))
    position: Mapped[int] = mapped_column()
    stage: Mapped[Stage] = mapped_column(enum_type(Stage))
    side: Mapped[Side] = mapped_column(enum_type(Side))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    level_unset: Mapped[bool] = mapped_column(default=False)
    """R17a: a committee without a level that the route only passes; see `lacks_level`."""
    confirms: Mapped[bool] = mapped_column(default=False)
    objects: Mapped[bool] = mapped_column(default=False)
    objected: Mapped[bool] = mapped_column(default=False, server_default=false())
    """R44: the branch below has objected, so that who stands here may send the transfer to another."""
    state: Mapped[StepState] = mapped_column(enum_type(StepState))
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[str] = mapped_column(String(60), default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    """The transfer has not ended: so the desks read the steps of what is under way, and not of all that ever was."""

    transfer: Mapped[Transfer] = relationship(back_populates="steps", lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    @property
    def lacks_level(self) -> bool:
        """R17a: what is past stays as it was handled; what lies ahead is warned of by the level of today."""
        if self.state is StepState.DONE or not self.is_open:
            return self.level_unset
        return self.organization.kind in COMMITTEE_KINDS and self.organization.level_rank is None


class HistoryEntry(db.Model):
    """One action on a transfer as it was; never changed or deleted (R31), chained by hash (R48)."""

    __tablename__ = "history_entry"
    __table_args__ = (
        UniqueConstraint("transfer_id", "sequence"),
        # What auditors list, newest first: all of it, one action, one name, one subtree.
        Index("ix_history_entry_at_id", "at", "id"),
        Index("ix_history_entry_action_at_id", "action", "at", "id"),
        Index("ix_history_entry_actor_name_at_id", "actor_name", "at", "id"),
        Index("ix_history_entry_member_name_at_id", "member_name", "at", "id"),
        *place_indexes("history_entry", ("at", "id")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"))
    sequence: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[HistoryAction] = mapped_column(enum_type(HistoryAction))
    rule: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH))
    """Where it was done: the path, as it was then, of the organization that acted, else of where it waited."""
    member_name: Mapped[str] = mapped_column(ordered_text(60))
    """Who was to be moved, by the name that the member had then."""
    actor_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    actor_name: Mapped[str] = mapped_column(ordered_text(60))
    actor_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    actor_organization_name: Mapped[str] = mapped_column(String(120), default="")
    from_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "from_stage"))
    from_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    from_organization_name: Mapped[str] = mapped_column(String(120), default="")
    to_stage: Mapped[Stage | None] = mapped_column(enum_type(Stage, "to_stage"))
    to_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    to_organization_name: Mapped[str] = mapped_column(String(120), default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Facts beside the columns: ``own`` (本人办理), ``route`` before and after a re-plan, changed fields."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    transfer: Mapped[Transfer] = relationship(lazy="raise_on_sql", viewonly=True)
