"""`import members`: making members and bringing known ones to their rows (R6, R7, R10, R32a, R41)."""

import json
from datetime import date

import pytest

from models import Account, AuditEvent, Gender, Member, MemberCategory, MemberStatus, Organization
from tests.commands.shell import CODE, audited, count, everything, known_person, one, person

LIN, CHEN = known_person("林小雨"), known_person("陈国强")


def member(name: str) -> Member:
    return one(Member, name=name)


# --- new members ---


def test_r41_a_new_member_is_all_that_the_row_says(bring, fujian):
    row = person(100, name="阿依古丽·买买提", ethnicity="维吾尔族", category="预备")
    assert bring("members", row).status == 0
    made = member("阿依古丽·买买提")
    assert (made.gender, made.ethnicity, made.category) == (Gender.MALE, "维吾尔族", MemberCategory.PROBATIONARY)
    assert (made.id_number, made.phone, made.joined_on) == (row["id_number"], row["phone"], date(2015, 7, 1))
    assert made.organization_id == fujian.org("军门第一支部").id
    assert made.org_path == fujian.org("军门第一支部").path


def test_r19a_the_status_of_a_new_member_is_normal(bring):
    bring("members", person(100))
    assert member("新党员100").status == MemberStatus.NORMAL


def test_r41_an_id_number_is_stored_sealed_and_shown_masked(bring):
    clear = person(100)["id_number"]
    bring("members", person(100))
    made = member("新党员100")
    assert clear not in made.id_number_sealed
    assert made.id_number_masked == f"{clear[:6]}********{clear[-4:]}"


def test_phone_and_day_of_joining_may_be_empty(bring):
    assert bring("members", person(100, phone="", joined_on=""), person(101, phone="", joined_on="")).status == 0
    made = member("新党员100")
    assert (made.phone, made.phone_activated_at, made.joined_on) == ("", None, None)


def test_r10_a_phone_that_an_import_brings_counts_as_activated(bring):
    bring("members", person(100))
    assert member("新党员100").phone_activated_at is not None


@pytest.mark.parametrize("written", ["139 0000 0100", "+8613900000100", "0086-139-0000-0100"])
def test_r6_a_mobile_number_is_kept_as_its_eleven_digits(bring, written):
    assert bring("members", person(100, phone=written)).status == 0
    assert member("新党员100").phone == "13900000100"


@pytest.mark.parametrize("home", ["省外组织", "特殊组织", "未知党组织", "临时党组织"])
def test_r1_new_members_may_come_into_a_holding_organization(bring, home):
    assert bring("members", person(100, org_code=CODE[home])).status == 0
    assert member("新党员100").organization_id == one(Organization, name=home).id


def test_r41_the_check_character_x_may_be_written_small(bring):
    row = person(110)
    assert row["id_number"].endswith("X")
    assert bring("members", {**row, "id_number": row["id_number"].lower()}).status == 0
    assert member("新党员110").id_number == row["id_number"]


def test_r41_an_unknown_region_is_a_remark_and_no_refusal(bring):
    outcome = bring("members", person(100), person(101))
    assert (outcome.status, outcome.err) == (0, "")
    assert "2个身份证号" in outcome.out


def test_r41_a_known_region_is_no_remark(bring):
    outcome = bring("members", person(100, id_number="350102185001011230"))  # nobody alive has it
    assert outcome.status == 0
    assert "身份证号" not in outcome.out


def test_members_get_no_account_by_an_import(bring):
    before = count(Account)
    bring("members", person(100), person(101))
    assert count(Account) == before


def test_the_second_run_changes_nothing(bring):
    rows = person(100), person(101, phone=""), known_person("林小雨", name="林晓雨")
    bring("members", *rows)
    before = everything()
    outcome = bring("members", *rows)
    assert outcome.status == 0
    assert "未变3" in outcome.out
    assert everything() == before


# --- known members ---


def test_a_known_member_is_brought_to_the_row(bring):
    identity = member("林小雨").id
    row = known_person(
        "林小雨", name="林晓雨", ethnicity="畲族", category="预备", phone="13900000999", joined_on="2011-01-31"
    )
    assert bring("members", row).status == 0
    changed = member("林晓雨")
    assert changed.id == identity
    assert (changed.ethnicity, changed.category) == ("畲族", MemberCategory.PROBATIONARY)
    assert (changed.phone, changed.joined_on) == ("13900000999", date(2011, 1, 31))
    assert changed.phone_activated_at is not None


