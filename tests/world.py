"""The named Fujian of the tests: R17's tree and the odd places around it, its people, their accounts, and a handle.

`populate` fills a migrated database. The fixture `fujian` reaches what is in it by name and acts for its people in the
manual's words; a folder's conftest.py makes it known by `from tests.world import fujian`.
Every account signs in with `PASSWORD`. A member's username is the member's name, an organization's virtual admin
account is called after the organization: 东街街道工委联络员.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, current_app
from PIL import Image
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload
from stdnum.iso7064 import mod_11_2

from models import (
    HOLDING_KINDS,
    Account,
    Gender,
    Member,
    MemberCategory,
    MemberStatus,
    Organization,
    OrganizationKind,
    RoleCode,
    RoleGrant,
    Transfer,
    clock,
    db,
    path_segment,
)
from workflow import accounts, actions, actors, applications, attachments, claims, entering, loading, organizations
from workflow.actors import Actor
from workflow.storage import storage

PASSWORD = "zhuanjie-tests"
ADMIN, AUDITOR, CITY_AUDITOR = "省级管理员", "审计员", "福州市审计员"
REGION = "990102"  # never allotted: the ID numbers belong to nobody

COMMITTEE = OrganizationKind.COMMITTEE
WORKING = OrganizationKind.WORKING_COMMITTEE
GENERAL = OrganizationKind.GENERAL_BRANCH
BRANCH = OrganizationKind.BRANCH

# name, kind, parent, level
TREE: list[tuple[str, OrganizationKind, str | None, int | None]] = [
    ("福建省委", COMMITTEE, None, 1),
    ("福建省委省直机关工委", WORKING, "福建省委", 2),
    ("省直机关第一支部", BRANCH, "福建省委省直机关工委", 7),
    ("福州市委", COMMITTEE, "福建省委", 3),
    ("福州市委市直机关工委", WORKING, "福州市委", 4),
    ("市直机关第一支部", BRANCH, "福州市委市直机关工委", 7),
    ("鼓楼区委", COMMITTEE, "福州市委", 5),
    ("鼓楼区委直属支部", BRANCH, "鼓楼区委", 7),
    ("东街街道工委", WORKING, "鼓楼区委", 6),
    ("军门社区总支", GENERAL, "东街街道工委", 7),
    ("军门第一支部", BRANCH, "军门社区总支", 7),
    ("军门第二支部", BRANCH, "军门社区总支", 7),
    ("旗汛口社区支部", BRANCH, "东街街道工委", 7),
    ("安泰街道工委", WORKING, "鼓楼区委", None),
    ("朱紫坊社区支部", BRANCH, "安泰街道工委", 7),
    ("花园弄社区支部", BRANCH, "安泰街道工委", 7),
    ("鼓楼区卫健局党委", COMMITTEE, "鼓楼区委", 6),
    ("鼓楼区医院党委", COMMITTEE, "鼓楼区卫健局党委", 7),  # a second-level committee
    ("鼓楼区医院第一支部", BRANCH, "鼓楼区医院党委", 7),
    ("龙岩市委", COMMITTEE, "福建省委", 3),
    ("上杭县委", COMMITTEE, "龙岩市委", 5),
    ("古田镇党委", COMMITTEE, "上杭县委", 6),
    ("五龙村支部", BRANCH, "古田镇党委", 7),
    ("古田镇机关支部", BRANCH, "古田镇党委", 7),
    ("漳平市委", COMMITTEE, "龙岩市委", None),  # nothing below the city has a level
    ("永福镇党委", COMMITTEE, "漳平市委", None),
    ("龙车村支部", BRANCH, "永福镇党委", None),
    ("省外组织", OrganizationKind.OUT_OF_PROVINCE, None, None),
    ("特殊组织", OrganizationKind.SPECIAL, None, None),
    ("未知党组织", OrganizationKind.UNKNOWN, None, None),
    ("临时党组织", OrganizationKind.TEMPORARY, None, None),
]

MALE, FEMALE = Gender.MALE, Gender.FEMALE
# name, gender, organization, what is special; every other member is 正式, 正常, with an activated phone
PEOPLE: list[tuple[str, Gender, str, dict[str, Any]]] = [
    ("林小雨", FEMALE, "军门第一支部", {}),
    ("陈国强", MALE, "军门第一支部", {}),
    ("周文斌", MALE, "军门第一支部", {"status": MemberStatus.SUSPENDED}),
    ("许美玲", FEMALE, "军门第一支部", {"status": MemberStatus.LOST_CONTACT}),
    ("王丽华", FEMALE, "军门第二支部", {"category": MemberCategory.PROBATIONARY}),
    ("林志强", MALE, "旗汛口社区支部", {}),
    ("吴建平", MALE, "旗汛口社区支部", {"phone_activated_at": None}),
    ("郑晓东", MALE, "旗汛口社区支部", {}),
    ("何俊杰", MALE, "鼓楼区委直属支部", {}),
    ("郭雅婷", FEMALE, "朱紫坊社区支部", {}),
    ("罗永福", MALE, "鼓楼区医院第一支部", {}),
    ("高伟", MALE, "省直机关第一支部", {}),
    ("谢婉清", FEMALE, "市直机关第一支部", {}),
    ("黄志明", MALE, "五龙村支部", {}),
    ("张秀英", FEMALE, "古田镇机关支部", {"category": MemberCategory.PROBATIONARY}),
    ("赖福生", MALE, "龙车村支部", {"phone": "", "phone_activated_at": None}),
    ("马海涛", MALE, "省外组织", {}),
    ("孙丽娜", FEMALE, "未知党组织", {}),
]

# who besides the virtual admin accounts holds which role where
GRANTS: list[tuple[str, RoleCode, str | None]] = [
    ("陈国强", RoleCode.LIAISON, "军门第一支部"),
    ("林志强", RoleCode.LIAISON, "东街街道工委"),
    ("吴建平", RoleCode.LIAISON, "旗汛口社区支部"),  # sleeps: no activated phone
    ("郑晓东", RoleCode.SECRETARY, "东街街道工委"),  # a record, never a permission
    (ADMIN, RoleCode.PROVINCIAL_ADMIN, None),
    (AUDITOR, RoleCode.AUDITOR, "福建省委"),
    (CITY_AUDITOR, RoleCode.AUDITOR, "福州市委"),
]


def id_number(gender: Gender, number: int) -> str:
    """A valid ID number that was never given out."""
    serial = 2 * number + (gender is Gender.MALE)
    body = f"{REGION}19{80 + number % 20}0{1 + number % 9}15{serial:03d}"
    return body + mod_11_2.calc_check_digit(body)


def _picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")
    return out.getvalue()


def populate(app: Flask) -> None:
    """Fill a migrated, empty database; the caller commits."""
    password_hash = accounts.hash_password(PASSWORD)
    made: dict[str, Organization] = {}
    for number, (name, kind, parent, level) in enumerate(TREE, 1):
        organization = made[name] = Organization(
            code=f"35{number:04d}",
            name=name,
            kind=kind,
            parent_id=made[parent].id if parent else None,
            level_rank=level,
            contact_name="王干事",
            contact_phone=f"0591-8700{number:04d}",
        )
        db.session.add(organization)
        db.session.flush()
        organization.path = (made[parent].path if parent else "") + path_segment(organization.id)
    holders: dict[str, Account] = {}
    for number, (name, gender, home, special) in enumerate(PEOPLE, 1):
        values = {
            "category": MemberCategory.FULL,
            "status": MemberStatus.NORMAL,
            "phone": f"1380000{number:04d}",
            "phone_activated_at": clock.now(),
            **special,
        }
        member = Member(
            name=name,
            gender=gender,
            ethnicity="汉族",
            organization_id=made[home].id,
            org_path=made[home].path,
            joined_on=date(2010, 7, 1),
            id_number=id_number(gender, number),
            **values,
        )
        holders[name] = Account(username=name, member=member, password_hash=password_hash)
    for name in (ADMIN, AUDITOR, CITY_AUDITOR):
        holders[name] = Account(username=name, password_hash=password_hash)
    for name, kind, _parent, _level in TREE:
        if kind in HOLDING_KINDS:
            continue
        account = Account(username=f"{name}联络员", organization=made[name], password_hash=password_hash)
        holders[account.username] = account
        db.session.add(RoleGrant(account=account, organization=made[name], role_code=RoleCode.LIAISON))
    db.session.add_all(holders.values())
    for username, role, name in GRANTS:
        organization = made[name] if name else None
        db.session.add(RoleGrant(account=holders[username], organization=organization, role_code=role))
    db.session.flush()


PHOTO = _picture()
ENTRY = {
    "area": "440305",
    "branch": "粤海街道科技园社区第一支部",
    "addressee": "中共深圳市南山区委组织部",
    "reason": "回闽工作",
}
"""What the form of who enters says, beside the days."""
NEWCOMER = {"name": "韦小宝", "gender": "male", "birth_date": None, "ethnicity": "壮族", "category": "full"}
"""Who is in no organization of the system."""
NEW_NUMBER = id_number(MALE, 300)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, who acts in the manual's words. Every act is one request: the actor is loaded anew."""

    username: str

    @property
    def actor(self) -> Actor:
        db.session.commit()  # a request begins with a snapshot of its own
        account_id = db.session.scalar(select(Account.id).where(Account.username == self.username))
        actor = actors.load(account_id)
        assert actor is not None, f"{self.username} has no open account"
        return actor

    def can(self, transfer: Transfer) -> set[str]:
        """The names of the actions that are offered on the transfer as it stands in the database."""
        fresh = loading.locked_transfer(transfer.key)
        assert fresh is not None
        names = {action.name for action in actions.available_actions(fresh, self.actor)}
        db.session.commit()
        return names

    def apply(self, member: str, to: str, **fields: Any) -> Transfer:
        """【申请】▸【上报】; `fields` go over a reason, today and this month."""
        filled = {"reason": "工作调动", "applied_on": clock.today(), "dues_paid_until": clock.this_month(), **fields}
        actor, world = self.actor, Fujian()
        return applications.apply(
            actor,
            kind_code=filled.pop("kind_code", "intra"),
            member_key=world.member(member).key,
            destination_id=world.org(to).id,
            **filled,
        )

    def look_up(self, id_number: str, registering: str) -> claims.LookUp:
        """【转入记录】▸【申请】▸【查找】"""
        return claims.look_up(self.actor, Fujian().org(registering).id, id_number)

    def hold_photo(self, name: str = "介绍信.jpg") -> str:
        """A photo of a letter, uploaded before there is a transfer."""
        return attachments.hold(self.actor, name, BytesIO(PHOTO), storage(current_app.config)).key

    def enter(self, id_number: str, registering: str, to: str, **fields: Any) -> Transfer:
        """Look-up and 上报 of who comes from another province; `person` where nobody is found."""
        found = self.look_up(id_number, registering)
        assert found.refusal is None, found.refusal
        return self.register(found.ticket, registering, to, **fields)

    def register(self, ticket: str, registering: str, to: str, **fields: Any) -> Transfer:
        """上报 of what was looked up; `fields` go over what a form would say."""
        world = Fujian()
        photos = fields.pop("photos", None)
        return entering.apply(
            self.actor,
            ticket,
            registering_id=world.org(registering).id,
            destination_id=world.org(to).id,
            photos=[self.hold_photo()] if photos is None else photos,
            person=fields.pop("person", {}),
            **{**ENTRY, "applied_on": clock.today(), "dues_paid_until": clock.this_month(), **fields},
        )

    def do(self, transfer: Transfer, action: str, **inputs: Any) -> Transfer:
        return actions.perform(transfer.key, action, self.actor, **inputs)

    def approve(self, transfer: Transfer, opinion: str = "") -> Transfer:
        return self.do(transfer, "approve", opinion=opinion)

    def reject(self, transfer: Transfer, reason: str = "材料不全") -> Transfer:
        return self.do(transfer, "reject", reason=reason)

    def withdraw(self, transfer: Transfer) -> Transfer:
        return self.do(transfer, "withdraw")

    def void(self, transfer: Transfer) -> Transfer:
        return self.do(transfer, "void")

    def confirm(self, transfer: Transfer) -> Transfer:
        return self.do(transfer, "confirm")

    def object(self, transfer: Transfer, opinion: str = "不属于本支部接收") -> Transfer:
        return self.do(transfer, "object", opinion=opinion)

    def reassign(self, transfer: Transfer, to: str, opinion: str = "") -> Transfer:
        return self.do(transfer, "reassign", destination_id=Fujian().org(to).id, opinion=opinion)

    def resubmit(self, transfer: Transfer, **fields: Any) -> Transfer:
        return self.do(transfer, "resubmit", **fields)

    def replan(self, transfer: Transfer) -> bool:
        return actions.replan(transfer.key, self.actor)


