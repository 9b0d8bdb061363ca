"""What has happened in the demo: transfers in every state, told through the same actions that everybody uses.

A story is who, where to, how many days ago, and what was done after how many hours each. The moments count from the
day of loading, so that the lists always look like a Tuesday at work.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from flask import current_app
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from commands.demo.people import NAMED, NEWCOMERS, SEED, newcomer_number
from commands.demo.places import OUTSIDE, SPECIAL, WITHOUT_LIAISON
from models import (
    HOLDING_KINDS,
    Account,
    AttachmentKind,
    Gender,
    Member,
    Organization,
    RoleCode,
    RoleGrant,
    Transfer,
    clock,
    db,
)
from workflow import accounts, actions, actors, applications, attachments, claims, entering, letters, receipts, storage
from workflow.actors import Actor
from workflow.transaction import transaction

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OPENS, OPEN = timedelta(hours=8), 10 / 24  # the ten hours from eight o'clock stand for the whole day
CONFIRMED = "to the end"
Deed = tuple[str, str]
"""An action and the words that go with it."""

OK: Deed = ("approve", "")
AGREED: Deed = ("approve", "材料齐全，同意转出。")
RECEIVED: Deed = ("approve", "同意接收。")
PRINTED: Deed = ("print", "")
RECEIPT: Deed = ("receipt", "")
UNIT: Deed = ("unit", "浙江省杭州市西湖区北山街道栖霞岭社区党支部")
LOST: Deed = ("reissue", "邮寄途中遗失。")
ANSWERED: Deed = ("answer", "")
"""What is done to the letter besides: 【打印】 it, upload its receipt, write its 转往单位, make it anew;
the receiving committee answers one from another province by 【打印回执】."""


@dataclass(frozen=True)
class Story:
    """One transfer. `by_member`: the member applied, else a liaison of the branch; `pause` hours between the deeds."""

    member: str
    to: str
    days_ago: float
    deeds: tuple[Deed, ...] = ()
    reason: str = "工作调动"
    by_member: bool = True
    pause: float = 5
    letter_to: tuple[str, str] = ("", "")
    """介绍信抬头 and 转往单位, for who leaves the province; `to` is a holding organization then."""
    registered_by: str = ""
    """Who enters from another province: the code of the organization that registers it."""
    comes_from: tuple[str, str, str] = ("", "", "")
    """And the division's code, the branch and 回执联抬头 there."""


J1, J2, BAMBOO, FLAG = "35010200400101", "35010200400102", "350102004003", "350102004004"
WULONG, PROVINCE_OFFICE, CITY_OFFICE = "350823106005", "35Z101", "3501Z101"
XIAMEN, DISTRICT_OFFICE = "350203001001", "350102Z0"
HANGZHOU = "中共杭州市西湖区委组织部", "浙江省杭州市西湖区北山街道"
SHENZHEN = "中共深圳市南山区委组织部", "广东省深圳市南山区粤海街道"
ARMY = "中国人民解放军某部政治工作部", "中国人民解放军某部"
BEIJING = "中共中央和国家机关工作委员会", "中央和国家机关某单位"
NANSHAN = "440305", "粤海街道科技园社区第一支部", "中共深圳市南山区委组织部"
XIHU = "330106", "北山街道栖霞岭社区党支部", "中共杭州市西湖区委组织部"
HAIDIAN = "110108", "中关村街道新科祥园社区第二党支部", "中共北京市海淀区委组织部"
DONGGUAN = "4419", "松山湖高新区某企业党支部", "中共东莞市委组织部"
GULOU, FUZHOU, SHANGHANG = "350102", "3501", "350823"

