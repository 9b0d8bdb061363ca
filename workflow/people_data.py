"""What may be said of a person: pure checks of ID numbers, phones, names, ethnicities and dates (R6, R41).

Nothing here asks the database. A refusal names the form field; it never repeats an ID number or a phone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

import phonenumbers
from stdnum import numdb
from stdnum.iso7064 import mod_11_2

from models import Gender, clock
from workflow.errors import N_, RuleError

NAME_LENGTH = 60
# The 56 of GB 3304, in its order, and the two entries that the household register knows beside them.
_ETHNICITIES = """
汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族
满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族
佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 土族
达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族
塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族
独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族 其他 外国血统中国籍人士
"""
ETHNICITIES = tuple(_ETHNICITIES.split())

_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_OLD_ID_NUMBER = re.compile(r"[0-9]{15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CHINA = 86


@dataclass(frozen=True)
class IdNumber:
    """A checked ID number. `known_region` False is worth a warning, never a refusal (R41)."""

    clear: str = field(repr=False)
    birth_date: date
    gender: Gender
    known_region: bool


def check_id_number(text: str) -> IdNumber:
    """An ID number of GB 11643: 18 characters, a real birth date, the right check character. Raises `RuleError` R41."""
    clear = text.strip().upper()
    if not clear:
        raise RuleError(N_("请填写身份证号。"), "R41", "id_number")
    if _OLD_ID_NUMBER.fullmatch(clear):
        raise RuleError(
            N_(
                "这是15位的旧身份证号。现在一律用18位：在第6位后加上“19”，并在末尾加一位校验码；"
                "请按党员现在的身份证填写。"
            ),
            "R41",
            "id_number",
        )
    if not _ID_NUMBER.fullmatch(clear):
        raise RuleError(N_("身份证号应为18位：17位数字加1位校验码（数字或X），请核对。"), "R41", "id_number")
    try:
        birth_date = datetime.strptime(clear[6:14], "%Y%m%d").date()
    except ValueError:
        raise RuleError(N_("身份证号中的出生日期不存在，请核对。"), "R41", "id_number") from None
    if birth_date > clock.today():
        raise RuleError(N_("身份证号中的出生日期晚于今天，请核对。"), "R41", "id_number")
    if mod_11_2.calc_check_digit(clear[:17]) != clear[17]:
        raise RuleError(N_("身份证号的校验码不对，请核对是否有错位或错字。"), "R41", "id_number")
    gender = Gender.MALE if int(clear[16]) % 2 else Gender.FEMALE
    return IdNumber(clear, birth_date, gender, _region_is_known(clear[:6]))


@lru_cache(maxsize=4096)
def _region_is_known(code: str) -> bool:
    """Allotted today or ever: people keep the number of a county that is no more."""
    return any("county" in properties for _, properties in numdb.get("cn/loc").info(code))


def check_gender(gender: Gender, id_number: IdNumber) -> None:
    """The gender must be the one that the ID number's 17th digit says. Raises `RuleError` R41."""
    if gender is not id_number.gender:
        raise RuleError(N_("性别与身份证号第17位不符，请核对性别和身份证号。"), "R41", "gender")


def check_birth_date(born: date | None, id_number: IdNumber) -> None:
    """A birth date that was typed must be that of the ID number. Raises `RuleError` R41."""
    if born is not None and born != id_number.birth_date:
        raise RuleError(N_("出生日期与身份证号不符，请核对出生日期和身份证号。"), "R41", "birth_date")


def check_person_name(text: str) -> str:
    """The name without blanks around it. Raises `RuleError` R41: empty, too long, or with control characters."""
    name = text.strip()
    if not name:
        raise RuleError(N_("请填写姓名。"), "R41", "name")
    if len(name) > NAME_LENGTH:
        raise RuleError(N_("姓名过长，请控制在%(limit)s字以内。"), "R41", "name", limit=NAME_LENGTH)
    if has_control_characters(name):
        raise RuleError(N_("姓名中有换行或控制字符，请删除。"), "R41", "name")
    return name


def has_control_characters(text: str) -> bool:
    """Line breaks, tabs, NUL bytes and their like: nothing that belongs in a name or a code."""
    return not text.isprintable() and any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text)


def check_ethnicity(text: str) -> str:
    """One of `ETHNICITIES`. Raises `RuleError` R41."""
    ethnicity = text.strip()
    if ethnicity not in ETHNICITIES:
        raise RuleError(N_("民族应为规范全称，例如“汉族”“畲族”。"), "R41", "ethnicity")
    return ethnicity


def normal_mobile(text: str) -> str:
    """A mainland mobile number as its 11 digits; "" stays "". Raises `RuleError` R6 for anything else."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if not mobile or number.country_code != _CHINA or number.extension:
        raise RuleError(N_("手机号码应为中国大陆11位手机号，不能是固定电话。"), "R6", "phone")
    return str(number.national_number)


def check_joined_on(day: date | None) -> date | None:
    """The day of joining, not after today. Raises `RuleError` R41."""
    if day is not None and day > clock.today():
        raise RuleError(N_("入党日期不能晚于今天。"), "R41", "joined_on")
    return day


def read_day(text: str, field: str) -> date | None:
    """A day written ``YYYY-MM-DD``; "" is None. Raises `RuleError` R41 naming `field`."""
    if not text:
        return None
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else _no_day()
    except ValueError:
        raise RuleError(N_("日期应写成YYYY-MM-DD，并且确有这一天。"), "R41", field) from None


def _no_day() -> date:
    raise ValueError("not in the form YYYY-MM-DD")
