"""R6, R7, R41, R49: what may be said of a person, who may change what of it, and what the audit log keeps."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, Gender, Member, MemberCategory, MemberStatus, clock, db
from tests.database.together import overtaken
from tests.scenarios.telling import everything, refused
from tests.world import ADMIN, AUDITOR, fujian, id_number
from workflow import members
from workflow.transaction import transaction

__all__ = ["fujian"]

A, KEEPER, LIAISON = "军门第一支部", ADMIN, "军门第一支部联络员"


def create(fujian, username: str | None = KEEPER, org: str = A, **fields) -> Member:
    """【新增】 of whoever has this username; `fields` go over a man who is all right."""
    filled = {
        "id_number": id_number(Gender.MALE, 99),
        "name": "新党员",
        "gender": Gender.MALE,
        "ethnicity": "汉族",
        "category": MemberCategory.FULL,
        "organization_id": fujian.org(org).id,
        **fields,
    }
    actor = fujian.actor_of(username) if username else None
    with transaction():
        return members.create_member(actor, **filled)


def change(fujian, username: str, whom: str, /, **fields) -> Member:
    """【保存】 of whoever has this username, on a member's form."""
    actor, member = fujian.actor_of(username), fujian.member(whom)
    with transaction():
        return members.change_member(actor, member, **fields)


def latest() -> AuditEntry:
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


# --- R41: creating ---


@pytest.mark.parametrize("username", [KEEPER, None], ids=["provincial admin", "command line"])
def test_r41_a_new_member_stands_where_they_were_put(fujian, username):
    create(fujian, username, name=" 新党员 ")
    member = fujian.member("新党员")
    assert (member.organization.name, member.org_path) == (A, fujian.org(A).path)
    assert (member.status, member.phone, member.phone_activated_at) == (MemberStatus.NORMAL, "", None)


@pytest.mark.parametrize("org", ["省外组织", "特殊组织", "未知党组织", "临时党组织"])
def test_r1_members_come_into_holding_organizations_too(fujian, org):
    assert create(fujian, org=org).organization_id == fujian.org(org).id


@pytest.mark.parametrize("org", ["军门社区总支", "东街街道工委", "福建省委"])
def test_r1_members_belong_to_branches_and_to_no_other_organization_of_the_tree(fujian, org):
    with refused("R1", "党员只能属于党支部", field="organization_id"):
        create(fujian, org=org)


def test_r1_nobody_comes_into_a_deactivated_branch(fujian):
    fujian.deactivate("花园弄社区支部")
    with refused("R1", "已停用", field="organization_id"):
        create(fujian, org="花园弄社区支部")


@pytest.mark.parametrize("identity", [None, 0, 999_999])
def test_r1_nobody_comes_into_an_organization_that_is_not_there(fujian, identity):
    with refused("R1", "没有这个组织", field="organization_id"):
        create(fujian, organization_id=identity)


@pytest.mark.parametrize("username", [LIAISON, "福建省委联络员", AUDITOR, "林小雨"])
def test_s1_only_a_provincial_admin_adds_members(fujian, username):
    before = everything()
    with refused("R41", "只有省级管理员可以新增党员"):
        create(fujian, username)
    assert everything() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "名" * 61), ("name", "张\n三"), ("ethnicity", "汉"), ("gender", Gender.FEMALE)],
)
def test_r41_what_cannot_be_is_refused_at_its_field(fujian, field, value):
    before = everything()
    with refused("R41", field=field):
        create(fujian, **{field: value})
    assert everything() == before


def test_r41_nobody_joins_tomorrow(fujian):
    assert create(fujian, joined_on=clock.today()).joined_on == clock.today()
    with refused("R41", "入党日期不能晚于今天", field="joined_on"):
        change(fujian, KEEPER, "新党员", joined_on=clock.today() + timedelta(days=1))


def test_r41_an_id_number_that_is_known_is_refused(fujian):
    with refused("R41", "已登记在另一名党员名下", field="id_number"):
        create(fujian, id_number=fujian.member("陈国强").id_number)


def test_r41_of_two_who_enter_one_number_at_once_the_second_is_told(fujian, make_app):
    told = overtaken(
        make_app, lambda: create(fujian, name="甲"), lambda: create(fujian, name="乙"), once="INSERT INTO member"
    )
    assert told[0] is None
    assert (told[1].rule, told[1].field) == ("R41", "id_number")
    assert fujian.member("甲").organization.name == A


def test_r10_a_phone_that_an_import_brings_counts_as_activated(fujian):
    member = create(fujian, None, phone="13911110001", phone_activated=True)
    assert member.phone_activated_at is not None