STORIES = (
    # under way
    Story("郑家俊", WULONG, 5.2, (AGREED,), "回原籍工作"),
    Story("周慧敏", J2, 1.1, (OK, RECEIVED), "随配偶迁居福州"),
    Story("何俊杰", WULONG, 0.1, (), "驻村工作"),
    Story("黄志明", J1, 0.9, (OK,), "到福州务工", by_member=False),
    Story("吴佳怡", WULONG, 6.5, (OK, AGREED, OK, RECEIVED, RECEIVED), "考录为古田镇干部", pause=12),
    Story("蔡少华", WULONG, 3.2, (OK, OK, RECEIVED), "退休后返乡居住", by_member=False, pause=9),
    Story("郭雅婷", WULONG, 2.4, (OK, AGREED), "婚后迁居上杭"),
    Story("罗永福", XIAMEN, 1.3, (OK,), "调往厦门工作"),
    Story("谢婉清", PROVINCE_OFFICE, 0.6, (OK,), "遴选到省直机关"),
    Story("高伟", CITY_OFFICE, 2.2, (OK, AGREED), "干部交流"),
    Story("邱晓燕", WULONG, 4.1, (OK, ("reject", "党费缴纳月份与台账不符，请核对后重报。")), "返乡创业"),
    Story(
        "刘志强", WULONG, 9.4, (OK, AGREED, RECEIVED, RECEIVED, ("object", "该同志已到邻村任职，不属于本支部接收。"))
    ),
    # on their way out of the province, with a letter
    Story("曾雪梅", OUTSIDE, 1.8, (OK, OK), "随配偶迁居杭州", letter_to=HANGZHOU),
    Story("许永强", OUTSIDE, 2.7, (OK, OK, UNIT, AGREED), "到杭州工作", letter_to=HANGZHOU),
    Story(
        "叶静", OUTSIDE, 12.5, (OK, OK, UNIT, AGREED, PRINTED, OK, LOST, PRINTED), "考入浙江大学", letter_to=HANGZHOU
    ),
    Story("苏国栋", OUTSIDE, 104.3, (OK, AGREED, PRINTED, OK), "到深圳务工", letter_to=SHENZHEN, pause=9),
    Story(
        "谢桂兰", OUTSIDE, 71.2, (OK, AGREED, PRINTED, OK, RECEIPT, ("confirm", "回执联已收到。")), letter_to=SHENZHEN
    ),
    Story("邱磊", SPECIAL, 3.4, (OK, OK, OK), "转入部队", letter_to=ARMY),
    Story("何清源", OUTSIDE, 8.6, (OK, PRINTED, OK), "调往北京工作", letter_to=BEIJING),
    Story("曾宏伟", OUTSIDE, 1.2, (OK,), "挂职锻炼", letter_to=HANGZHOU),
    Story("郭宝珠", OUTSIDE, 4.4, (OK, ("reject", "请先补缴党费。"), ("reject", "请先补缴党费。")), letter_to=HANGZHOU),
    Story("江文斌", OUTSIDE, 2.1, (("withdraw", ""),), "到杭州务工", letter_to=HANGZHOU, pause=1),
    Story("何思颖", OUTSIDE, 26.3, (("withdraw", ""), ("void", "")), "随配偶迁居深圳", letter_to=SHENZHEN, pause=4),
    Story("陈清源", SPECIAL, 5.8, (("reject", "请附转入单位的通知。"),), "转入部队", letter_to=ARMY),
    Story("林金水", SPECIAL, 1.4, (("withdraw", ""),), "转入部队", letter_to=ARMY, pause=1),
    Story("蔡雪梅", SPECIAL, 31.6, (("withdraw", ""), ("void", "")), "转入部队", letter_to=ARMY, pause=3),
    Story(
        "郑海涛",
        SPECIAL,
        45.2,
        (OK, AGREED, PRINTED, OK, RECEIPT, ("confirm", "")),
        "转入部队",
        letter_to=ARMY,
        pause=9,
    ),
    # from another province
    Story("韦志明", J1, 1.7, (), "回榕工作", registered_by=GULOU, comes_from=NANSHAN),
    Story("谢家豪", BAMBOO, 3.9, (OK, OK), "返乡创业", registered_by=GULOU, comes_from=XIHU),
    Story("金宝珠", WULONG, 2.9, (OK, OK), "随配偶迁居上杭", registered_by=SHANGHANG, comes_from=HAIDIAN),
    Story(
        "许少华",
        J2,
        6.6,
        (OK, OK, OK, ("object", "该同志住在第一支部片区。")),
        "退休返乡",
        registered_by=FUZHOU,
        comes_from=HAIDIAN,
    ),
    Story("王淑芬", J1, 4.8, (("reject", "介绍信照片不清晰，请重新上传。"),), registered_by=GULOU, comes_from=DONGGUAN),
    Story("马晓燕", J2, 1.2, (("withdraw", ""),), "回榕工作", registered_by=GULOU, comes_from=XIHU, pause=1),
    Story(
        "李桂兰", FLAG, 40.5, (("withdraw", ""), ("void", "")), "随子女居住", registered_by=GULOU, comes_from=NANSHAN
    ),
    Story(
        "田俊杰",
        J1,
        63.7,
        ((CONFIRMED, ""), ANSWERED),
        "毕业后就业",
        registered_by=GULOU,
        comes_from=HAIDIAN,
        pause=14,
    ),
    Story(
        "苏晓东",
        BAMBOO,
        95.1,
        (OK, ("reject", "请补充原支部全称。"), ("reject", "请补充原支部全称。"), ("resubmit", ""), (CONFIRMED, "")),
        "返乡居住",
        registered_by=GULOU,
        comes_from=XIHU,
        pause=8,
    ),
    # at the applicant
    Story("江海涛", WULONG, 3.0, (("reject", "请先把党费补缴到本月。"),), "返乡居住"),
    Story("许文斌", BAMBOO, 1.6, (("withdraw", ""),), "住址变动", pause=2),
    # ended
    Story("李思颖", BAMBOO, 34.3, (("withdraw", ""), ("void", "")), "住址变动", pause=3),
    Story("赖福生", J2, 61.2, (("reject", "目的支部选择有误。"), ("void", "")), "随子女居住", pause=20),
    Story(
        "张秀英",
        J2,
        88.4,
        (OK, AGREED, RECEIVED, RECEIVED, RECEIVED, ("confirm", "已报到，编入第二党小组。")),
        pause=22,
    ),
    Story(
        "赖福生",
        J1,
        52.5,
        (OK, AGREED, OK, RECEIVED, ("object", "不在本支部片区居住。"), ("reassign", J2), RECEIVED, ("confirm", "")),
    ),
    Story("王丽华", J1, 120.3, (OK, AGREED, (CONFIRMED, "")), "支部调整", pause=7),
    Story("李思颖", "350102004003", 20.6, (OK, OK, ("withdraw", ""), OK, OK, RECEIVED, ("confirm", "")), "住址变动"),
)
_PAST = 24
_REASONS = ("工作调动", "住址变动", "退休后返乡居住", "考录公务员", "毕业后就业", "随配偶迁居")
_LONGEST_PAST = 420


