"""The people of the demo: members of some branches, the accounts that act, and those that the sign-in page names.

Names are put together from common characters; ID numbers are valid in form and carry a region code that was never
allotted, so that they belong to nobody.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum.iso7064 import mod_11_2

from commands.demo.places import HOLDING, OUTSIDE, SURNAMES, UNKNOWN, WITHOUT_LIAISON, Place

PASSWORD = "zhuanjie-demo"  # noqa: S105 - the sign-in page of the demo shows it
REGION = "990102"
SEED = 20171200002
_LAST_JOINED = date(2024, 6, 30)
_GIVEN_NAMES = """
男 建国 志明 文斌 海涛 俊杰 晓东 家豪 宏伟 永强 国栋 少华 金水 清源 斌 磊 涛
女 丽华 秀英 雅婷 美玲 慧敏 婉清 淑芬 晓燕 佳怡 雪梅 桂兰 思颖 宝珠 静 颖 琳
"""
_GIVEN = {line.split()[0]: line.split()[1:] for line in _GIVEN_NAMES.strip().splitlines()}
_PER_BRANCH = (3, 4, 5)
_EVERY = 9  # a branch in so many has members


@dataclass(frozen=True)
class Person:
    """One member as the import of members takes it."""

    id_number: str
    name: str
    gender: str
    category: str
    branch: str
    phone: str
    joined_on: str

    def row(self) -> tuple[str, ...]:
        """The cells in the order of the import's columns."""
        return (
            self.id_number,
            self.name,
            self.gender,
            "汉族",
            self.category,
            self.branch,
            self.phone,
            self.joined_on,
        )


@dataclass(frozen=True)
class SignIn:
    """An account that the sign-in page names: `organization` is the code of the organization that it acts for."""

    username: str
    who: str
    what: str
    role: str
    organization: str = ""
    member: str = ""
    password: str = PASSWORD


NAMED = (
    # name, gender, code of the branch: those who have an account of their own or a part in a story
    ("林小雨", "女", "35010200400101"),
    ("陈国强", "男", "35010200400101"),
    ("何俊杰", "男", "35010200400101"),
    ("江海涛", "男", "35010200400101"),
    ("李思颖", "女", "35010200400101"),
    ("王丽华", "女", "35010200400102"),
    ("许文斌", "男", "35010200400102"),
    ("吴佳怡", "女", "35010200400102"),
    ("郑家俊", "男", "350102004003"),
    ("蔡少华", "男", "350102004003"),
    ("邱晓燕", "女", "350102004003"),
    ("郭雅婷", "女", "350102006001"),
    ("刘志强", "男", "350102Z0"),
    ("罗永福", "男", "350102Z2101"),
    ("谢婉清", "女", "3501Z101"),
    ("高伟", "男", "35Z101"),
    ("周慧敏", "女", "350582001002"),
    ("黄志明", "男", "350823106005"),
    ("张秀英", "女", "350823106005"),
    ("赖福生", "男", "350823106002"),
    ("曾雪梅", "女", "35010200400101"),
    ("苏国栋", "男", "350102004003"),
    ("叶静", "女", "35010200400102"),
    ("许永强", "男", "35010200400102"),
    ("谢桂兰", "女", "350102001002"),
    ("邱磊", "男", "350102Z2102"),
    ("何清源", "男", "35Z102"),
    ("曾宏伟", "男", "3501Z102"),
    ("郭宝珠", "女", "35010200400101"),
    ("江文斌", "男", "350102004003"),
    ("何思颖", "女", "350102001002"),
    ("陈清源", "男", "35010200400102"),
    ("林金水", "男", "35010200400101"),
    ("蔡雪梅", "女", "350102001002"),
    ("郑海涛", "男", "350102004003"),
    ("谢家豪", "男", OUTSIDE),
    ("王淑芬", "女", OUTSIDE),
    ("苏晓东", "男", OUTSIDE),
    ("许少华", "男", UNKNOWN),
    ("李桂兰", "女", UNKNOWN),
)
NEWCOMERS = {
    # name: gender, ethnicity, category; in no organization of the demo until they enter
    "韦志明": ("男", "壮族", "full"),
    "马晓燕": ("女", "回族", "probationary"),
    "金宝珠": ("女", "朝鲜族", "full"),
    "田俊杰": ("男", "土家族", "full"),
}
SIGN_INS = (
    SignIn("linxiaoyu", "党员 林小雨", "军门第一支部；自己申请，查看办理进度", "member", member="林小雨"),
    SignIn("junmen1", "联络员 军门第一支部", "党员陈国强的账号；7级", "liaison", "35010200400101", "陈国强"),
    SignIn("junmen", "联络员 军门社区总支", "虚拟管理员；7级", "liaison", "350102004001"),
    SignIn("dongjie", "联络员 东街街道工委", "虚拟管理员；6级，转出方一级党工委", "liaison", "350102004"),
    SignIn("gulou", "联络员 鼓楼区委", "虚拟管理员；5级", "liaison", "350102"),
    SignIn("fuzhou", "联络员 福州市委", "虚拟管理员；3级", "liaison", "3501"),
    SignIn("fuzhou-zhishu", "联络员 福州市委市直机关工委", "虚拟管理员；4级", "liaison", "3501Z1"),
    SignIn("shengzhi", "联络员 福建省委省直机关工委", "虚拟管理员；2级", "liaison", "35Z1"),
    SignIn("fujian", "联络员 福建省委", "虚拟管理员；1级", "liaison", "35"),
    SignIn("gutian", "联络员 古田镇党委", "虚拟管理员；6级，转入方一级党委", "liaison", "350823106"),
    SignIn("wulong", "联络员 五龙村支部", "虚拟管理员；7级，确认报到", "liaison", "350823106005"),
    SignIn("admin", "省级管理员", "维护组织、党员、权限级别", "provincial_admin"),
    SignIn("auditor", "审计员 福建省委", "只读：查看全省的记录", "auditor", "35"),
    SignIn(
        "shuji",
        "书记 军门第二支部",
        "党员王丽华的账号；书记只作记录，没有线上权限",
        "secretary",
        "35010200400102",
        "王丽华",
    ),
)


