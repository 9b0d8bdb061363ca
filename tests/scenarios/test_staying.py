"""R32a: an existing member's organization changes by a completed transfer; never by an edit form or an import."""

import csv

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, db
from tests.scenarios.telling import everything, refused
from workflow import members
from workflow.transaction import transaction

A, B = "军门第一支部", "五龙村支部"
COLUMNS = ("id_number", "name", "gender", "ethnicity", "category", "org_code", "phone", "joined_on")


@pytest.fixture
def imported(app, fujian, tmp_path):
    """`imported("林小雨", org="五龙村支部")`: the import of a file with one row, the member's as they stand."""

    def run(name: str, org: str, **cells: str):
        member = fujian.member(name)
        row = {
            "id_number": member.id_number,
            "name": member.name,
            "gender": member.gender.label,
            "ethnicity": member.ethnicity,
            "category": member.category.label,
            "org_code": fujian.org(org).code,
            "phone": member.phone,
            "joined_on": member.joined_on.isoformat(),
            **cells,
        }
        file = tmp_path / "members.csv"
        with file.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([COLUMNS, [row[name] for name in COLUMNS]])
        db.session.commit()
        return app.test_cli_runner().invoke(args=["import", "members", str(file)])

    return run


@pytest.mark.parametrize("username", ["省级管理员", "军门第一支部联络员", "福建省委联络员"])
def test_r32a_no_edit_moves_a_member(fujian, username):
    actor, member, elsewhere = fujian.actor_of(username), fujian.member("林小雨"), fujian.org(B).id
    with refused("R32a", "只能通过组织关系转接变更", field="organization_id"), transaction():
        members.change_member(actor, member, organization_id=elsewhere, ethnicity="回族")
    assert (fujian.member("林小雨").organization.name, fujian.member("林小雨").ethnicity) == (A, "汉族")


def test_r32a_nor_does_the_command_line(fujian):
    member, elsewhere = fujian.member("林小雨"), fujian.org(B).id
    with refused("R32a"), transaction():
        members.change_member(None, member, organization_id=elsewhere)


def test_r32a_nor_out_of_a_holding_organization(fujian):
    actor, member, elsewhere = fujian.actor_of("省级管理员"), fujian.member("马海涛"), fujian.org(B).id
    with refused("R32a"), transaction():
        members.change_member(actor, member, organization_id=elsewhere)


def test_r32a_the_own_organization_is_no_other(fujian):
    actor, member = fujian.actor_of("省级管理员"), fujian.member("林小雨")
    with transaction():
        members.change_member(actor, member, organization_id=member.organization_id, ethnicity="回族")
    assert fujian.member("林小雨").ethnicity == "回族"


@pytest.mark.parametrize("column", ["org_path", "key", "organization"])
def test_r32a_nothing_else_of_their_place_can_be_set(fujian, column):
    actor, member = fujian.actor_of("省级管理员"), fujian.member("林小雨")
    with pytest.raises(TypeError), transaction():
        members.change_member(actor, member, **{column: "x"})


@pytest.mark.parametrize("org", [B, "省外组织", "军门第二支部"])
def test_r32a_no_import_moves_a_member(fujian, imported, org):
    before = everything()
    result = imported("林小雨", org=org, ethnicity="回族")
    assert result.exit_code == 1
    assert "只能通过组织关系转接变更" in result.stderr
    assert everything() == before


def test_r32a_an_import_may_change_everything_else(fujian, imported):
    result = imported("林小雨", org=A, ethnicity="回族")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (fujian.member("林小雨").organization.name, fujian.member("林小雨").ethnicity) == (A, "回族")


def test_r32a_a_completed_transfer_moves_them(fujian):
    fujian.complete(fujian.apply("林小雨", to=B))
    assert fujian.member("林小雨").organization.name == B


# --- the audited correction of a provincial admin ---


def correct(fujian, username: str, name: str, org: str, reason: str = "录入时选错支部") -> None:
    """【更正所在组织】 of whoever has this username."""
    actor, member, there = fujian.actor_of(username), fujian.member(name), fujian.org(org).id
    with transaction():
        members.correct_organization(actor, member, there, reason)


@pytest.mark.parametrize("name", ["林小雨", "马海涛"])
def test_r32a_a_provincial_admin_corrects_it_with_a_reason(fujian, name):
    was = fujian.member(name).organization.name
    correct(fujian, "省级管理员", name, B)
    assert (fujian.member(name).organization.name, fujian.member(name).org_path) == (B, fujian.org(B).path)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.event, entry.subject) == (AuditEvent.MEMBER_CORRECTED, name)
    assert (entry.details["changes"], entry.details["reason"]) == ({"organization": [was, B]}, "录入时选错支部")


@pytest.mark.parametrize("username", ["军门第一支部联络员", "福建省委联络员", "审计员", "林小雨"])
def test_r32a_nobody_else_corrects_it(fujian, username):
    before = everything()
    with refused("R32a", "只有省级管理员"):
        correct(fujian, username, "林小雨", B)
    assert everything() == before


def test_r32a_not_while_a_transfer_is_open(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    before = everything()
    with refused("R32a", "有未办结的转接"):
        correct(fujian, "省级管理员", "林小雨", "古田镇机关支部")
    assert everything() == before


def test_r32a_once_it_is_voided_the_correction_is_possible(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").void(transfer)
    correct(fujian, "省级管理员", "林小雨", "古田镇机关支部")
    assert fujian.member("林小雨").organization.name == "古田镇机关支部"


@pytest.mark.parametrize(("reason", "words"), [("", "请填写更正原因"), ("  ", "请填写更正原因"), ("错" * 501, "500字")])
def test_r32a_a_correction_needs_a_reason(fujian, reason, words):
    with refused("R32a", words, field="reason"):
        correct(fujian, "省级管理员", "林小雨", B, reason)


@pytest.mark.parametrize(("rule", "org"), [("R32a", A), ("R1", "军门社区总支"), ("R1", "福建省委")])
def test_r32a_a_correction_leads_to_another_organization_for_members(fujian, rule, org):
    with refused(rule, field="organization_id"):
        correct(fujian, "省级管理员", "林小雨", org)
    assert fujian.member("林小雨").organization.name == A