def tell_all() -> int:
    """Let every story happen, in order of time, and some more of the past; returns how many transfers there are."""
    teller = Teller()
    stories = sorted([*STORIES, *_past()], key=lambda story: -story.days_ago)
    for story in stories:
        teller.tell(story)
    return len(stories)


def _past() -> Iterator[Story]:
    """Completed transfers of people without a name in `NAMED`, over the last year or so."""
    chance = random.Random(SEED)  # noqa: S311 - made-up stories, no secret
    named = [name for name, _gender, _branch in NAMED]
    served = Organization.code.not_in(WITHOUT_LIAISON)  # elsewhere nobody could move it on
    names = set(
        db.session.scalars(
            select(Member.name)
            .join(Member.organization)
            .where(Organization.parent_id.is_not(None), served, Member.name.not_in(named))
        )
    )
    branches = db.session.scalars(
        select(Organization.code)
        .where(Organization.kind == "branch", Organization.level_rank.is_not(None), served)
        .order_by(Organization.code)
    ).all()
    for name in chance.sample(sorted(names), _PAST):
        yield Story(
            name,
            chance.choice(branches),
            chance.randrange(30, _LONGEST_PAST) + chance.random() / 3,
            ((CONFIRMED, ""),),
            chance.choice(_REASONS),
            by_member=chance.random() < 0.5,
            pause=chance.randrange(3, 30),
        )


