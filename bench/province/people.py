"""The members of the province and the accounts that act: made-up names, ID numbers of a region never allotted.

All about member number i follows from i and the seed, so that a story can name a member before the row is written.
"""

from __future__ import annotations

import base64
import hmac
import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from stdnum.iso7064 import mod_11_2

from bench.province.places import Place, first_branch
from bench.province.size import SEED
from models import masked_id_number
from models.crypto import NONCE_BYTES, Keyring

REGION = "990102"
RARE_NAME, RARE_BEARERS = "上官文珺", 12
"""A name that as many members bear in a hundredth as in the whole: what a search for it finds is the same."""
COMMON_SURNAME = "陈"
LARGE_BRANCH = 64
"""Members of the branch that the pages are measured for: more than one page of them."""
FORMAL_EVERY = 20
"""One member in so many has an account."""
_SURNAMES = "陈林黄张吴李王郑刘杨蔡叶许苏谢曾郭邱何江赖周徐洪庄罗朱高方余詹游廖卢潘魏傅沈范翁程邓"
_GIVEN = "建国志明文斌海涛俊杰晓东家豪宏伟永强少华金水清源丽秀英雅婷美玲慧敏婉淑芬燕佳怡雪梅桂兰思颖宝珠静琳平安春生"
_SIZES = (14, 17, 20, 23, 26)
_FIRST_BORN, _BORN_DAYS = date(1936, 1, 1), 26_000
_ETHNICITIES = ("汉族",) * 30 + ("畲族", "回族", "满族")
_STATUSES = ("normal",) * 60 + ("suspended", "lost_contact")


def names(count: int) -> list[str]:
    """The name of each member; surnames as they are distributed in Fujian, more or less."""
    chance = random.Random(SEED)  # noqa: S311 - made-up people, no secret
    surnames = chance.choices(_SURNAMES, [1 / (rank + 4) for rank in range(len(_SURNAMES))], k=count)
    given = [first + second for first, second in itertools.product(_GIVEN, ("", *_GIVEN)) if first != second]
    everybody = [surname + rest for surname, rest in zip(surnames, chance.choices(given, k=count), strict=True)]
    for position in rare_members(count):
        everybody[position] = RARE_NAME
    return everybody