def test_a_member_whom_the_file_does_not_name_stays_as_they_were(bring):
    before = [row for row in everything()["member"] if row.name != "林小雨"]
    bring("members", known_person("林小雨", phone="13900000999"))
    assert [row for row in everything()["member"] if row.name != "林小雨"] == before


def test_r19a_an_import_leaves_the_status_as_it_was(bring):
    bring("members", known_person("周文斌", ethnicity="畲族"))
    assert (member("周文斌").ethnicity, member("周文斌").status) == ("畲族", MemberStatus.SUSPENDED)


def test_r6_a_phone_that_the_file_leaves_empty_is_no_longer_bound(bring):
    bring("members", known_person("林小雨", phone=""))
    assert (member("林小雨").phone, member("林小雨").phone_activated_at) == ("", None)


def test_r10_a_phone_that_waited_for_its_code_is_activated_by_an_import(bring):
    assert member("吴建平").phone_activated_at is None
    outcome = bring("members", known_person("吴建平"))
    assert "更新1" in outcome.out
    assert member("吴建平").phone_activated_at is not None


def test_r10_a_phone_that_is_bound_stays_bound_since_when_it_was(bring):
    since = member("林小雨").phone_activated_at
    bring("members", known_person("林小雨", name="林晓雨"))
    assert member("林晓雨").phone_activated_at == since


def test_r32a_a_known_member_with_another_org_code_is_a_row_error(bring):
    before = everything()
    outcome = bring("members", person(100), known_person("林小雨", name="林晓雨", org_code=CODE["五龙村支部"]))
    assert (outcome.status, outcome.places) == (1, ["row 3, column org_code"])
    assert everything() == before


# --- R7: phones ---


def test_r7_a_phone_that_another_member_holds_is_a_row_error(bring):
    outcome = bring("members", person(100), person(101, phone=LIN["phone"]))
    assert (outcome.status, outcome.places) == (1, ["row 3, column phone"])
    assert LIN["phone"] not in outcome.said


def test_r7_a_phone_that_another_member_has_not_activated_yet_is_held_as_well(bring):
    outcome = bring("members", known_person("林小雨", phone=known_person("吴建平")["phone"]))
    assert outcome.places == ["row 2, column phone"]


def test_r7_a_phone_that_stands_twice_in_the_file_is_an_error_of_the_second_row(bring):
    outcome = bring("members", person(100), person(101), person(102, phone=person(100)["phone"]))
    assert outcome.places == ["row 4, column phone"]
    assert person(100)["phone"] not in outcome.said


GIVES, TAKES = known_person("林小雨", phone="13900000999"), known_person("陈国强", phone=LIN["phone"])


@pytest.mark.parametrize("rows", [(GIVES, TAKES), (TAKES, GIVES)])
def test_r7_a_phone_that_the_file_itself_frees_may_be_taken(bring, rows):
    assert bring("members", *rows).status == 0
    assert (member("林小雨").phone, member("陈国强").phone) == ("13900000999", LIN["phone"])
    assert member("陈国强").phone_activated_at is not None


def test_r7_two_members_may_change_phones(bring):
    rows = known_person("林小雨", phone=CHEN["phone"]), known_person("陈国强", phone=LIN["phone"])
    assert bring("members", *rows).status == 0
    assert (member("林小雨").phone, member("陈国强").phone) == (CHEN["phone"], LIN["phone"])


def test_r7_a_new_member_may_take_a_phone_that_the_file_frees_further_down(bring):
    assert bring("members", person(100, phone=LIN["phone"]), GIVES).status == 0
    assert (member("新党员100").phone, member("林小雨").phone) == (LIN["phone"], "13900000999")


# --- the audit log ---


def test_what_changed_of_a_known_member_is_an_audit_entry(bring):
    bring("members", known_person("林小雨", name="林晓雨", joined_on="", phone="13900000999"))
    event, place, details = audited()[0]
    assert (event, place) == (AuditEvent.MEMBER_CHANGED, "军门第一支部")
    assert details["changes"]["name"] == ["林小雨", "林晓雨"]
    assert details["changes"]["joined_on"] == ["2010-07-01", None]
    assert "phone" in details["changes"]


def test_r49_no_audit_entry_holds_an_id_number_or_a_phone(bring):
    bring("members", person(100), known_person("林小雨", phone="13900000999"))
    log = json.dumps(audited(), ensure_ascii=False)
    assert AuditEvent.MEMBER_CHANGED in log
    assert AuditEvent.DATA_IMPORTED in log
    assert not [value for value in (*numbers(person(100)), *numbers(LIN), "13900000999") if value in log]


def numbers(row: dict[str, str]) -> tuple[str, str]:
    """What identifies somebody."""
    return row["id_number"], row["phone"]