def test_r6_any_other_phone_must_be_activated_first(fujian):
    assert create(fujian, phone="139 1111 0001").phone_activated_at is None
    assert fujian.member("新党员").phone == "13911110001"


def test_without_a_phone_nothing_is_activated(fujian):
    assert create(fujian, None, phone_activated=True).phone_activated_at is None


# --- changing ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "林晓雨"),
        ("ethnicity", "畲族"),
        ("category", MemberCategory.PROBATIONARY),
        ("joined_on", date(2011, 7, 1)),
        ("phone", "13911110001"),
    ],
)
def test_r33_a_liaison_changes_particulars_of_the_own_members(fujian, field, value):
    assert getattr(change(fujian, LIAISON, "林小雨", **{field: value}), field) == value
    assert latest().event is AuditEvent.MEMBER_CHANGED


@pytest.mark.parametrize(
    ("field", "value"), [("status", MemberStatus.REMOVED), ("id_number", id_number(Gender.FEMALE, 98))]
)
def test_r33_who_somebody_is_and_in_what_standing_only_a_provincial_admin_changes(fujian, field, value):
    with refused("R33", "只有省级管理员可以修改", field=field):
        change(fujian, LIAISON, "林小雨", **{field: value})
    assert getattr(change(fujian, KEEPER, "林小雨", **{field: value}), field) == value


def test_r33_what_stays_as_it_is_is_no_change(fujian):
    member = fujian.member("林小雨")
    change(fujian, LIAISON, "林小雨", status=member.status, id_number=member.id_number, ethnicity="畲族")
    assert latest().details == {"changes": {"ethnicity": ["汉族", "畲族"]}}


@pytest.mark.parametrize("username", ["军门第二支部联络员", "古田镇党委联络员", "吴建平", "郑晓东", AUDITOR, "林小雨"])
def test_r33_nobody_changes_a_member_outside_the_own_subtree(fujian, username):
    before = everything()
    with refused("R33", "您只能维护所辖组织的党员信息"):
        change(fujian, username, "林小雨", ethnicity="畲族")
    assert everything() == before


def test_r41_a_changed_gender_must_fit_the_number(fujian):
    with refused("R41", "性别与身份证号第17位不符", field="gender"):
        change(fujian, KEEPER, "林小雨", gender=Gender.MALE)
    assert fujian.member("林小雨").gender is Gender.FEMALE


def test_r41_a_changed_number_must_fit_the_gender(fujian):
    with refused("R41", "性别与身份证号第17位不符", field="gender"):
        change(fujian, KEEPER, "林小雨", id_number=id_number(Gender.MALE, 98))


def test_r41_both_may_be_mended_together(fujian):
    change(fujian, KEEPER, "林小雨", gender=Gender.MALE, id_number=id_number(Gender.MALE, 98))
    assert fujian.member("林小雨").id_number == id_number(Gender.MALE, 98)


def test_r41_the_number_of_another_is_refused(fujian):
    with refused("R41", "已登记在另一名党员名下", field="id_number"):
        change(fujian, KEEPER, "陈国强", id_number=fujian.member("林志强").id_number)


def test_saving_without_a_change_leaves_no_trace(fujian):
    before = everything()
    change(fujian, LIAISON, "林小雨", name="林小雨", ethnicity="汉族", phone=fujian.member("林小雨").phone)
    assert everything() == before


# --- R6, R7: phones ---


def test_r6_a_changed_phone_must_be_activated_again(fujian):
    assert change(fujian, LIAISON, "林小雨", phone="13911110001").phone_activated_at is None


def test_r6_the_same_phone_in_other_writing_stays_activated(fujian):
    phone = fujian.member("林小雨").phone
    member = change(fujian, LIAISON, "林小雨", phone=f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}", ethnicity="畲族")
    assert (member.phone, member.phone_activated_at is not None) == (phone, True)


def test_r6_清空_removes_it(fujian):
    member = change(fujian, LIAISON, "林小雨", phone="")
    assert (member.phone, member.phone_activated_at) == ("", None)


def test_r6_a_fixed_line_cannot_be_bound(fujian):
    with refused("R6", "不能是固定电话", field="phone"):
        change(fujian, LIAISON, "林小雨", phone="0591-87001234")


@pytest.mark.parametrize("holder", ["陈国强", "吴建平"], ids=["activated", "not activated"])
def test_r7_without_the_code_nobody_takes_the_phone_of_another(fujian, holder):
    with refused("R7", "已登记在另一名党员名下", field="phone"):
        change(fujian, KEEPER, "林小雨", phone=fujian.member(holder).phone)