def people(places: Sequence[Place]) -> list[Person]:
    """The members of the demo, the same on every machine: those with a name in `NAMED` first."""
    return list(_people(places))


def _people(places: Sequence[Place]) -> Iterator[Person]:
    chance = random.Random(SEED)  # noqa: S311 - made-up people, no secret
    number = itertools.count(1)
    for name, gender, branch in NAMED:
        yield _person(next(number), name, gender, branch, chance)
    branches = [place.code for place in places if place.kind == "branch"]
    homes = [(branch, chance.choice(_PER_BRANCH)) for branch in branches[::_EVERY]]
    for home, count in [*homes, (OUTSIDE, 4), (UNKNOWN, 4)]:
        for _ in range(count):
            gender = chance.choice("男女")
            name = chance.choice(SURNAMES) + chance.choice(_GIVEN[gender])
            yield _person(next(number), name, gender, home, chance)


def newcomer_number(name: str) -> str:
    """The ID number of one of `NEWCOMERS`."""
    number = list(NEWCOMERS).index(name)
    return _id_number(date(1990 + number, 5, 1 + number), number, NEWCOMERS[name][0])


def _id_number(born: date, number: int, gender: str) -> str:
    body = f"{REGION}{born:%Y%m%d}{2 * (number % 500) + (gender == '男'):03d}"
    return body + mod_11_2.calc_check_digit(body)


def _person(number: int, name: str, gender: str, branch: str, chance: random.Random) -> Person:
    born = date(1955, 1, 1) + timedelta(days=chance.randrange(45 * 365))
    joined = min(born + timedelta(days=chance.randrange(19 * 366, 35 * 366)), _LAST_JOINED)
    probationary = number % 17 == 0
    return Person(
        id_number=_id_number(born, number, gender),
        name=name,
        gender=gender,
        category="预备" if probationary else "正式",
        branch=branch,
        phone=f"1380000{number:04d}",
        joined_on=joined.isoformat(),
    )


def grants(places: Sequence[Place], people: Sequence[Person]) -> Iterator[tuple[str, str, str, str]]:
    """The rows of the import of grants: those of `SIGN_INS`, then a virtual admin account for nearly everybody else."""
    by_name = {person.name: person.id_number for person in reversed(people)}
    for sign_in in SIGN_INS:
        if sign_in.role != "member":
            yield sign_in.username, by_name.get(sign_in.member, ""), sign_in.organization, sign_in.role
    served = {sign_in.organization for sign_in in SIGN_INS if sign_in.role == "liaison"} | WITHOUT_LIAISON
    for place in places:
        if place.code not in served and place.code not in HOLDING:
            yield f"ly{place.code}", "", place.code, "liaison"