class Teller:
    """Tells stories: every deed is done by whoever may do it, at its moment."""

    def __init__(self) -> None:
        rows = db.session.execute(
            select(RoleGrant.organization_id, RoleGrant.account_id).where(RoleGrant.role_code == RoleCode.LIAISON)
        )
        self._liaisons: dict[int | None, int] = {row.organization_id: row.account_id for row in rows}
        self._actors: dict[int, Actor] = {}
        self._now = clock.now()

    def tell(self, story: Story) -> None:
        """Let one story happen."""
        wished = self._now - story.days_ago * DAY
        moment = self._at_work(wished)
        with clock.at(moment):
            transfer = self._apply(story)
        deeds = list(story.deeds)
        while deeds:
            wished += timedelta(hours=story.pause)
            moment = max(self._at_work(wished), moment + MINUTE)
            action, words = deeds.pop(0)
            if (action, words) == ANSWERED:
                with clock.at(moment):
                    self._answer(transfer)
                continue
            if action in PAPERWORK:
                with clock.at(moment):
                    PAPERWORK[action](transfer.key, self._actor_at(transfer), words)
                continue
            if action == CONFIRMED:
                step = transfer.current_step
                assert step is not None
                action = "confirm" if step.confirms else "approve"
                deeds[:0] = [(CONFIRMED, "")] if action == "approve" else []
            with clock.at(moment):
                transfer = actions.perform(
                    transfer.key, action, self._actor_for(transfer, action), **_inputs(action, words)
                )

    def _at_work(self, wished: datetime) -> datetime:
        """The moment moved into office hours, as far as it is past by then."""
        local = wished.astimezone(clock.SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        moved = midnight + OPENS + (local - midnight) * OPEN
        return moved if moved < self._now else wished

    def _answer(self, transfer: Transfer) -> None:
        committee = receipts.receiving(transfer)
        assert committee is not None
        receipts.issue(transfer.key, self._actor(self._liaisons[committee.id]))

    def _register(self, story: Story) -> Transfer:
        """Look-up, photo and 上报 by the organization that registers who enters."""
        codes = select(Organization.code, Organization.id).where(Organization.code.in_((story.registered_by, story.to)))
        ids = {row.code: row.id for row in db.session.execute(codes)}
        registering = ids[story.registered_by]
        actor = self._actor(self._liaisons[registering])
        new = story.member in NEWCOMERS
        number = newcomer_number(story.member) if new else self._member(story.member, kept=True).id_number
        area, branch, addressee = story.comes_from
        photo = attachments.hold(actor, "介绍信.jpg", _photo(), storage.storage(current_app.config))
        return entering.apply(
            actor,
            claims.look_up(actor, registering, number).ticket,
            registering_id=registering,
            photos=[photo.key],
            person=_newcomer(story.member) if new else {},
            destination_id=ids[story.to],
            area=area,
            branch=branch,
            addressee=addressee,
            reason=story.reason,
            applied_on=clock.today(),
            dues_paid_until=clock.this_month(),
        )

    def _apply(self, story: Story) -> Transfer:
        if story.registered_by:
            return self._register(story)
        member = self._member(story.member)
        destination = db.session.scalars(select(Organization).where(Organization.code == story.to)).one()
        by = self._own_account(member) if story.by_member else self._liaisons[member.organization_id]
        kinds = {OUTSIDE: "out_of_province", SPECIAL: "to_special"}
        return applications.apply(
            self._actor(by),
            kind_code=kinds.get(story.to, "intra"),
            member_key=member.key,
            destination_id=destination.id,
            reason=story.reason,
            applied_on=clock.today(),
            dues_paid_until=clock.this_month(),
            addressee=story.letter_to[0],
            destination_unit=story.letter_to[1],
        )

    def _member(self, name: str, *, kept: bool = False) -> Member:
        """The first member of that name in a branch with a liaison; `kept`: in a holding organization instead."""
        is_kept, served = Organization.kind.in_(HOLDING_KINDS), Organization.code.not_in(WITHOUT_LIAISON)
        member = db.session.scalars(
            select(Member)
            .join(Member.organization)
            .where(Member.name == name, served, is_kept if kept else ~is_kept)
            .options(joinedload(Member.organization))
            .order_by(Member.id)
        ).first()
        assert member is not None, name
        return member

    def _actor_at(self, transfer: Transfer) -> Actor:
        """The liaison of the organization where it waits."""
        return self._actor(self._liaisons[transfer.current_organization_id])

    def _actor_for(self, transfer: Transfer, action: str) -> Actor:
        """Whoever the transition table offers the action to: the liaison where it waits, or who moved it last."""
        member = db.session.scalar(select(Account.id).where(Account.member_id == transfer.member_id))
        candidates = (
            self._liaisons.get(transfer.current_organization_id),
            self._liaisons.get(transfer.last_organization_id),
            self._liaisons.get(transfer.submitting_organization_id),
            member,
        )
        for account_id in filter(None, candidates):
            actor = self._actor(account_id)
            if action in {offered.name for offered in actions.available_actions(transfer, actor)}:
                return actor
        raise AssertionError(f"nobody may {action} the transfer of {transfer.member.name}")

    def _actor(self, account_id: int) -> Actor:
        if account_id not in self._actors:
            actor = actors.load(account_id)
            assert actor is not None
            self._actors[account_id] = actor
        return self._actors[account_id]

    def _own_account(self, member: Member) -> int:
        """The account of a member, made where there is none; nobody can sign in with it before it has a password."""
        found = db.session.scalar(select(Account.id).where(Account.member_id == member.id))
        if found is not None:
            return found
        with transaction():
            return accounts.create_account(f"dy{member.id:04d}", member=member).id


def _inputs(action: str, words: str) -> Mapping[str, Any]:
    if action == "reassign":
        return {"destination_id": db.session.scalar(select(Organization.id).where(Organization.code == words))}
    names = {"approve": "opinion", "confirm": "opinion", "object": "opinion", "reject": "reason"}
    return {names[action]: words} if action in names else {}


def _write_unit(key: str, actor: Actor, words: str) -> None:
    letters.edit(key, actor, None, destination_words=words)


def _print(key: str, actor: Actor, _words: str) -> None:
    letters.freeze(key, actor)


def _newcomer(name: str) -> dict[str, Any]:
    gender, ethnicity, category = NEWCOMERS[name]
    return {
        "name": name,
        "gender": Gender.MALE if gender == "男" else Gender.FEMALE,
        "ethnicity": ethnicity,
        "category": category,
    }


def _photo() -> BytesIO:
    """A made-up photo of a paper with lines, as nothing real may be shown."""
    photo = Image.new("RGB", (1200, 800), "#f6f0e2")
    drawing = ImageDraw.Draw(photo)
    for line in range(1, 10):
        drawing.line((120, 70 * line, 1080 - 40 * (line % 3), 70 * line), fill="#6b6459", width=5)
    drawing.ellipse((820, 500, 1060, 740), outline="#b3261e", width=12)
    file = BytesIO()
    photo.save(file, "JPEG")
    file.seek(0)
    return file


def _send_receipt(key: str, actor: Actor, _words: str) -> None:
    kept = storage.storage(current_app.config)
    attachments.upload(key, AttachmentKind.RECEIPT, actor, "介绍信回执联.jpg", _photo(), kept)


PAPERWORK = {"unit": _write_unit, "reissue": letters.reissue, "print": _print, "receipt": _send_receipt}
