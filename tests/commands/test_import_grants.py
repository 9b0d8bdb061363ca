"""`import grants`: accounts and their roles (R1, R10, §3)."""

import json

import pytest
from sqlalchemy import select

from models import Account, AuditEvent, Member, Organization, RoleCode, RoleGrant, db
from tests.commands.shell import CODE, audited, count, everything, grant, known_person, one, person
from workflow import accounts

BRANCH = "旗汛口社区支部"


def roles(username: str) -> set[tuple[str, str]]:
    """(role, organization or "") of all that an account holds."""
    holds = (
        select(RoleGrant.role_code, Organization.name)
        .join(Account, RoleGrant.account_id == Account.id)
        .join(Organization, RoleGrant.organization_id == Organization.id, isouter=True)
        .where(Account.username == username)
    )
    db.session.commit()
    return {(role, name or "") for role, name in db.session.execute(holds)}


# --- what a row makes ---


def test_r10_a_virtual_admin_account_belongs_to_the_organization(bring, fujian):
    assert bring("grants", grant("卫健局管理员", "鼓楼区卫健局党委")).status == 0
    made = one(Account, username="卫健局管理员")
    assert (made.member_id, made.organization_id) == (None, fujian.org("鼓楼区卫健局党委").id)
    assert made.org_path == fujian.org("鼓楼区卫健局党委").path
    assert roles("卫健局管理员") == {("liaison", "鼓楼区卫健局党委")}


def test_r10_a_formal_account_belongs_to_the_member(bring):
    row = grant("xinren", "军门第一支部", id_number=person(100)["id_number"])
    bring("members", person(100))
    assert bring("grants", row).status == 0
    made = one(Account, username="xinren")
    assert (made.member_id, made.organization_id) == (one(Member, name="新党员100").id, None)
    assert made.org_path == one(Member, name="新党员100").org_path
    assert roles("xinren") == {("liaison", "军门第一支部")}


def test_an_account_that_a_grant_makes_has_no_password(bring):
    bring("grants", grant("卫健局管理员", "鼓楼区卫健局党委"))
    assert one(Account, username="卫健局管理员").password_hash is None
    assert accounts.authenticate("卫健局管理员", "") is None


def test_an_account_that_is_there_keeps_its_password_and_gets_the_role(bring):
    before = one(Account, username="林小雨").password_hash
    assert bring("grants", grant("林小雨", "军门第一支部", "secretary", member="林小雨")).status == 0
    assert one(Account, username="林小雨").password_hash == before
    assert roles("林小雨") == {("secretary", "军门第一支部")}


@pytest.mark.parametrize("role", ["liaison", "secretary", "auditor", "provincial_admin"])
def test_each_role_can_be_granted(bring, role):
    assert bring("grants", grant("卫健局管理员", "鼓楼区卫健局党委", role)).status == 0
    assert roles("卫健局管理员") == {(role, "鼓楼区卫健局党委")}


def test_r10_only_a_provincial_admin_may_stand_on_no_organization(bring):
    assert bring("grants", grant("新管理员", role="provincial_admin")).status == 0
    assert roles("新管理员") == {("provincial_admin", "")}


def test_one_account_may_get_several_roles_in_one_file(bring):
    rows = (
        grant("卫健局管理员", "鼓楼区卫健局党委"),
        grant("卫健局管理员", "鼓楼区卫健局党委", "secretary"),
        grant("卫健局管理员", "鼓楼区委", "auditor"),
    )
    assert bring("grants", *rows).status == 0
    assert len(roles("卫健局管理员")) == 3
    assert count(Account, username="卫健局管理员") == 1


def test_a_member_may_hold_a_role_on_an_organization_above(bring):
    assert bring("grants", grant("林小雨", "鼓楼区委", member="林小雨")).status == 0
    assert roles("林小雨") == {("liaison", "鼓楼区委")}


def test_the_second_run_changes_nothing(bring):
    rows = (
        grant("卫健局管理员", "鼓楼区卫健局党委"),
        grant("林小雨", "军门第一支部", member="林小雨"),
        grant("新管理员", role="provincial_admin"),
    )
    bring("grants", *rows)
    before = everything()
    outcome = bring("grants", *rows)
    assert outcome.status == 0
    assert "未变3" in outcome.out
    assert everything() == before


# --- R10: activation ---


@pytest.mark.parametrize("name", ["吴建平", "赖福生"])  # one whose phone waits for its code, one without a phone
def test_r10_a_liaison_without_an_activated_phone_is_a_row_error(bring, name):
    before = everything()
    outcome = bring("grants", grant("新管理员", role="provincial_admin"), grant(name, BRANCH, member=name))
    assert (outcome.status, outcome.places) == (1, ["row 3, column id_number"])
    assert everything() == before