class Fujian:
    """The world by its names. It keeps nothing: each look-up reads what stands in the database now."""

    password = PASSWORD

    # --- who and what ---

    def org(self, name: str) -> Organization:
        query = select(Organization).where(Organization.name == name)
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    def member(self, name: str) -> Member:
        query = select(Member).where(Member.name == name).options(joinedload(Member.organization))
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    def account(self, username: str) -> Account:
        """By username: a member's name, an organization's name with 联络员 behind it, 省级管理员, 审计员."""
        return db.session.scalars(select(Account).where(Account.username == username)).one()

    def person(self, username: str) -> Person:
        return Person(username)

    def liaison_of(self, organization: str) -> Person:
        """The virtual admin account of the organization."""
        return Person(f"{organization}联络员")

    @property
    def admin(self) -> Person:
        return Person(ADMIN)

    @property
    def auditor(self) -> Person:
        return Person(AUDITOR)

    def actor_of(self, username: str) -> Actor:
        return Person(username).actor

    def people(self) -> list[Person]:
        """Everybody who can sign in."""
        return [Person(name) for name in db.session.scalars(select(Account.username).order_by(Account.id))]

    # --- transfers ---

    def apply(self, member: str, to: str, **fields: Any) -> Transfer:
        """The member applies."""
        return Person(member).apply(member, to, **fields)

    def transfer(
        self, member: str, source: str, to: str, at: str | None = None, *, confirming: bool = False
    ) -> Transfer:
        """A transfer that the member applied for, approved until it waits `at` an organization.

        `confirming`: at the step of 确认报到, where an organization has a step before it.
        """
        assert self.member(member).organization.name == source
        transfer = self.apply(member, to)
        self.bring(transfer, at or source, confirming=confirming)
        return transfer

    def bring(self, transfer: Transfer, at: str, *, confirming: bool = False) -> None:
        """Approve step by step until the transfer waits `at` an organization."""
        while not self._waits(transfer, at, confirming):
            assert transfer.current_organization is not None, f"it never came to {at}"
            self.liaison_of(transfer.current_organization.name).approve(transfer)

    def complete(self, transfer: Transfer) -> Transfer:
        """Approve and confirm to the end."""
        name = transfer.destination.name
        self.bring(transfer, name, confirming=True)
        return self.liaison_of(name).confirm(transfer)

    def fresh(self, transfer: Transfer) -> Transfer:
        """The transfer as it stands in the database now."""
        db.session.commit()
        fresh = loading.locked_transfer(transfer.key)
        db.session.commit()
        assert fresh is not None
        return fresh

    def route_names(self, transfer: Transfer) -> list[str]:
        """The organizations of the route in order; the last step as 确认报到 五龙村支部."""
        return [("确认报到 " if step.confirms else "") + step.organization.name for step in transfer.steps]

    def history(self, transfer: Transfer) -> list[str]:
        """The actions of the record in order, in the manual's words."""
        return [entry.action.label for entry in self.entries(transfer)]

    def entries(self, transfer: Transfer) -> list[Any]:
        query = select(Transfer).where(Transfer.id == transfer.id).options(joinedload(Transfer.history))
        return list(db.session.scalars(query.execution_options(populate_existing=True)).unique().one().history)

    @staticmethod
    def _waits(transfer: Transfer, at: str, confirming: bool) -> bool:
        step = transfer.current_step
        return step is not None and step.organization.name == at and step.confirms is confirming

    # --- changing the data, past every rule ---

    def set_level(self, name: str, rank: int | None) -> None:
        self.org(name).level_rank = rank
        db.session.commit()

    def move(self, name: str, parent: str) -> None:
        """Hang an organization with its subtree under another parent."""
        organization, above = self.org(name), self.org(parent)
        old, new = organization.path, above.path + path_segment(organization.id)
        organization.parent_id = above.id
        db.session.flush()
        organizations.move_paths(old, new)
        db.session.commit()
        for seen in list(db.session):
            db.session.expire(seen, [name for name in PATHS if hasattr(type(seen), name)])

    def deactivate(self, name: str, active: bool = False) -> None:
        self.org(name).is_active = active
        db.session.commit()

    def grant(self, username: str, role: RoleCode, organization: str) -> None:
        account, place = self.account(username), self.org(organization)
        db.session.add(RoleGrant(account_id=account.id, organization_id=place.id, role_code=role))
        db.session.commit()

    def without_liaison(self, organization: str, *, but: str | None = None) -> None:
        """Take 联络员 on the organization away from everybody, or from everybody `but` one."""
        kept = select(Account.id).where(Account.username == (but or ""))
        db.session.execute(
            delete(RoleGrant).where(
                RoleGrant.organization_id == self.org(organization).id,
                RoleGrant.role_code == RoleCode.LIAISON,
                RoleGrant.account_id.not_in(kept),
            )
        )
        db.session.commit()


PATHS = ("path", "org_path", "source_path", "destination_path")


@pytest.fixture
def fujian(app: Flask) -> Iterator[Fujian]:
    """The named world in a database of the test's own."""
    yield Fujian()