def rare_members(count: int) -> list[int]:
    """The positions of those who bear the rare name."""
    return [position * (count // RARE_BEARERS) + 7 for position in range(RARE_BEARERS)]


def first_homes(places: Sequence[Place], count: int) -> list[int]:
    """The branch that each member belonged to before anything was transferred, branch by branch."""
    branches = [place for place in places if place.is_branch]
    large = first_branch(places)
    sizes = [_SIZES[position % len(_SIZES)] for position in range(len(branches))]
    scale = (count - LARGE_BRANCH) / sum(sizes)
    homes: list[int] = []
    owed = 0.0
    for branch, size in zip(branches, sizes, strict=True):
        owed += LARGE_BRANCH if branch is large else size * scale
        homes += [branch.id] * int(owed)
        owed -= int(owed)
    homes += [branches[-1].id] * (count - len(homes))
    return homes[:count]


def has_account(position: int) -> bool:
    """Whether a member has an account: one in `FORMAL_EVERY`."""
    return position % FORMAL_EVERY == 0


def has_active_phone(position: int) -> bool:
    """Two members in five have bound their phone; of those with an account all have."""
    return position % 5 < 2


def id_numbers(count: int) -> Iterator[str]:
    """Valid in form, no two alike."""
    days = [f"{_FIRST_BORN + timedelta(days=day):%Y%m%d}" for day in range(_BORN_DAYS)]
    for position in range(count):
        body = f"{REGION}{days[position * 7919 % _BORN_DAYS]}{2 * (position // _BORN_DAYS) + is_man(position):03d}"
        yield body + mod_11_2.calc_check_digit(body)


def is_man(position: int) -> bool:
    """The gender, which the ID number tells too."""
    return position % 7 % 2 == 1


MEMBER_COLUMNS = (
    *("id", "key", "name", "id_number_sealed", "id_number_index", "id_number_masked", "gender", "ethnicity"),
    *("category", "status", "organization_id", "org_path", "phone", "phone_activated_at", "joined_on"),
    *("created_at", "updated_at", "version"),
)


def member_rows(names: Sequence[str], homes: Sequence[int], paths: Sequence[str], ring: Keyring) -> Iterator[tuple]:
    """The rows of the members; `paths` by organization id. Sealed as `Keyring.seal` does, with nonces of the seed."""
    chance = random.Random(SEED + 1)  # noqa: S311 - made-up people, no secret
    key_name, key = next(iter(ring.keys.items()))
    cipher, label = AESGCM(key), key_name.encode()
    moment = "2021-11-20 08:00:00.000000"
    for position, number in enumerate(id_numbers(len(names))):
        clear = number.encode()
        nonce = chance.randbytes(NONCE_BYTES)
        sealed = base64.b64encode(nonce + cipher.encrypt(nonce, clear, label)).decode()
        home = homes[position]
        yield (
            position + 1,
            random_key(chance),
            names[position],
            f"{key_name}:{sealed}",
            hmac.digest(ring._index_key, clear, "sha256").hex(),
            masked_id_number(number),
            "male" if is_man(position) else "female",
            _ETHNICITIES[position % len(_ETHNICITIES)],
            "probationary" if position % 23 == 0 else "full",
            _STATUSES[position % len(_STATUSES)],
            home,
            paths[home],
            f"13{position:09d}",
            moment if has_active_phone(position) else None,
            f"{1960 + position % 60}-07-01",
            moment,
            moment,
            1,
        )


def is_in_good_standing(position: int) -> bool:
    """Whether the member may apply at all (R19a)."""
    return _STATUSES[position % len(_STATUSES)] == "normal"


def random_key(chance: random.Random) -> str:
    """A key like `models.new_key` makes, from the seed."""
    return base64.urlsafe_b64encode(chance.randbytes(12)).decode()


# --- Accounts ---

ACCOUNT_COLUMNS = (
    *("id", "key", "username", "member_id", "organization_id", "is_active", "session_token", "created_at"),
    "org_path",
)
GRANT_COLUMNS = ("id", "account_id", "organization_id", "role_code", "granted_at")
KEEPER, AUDITOR = "admin", "auditor"
_NO_LIAISON = 50
"""One branch in so many has nobody to act for it."""


def username(place: Place) -> str:
    """The virtual admin account of an organization."""
    return f"ly{place.code}"


def account_of_member(position: int, organizations: int) -> int:
    """The id of a member's account: behind the virtual ones, which have the id of their organization."""
    return organizations + 1 + position // FORMAL_EVERY


def account_rows(places: Sequence[Place], homes: Sequence[int]) -> Iterator[tuple]:
    """A virtual admin account for each organization, an account for some members, and the keepers of the data."""
    chance = random.Random(SEED + 2)  # noqa: S311 - made-up people, no secret
    moment = "2021-11-20 08:00:00.000000"

    def row(identity: int, name: str, member: int | None, organization: int | None, path: str) -> tuple:
        token = chance.randbytes(16).hex()
        return identity, random_key(chance), name, member, organization, True, token, moment, path

    for place in places:
        yield row(place.id, username(place), None, place.id, place.path)
    for position in range(0, len(homes), FORMAL_EVERY):
        identity = account_of_member(position, len(places))
        yield row(identity, f"dy{position + 1}", position + 1, None, places[homes[position] - 1].path)
    after = account_of_member(len(homes) - 1, len(places)) + 1
    yield row(after, KEEPER, None, None, "")
    yield row(after + 1, AUDITOR, None, None, "")


def is_served(place: Place) -> bool:
    """Whether somebody acts for the organization: holding ones have no liaison (R1), some branches lack one."""
    outside = place.parent is None and place.level is None
    return not outside and not (place.is_branch and place.id % _NO_LIAISON == 0)


def grant_rows(places: Sequence[Place], homes: Sequence[int]) -> Iterator[tuple]:
    """联络员 for nearly every virtual admin account and for some members of a branch; the keepers' roles."""
    moment = "2021-11-20 08:00:00.000000"
    number = itertools.count(1)
    for place in places:
        if is_served(place):
            yield next(number), place.id, place.id, "liaison", moment
    for position in range(0, len(homes), FORMAL_EVERY * 8):
        if places[homes[position] - 1].is_branch:
            account = account_of_member(position, len(places))
            yield next(number), account, homes[position], "liaison", moment
    after = account_of_member(len(homes) - 1, len(places)) + 1
    yield next(number), after, None, "provincial_admin", moment
    yield next(number), after + 1, 1, "auditor", moment