@pytest.mark.parametrize("role", ["secretary", "auditor", "provincial_admin"])
def test_r10_only_a_liaison_needs_an_activated_phone(bring, role):
    assert bring("grants", grant("吴建平", "龙车村支部", role, member="吴建平")).status == 0
    assert (role, "龙车村支部") in roles("吴建平")


def test_r10_a_phone_that_an_import_brought_will_do(bring):
    bring("members", known_person("赖福生", phone="13900000999"))
    assert bring("grants", grant("赖福生", "龙车村支部", member="赖福生")).status == 0


# --- what cannot be ---


@pytest.mark.parametrize(
    ("column", "row"),
    [
        ("username", grant("", "鼓楼区委")),
        ("username", grant("两 个词", "鼓楼区委")),
        ("username", grant("x" * 61, "鼓楼区委")),
        ("username", grant("林小雨", "军门第一支部", member="陈国强")),  # somebody else's
        ("username", grant("东街街道工委联络员", "东街街道工委", member="林小雨")),  # no member's
        ("username", grant("小雨", "军门第一支部", member="林小雨")),  # has another already
        ("id_number", grant("林小雨", "军门第一支部")),  # a member's account, and no member named
        ("id_number", grant("小雨", "军门第一支部", id_number=person(300)["id_number"])),
        ("id_number", grant("小雨", "军门第一支部", id_number="350102")),
        ("org_code", grant("新管理员", "鼓楼区委", org_code="no-such")),
        ("org_code", grant("新管理员")),
        ("org_code", grant("新管理员", role="auditor")),
        ("org_code", grant("东街街道工委联络员", "鼓楼区委")),  # a virtual account of another organization
        ("org_code", grant("新管理员", "省外组织")),
        ("org_code", grant("新管理员", "临时党组织", "secretary")),
        ("role", grant("新管理员", "鼓楼区委", "")),
        ("role", grant("新管理员", "鼓楼区委", "联络员")),
        ("role", grant("新管理员", "鼓楼区委", "member")),
    ],
)
def test_r10_a_grant_that_cannot_be_is_an_error_of_its_column(bring, column, row):
    before = everything()
    outcome = bring("grants", grant("卫健局管理员", "鼓楼区卫健局党委"), row)
    assert (outcome.status, outcome.places) == (1, [f"row 3, column {column}"])
    assert everything() == before


def test_a_grant_that_stands_twice_is_an_error_of_the_second_row_and_names_the_first(bring):
    rows = [grant("卫健局管理员", "鼓楼区卫健局党委"), grant("新管理员", role="provincial_admin")]
    outcome = bring("grants", *rows, rows[0])
    assert (outcome.status, outcome.places) == (1, ["row 4, column username"])
    assert "2" in outcome.err.partition(":")[2]


def test_a_member_gets_one_account_in_one_file_too(bring):
    identity = person(100)["id_number"]
    bring("members", person(100))
    rows = [grant(name, "军门第一支部", id_number=identity) for name in ("xinren", "xinren2")]
    assert bring("grants", *rows).places == ["row 3, column username"]


def test_two_members_do_not_share_an_account_in_one_file_either(bring):
    bring("members", person(100), person(101))
    rows = [grant("xinren", "军门第一支部", id_number=person(number)["id_number"]) for number in (100, 101)]
    assert bring("grants", *rows).places == ["row 3, column username"]


# --- R49, and the audit log ---


@pytest.mark.parametrize("secret", [person(250)["id_number"], person(250)["phone"]], ids=["ID number", "phone"])
@pytest.mark.parametrize("column", ["id_number", "org_code", "role"])
def test_r49_an_error_shows_nobodys_id_number_and_phone_wherever_it_stands(bring, column, secret):
    outcome = bring("grants", {**grant("新管理员", "鼓楼区委"), column: secret})
    assert (outcome.status, outcome.places) == (1, [f"row 2, column {column}"])
    assert secret not in outcome.said


def test_new_accounts_and_grants_are_audit_entries_without_id_numbers(bring):
    bring("grants", grant("卫健局管理员", "鼓楼区卫健局党委"), grant("林小雨", "军门第一支部", member="林小雨"))
    assert audited()[:3] == [
        (AuditEvent.ACCOUNT_CREATED, "鼓楼区卫健局党委", {}),
        (AuditEvent.ROLE_GRANTED, "鼓楼区卫健局党委", {"role": RoleCode.LIAISON}),
        (AuditEvent.ROLE_GRANTED, "军门第一支部", {"role": RoleCode.LIAISON}),
    ]
    assert known_person("林小雨")["id_number"] not in json.dumps(audited())


def test_the_codes_of_these_rows_are_those_of_the_world(fujian):
    assert fujian.org(BRANCH).code == CODE[BRANCH]