def test_r7_nor_does_a_new_member(fujian):
    with refused("R7", field="phone"):
        create(fujian, phone=fujian.member("陈国强").phone)


def test_r7_two_members_may_have_none(fujian):
    change(fujian, LIAISON, "林小雨", phone="")
    assert change(fujian, LIAISON, "陈国强", phone="").phone == ""


# --- deleting ---


def test_r31_a_member_with_an_account_is_not_deleted(fujian):
    actor, member = fujian.actor_of(KEEPER), fujian.member("林小雨")
    with refused("R31", "不能删除“林小雨”：已有登录账号"), transaction():
        members.delete_member(actor, member)


def test_r31_a_member_with_transfers_is_not_deleted(fujian):
    create(fujian)
    fujian.person("军门第一支部联络员").apply("新党员", to="五龙村支部")
    actor, member = fujian.actor_of(KEEPER), fujian.member("新党员")
    with refused("R31", "不能删除“新党员”：已有组织关系转接记录"), transaction():
        members.delete_member(actor, member)


def test_r31_one_with_neither_is(fujian):
    create(fujian)
    actor, member = fujian.actor_of(KEEPER), fujian.member("新党员")
    with transaction():
        members.delete_member(actor, member)
    assert db.session.scalar(select(Member).where(Member.name == "新党员")) is None
    assert (latest().event, latest().subject, latest().organization_name) == (AuditEvent.MEMBER_DELETED, "新党员", A)


@pytest.mark.parametrize("username", [LIAISON, AUDITOR])
def test_s1_only_a_provincial_admin_deletes_members(fujian, username):
    create(fujian)
    actor, member = fujian.actor_of(username), fujian.member("新党员")
    with refused("R31", "只有省级管理员可以删除党员"), transaction():
        members.delete_member(actor, member)


# --- R49: what the audit log keeps ---


def test_r49_the_audit_log_says_who_changed_what_from_what_to_what(fujian):
    change(fujian, LIAISON, "林小雨", category=MemberCategory.PROBATIONARY, joined_on=date(2011, 7, 1))
    entry = latest()
    assert (entry.actor_name, entry.organization_name, entry.subject) == ("军门第一支部（虚拟管理员）", A, "林小雨")
    changes = {"category": ["full", "probationary"], "joined_on": ["2010-07-01", "2011-07-01"]}
    assert entry.details == {"changes": changes}


def test_r49_the_audit_log_says_that_a_number_or_a_phone_changed_and_not_from_what_to_what(fujian):
    change(fujian, KEEPER, "林小雨", id_number=id_number(Gender.FEMALE, 98), phone="13911110001")
    assert latest().details == {"changes": {"id_number": ["***", "***"], "phone": ["***", "***"]}}


def test_r49_no_id_number_and_no_phone_ever_stands_in_it(fujian):
    created = create(fujian, phone="13911110001")
    secrets = [created.id_number, created.id_number_index, created.id_number_masked, "13911110001"]
    change(fujian, KEEPER, "新党员", phone="13911110002", id_number=id_number(Gender.MALE, 98))
    changed = fujian.member("新党员")
    secrets += [changed.id_number, changed.id_number_index, changed.id_number_masked, "13911110002"]
    actor = fujian.actor_of(KEEPER)
    with transaction():
        members.delete_member(actor, changed)
    log = json.dumps(everything()["audit_entry"], ensure_ascii=False, default=str)
    assert "新党员" in log
    assert [secret for secret in secrets if secret in log] == []


@pytest.mark.parametrize("username", [KEEPER, LIAISON])
def test_r49_reading_a_number_in_clear_is_an_audit_entry(fujian, username):
    actor, member = fujian.actor_of(username), fujian.member("林小雨")
    with transaction():
        assert members.read_id_number(actor, member) == member.id_number
    assert (latest().event, latest().actor_name, latest().subject) == (AuditEvent.ID_NUMBER_READ, actor.name, "林小雨")


@pytest.mark.parametrize("username", ["军门第二支部联络员", AUDITOR, "高伟"])
def test_r49_whose_duty_does_not_need_it_reads_none(fujian, username):
    actor, member = fujian.actor_of(username), fujian.member("林小雨")
    with refused("R49", "您不能查看该党员的身份证号"), transaction():
        members.read_id_number(actor, member)
    assert AuditEvent.ID_NUMBER_READ not in {entry.event for entry in db.session.scalars(select(AuditEntry))}
