"""R6, R41: what a mobile number, an ID number, a name, an ethnicity and a day may be; without a database."""

from datetime import UTC, date, datetime

import pytest

from models import Gender, clock
from tests.scenarios.telling import refused
from tests.world import id_number
from workflow import people_data
from workflow.errors import RuleError
from workflow.people_data import check_id_number, normal_mobile


def with_check_character(body: str) -> str:
    """Seventeen characters and the one of GB 11643 behind them, by the weights of the standard."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


# --- R6 ---


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        " 13800138000 ",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "008613800138000",
        "１３８００１３８０００",
    ],
)
def test_r6_a_mobile_number_is_kept_as_its_eleven_digits(text):
    assert normal_mobile(text) == "13800138000"


@pytest.mark.parametrize("text", ["19912345678", "17012345678", "16612345678"])
def test_r6_every_network_is_one(text):
    assert normal_mobile(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "0591-87000001",
        "87000001",
        "4008123123",
        "10086",
        "1380013800",
        "138001380001",
        "23800138000",
        "+85291234567",
        "+12025550123",
        "13800138000转12",
        "13800138000,13900139000",
        "手机",
    ],
)
def test_r6_anything_else_is_refused_and_not_repeated(text):
    with refused("R6", "^手机号码应为中国大陆11位手机号，不能是固定电话。$", field="phone"):
        normal_mobile(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_r6_none_stays_none(text):
    assert normal_mobile(text) == ""


# --- R41: the ID number ---


def test_r41_a_right_number_says_when_somebody_was_born_and_whether_man_or_woman():
    found = check_id_number(with_check_character("35010219900307123"))
    assert (found.birth_date, found.gender, found.known_region) == (date(1990, 3, 7), Gender.MALE, True)


def test_r41_the_check_character_may_be_an_x_in_either_case():
    number = next(n for n in (with_check_character(f"35010219900307{i:03d}") for i in range(100)) if n[-1] == "X")
    assert check_id_number(f" {number.lower()} ").clear == number


def test_r41_the_seventeenth_digit_is_odd_for_a_man():
    genders = [check_id_number(with_check_character(f"3501021990030712{digit}")).gender for digit in range(10)]
    assert genders == [Gender.FEMALE, Gender.MALE] * 5


def test_r41_an_unknown_region_is_allowed_and_told():
    assert check_id_number(id_number(Gender.MALE, 1)).known_region is False


def test_r41_a_county_that_is_no_more_is_known():
    assert check_id_number(with_check_character("35040319900307123")).known_region is True  # 三明市三元区 until 2021


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "请填写身份证号"),
        ("   ", "请填写身份证号"),
        ("35010219900307123", "应为18位"),
        ("3501021990030712344", "应为18位"),
        ("350102900307123", "这是15位的旧身份证号"),
        ("35010219900307X234", "应为18位"),
        ("35010219900307123Y", "应为18位"),
        ("350102 19900307123", "应为18位"),
        ("３５０１０２１９９００３０７１２３４", "应为18位"),
        (with_check_character("35010219900230123"), "出生日期不存在"),
        (with_check_character("35010219901301123"), "出生日期不存在"),
        (with_check_character("35010219000229123"), "出生日期不存在"),
        (with_check_character("35010200000101123"), "出生日期不存在"),
        (with_check_character("35010229900307123"), "晚于今天"),
    ],
)
def test_r41_each_kind_of_mistake_is_named(text, words):
    with refused("R41", words, field="id_number"):
        check_id_number(text)


def test_r41_every_wrong_check_character_is_found():
    right = with_check_character("35010219900307123")
    wrong = [right[:17] + character for character in "0123456789X" if character != right[17]]
    assert [number for number in wrong if passes(number)] == []


def test_r41_two_digits_that_changed_places_are_found():
    right = with_check_character("35010219900307129")
    swapped = right[:15] + right[16] + right[15] + right[17]
    with refused("R41", "校验码不对"):
        check_id_number(swapped)


def passes(number: str) -> bool:
    try:
        return bool(check_id_number(number))
    except RuleError:
        return False


def test_r41_a_refusal_does_not_repeat_the_number():
    wrong = with_check_character("35010219900307123")[:17] + "Y"
    with pytest.raises(RuleError) as caught:
        check_id_number(wrong)
    assert wrong[:17] not in str(caught.value)


def test_r41_who_is_born_today_in_shanghai_is_not_born_tomorrow():
    with clock.at(datetime(2026, 11, 30, 16, 30, tzinfo=UTC)):
        assert check_id_number(with_check_character("35010220261201123")).birth_date == date(2026, 12, 1)


# --- names, ethnicities, days ---


@pytest.mark.parametrize("name", ["林小雨", "买买提·艾力", "欧阳娜娜", "㛃䶮", "Anna Maria", "名" * 60])
def test_r41_a_name_is_whatever_people_are_called(name):
    assert people_data.check_person_name(f" {name} ") == name


@pytest.mark.parametrize("name", ["", " ", "名" * 61, "张\n三", "张\t三", "张\x00三", "张\u2028三"])
def test_r41_what_is_no_name_is_refused(name):
    with refused("R41", field="name"):
        people_data.check_person_name(name)


def test_r41_there_are_56_ethnicities_and_the_two_entries_beside_them():
    assert len(set(people_data.ETHNICITIES)) == 58
    assert people_data.check_ethnicity(" 畲族 ") == "畲族"


@pytest.mark.parametrize("text", ["", "汉", "未知", "han"])
def test_r41_nothing_else_is_one(text):
    with refused("R41", "规范全称", field="ethnicity"):
        people_data.check_ethnicity(text)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "20260301", "2026-W10-1", "2026/03/01", "三月一日"])
def test_r41_a_day_is_written_year_month_day_and_there_is_such_a_day(text):
    with refused("R41", "YYYY-MM-DD", field="joined_on"):
        people_data.read_day(text, "joined_on")


@pytest.mark.parametrize(("text", "day"), [("2026-02-28", date(2026, 2, 28)), ("", None)])
def test_r41_a_day_is_read(text, day):
    assert people_data.read_day(text, "joined_on") == day
