"""【审计日志】: who reads it, what finds an entry, what it says and never says (R5, R49)."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from models import AuditEntry, AuditEvent, OrganizationKind, RoleCode, clock, db
from tests.views.auditing import more_audit, reading, rows, unserved
from tests.views.panel import audited, latest_audit, link, post, snapshot
from tests.views.transfer_panel import statements, text_of
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR
from workflow import accounts, audit, grants, members, organizations
from workflow.transaction import transaction

LIST = "/audit/"
STREET, COUNTY, TOWN, SOURCE = "东街街道工委", "鼓楼区委", "古田镇党委", "军门第一支部"
SECRET_PHONE, SECRET_ID = "13912345678", "990102198003150041"


def page_of(entry) -> str:
    return f"/audit/details/?id={entry.id}"


@pytest.fixture
def keep(fujian):
    """`keep(function, …)`: a provincial admin keeps the data."""

    def done(function, *args, **named):
        actor = fujian.actor_of(ADMIN)
        with transaction():
            function(actor, *args, **named)
        return latest_audit()

    return done


@pytest.fixture
def happened(fujian, keep):
    """A level set in 鼓楼区, one in 龙岩市, a role granted in 鼓楼区, a sign-in that failed."""
    keep(organizations.set_level, fujian.org("安泰街道工委"), 6)
    keep(organizations.set_level, fujian.org("漳平市委"), 5)
    keep(grants.grant, fujian.account("王丽华"), RoleCode.LIAISON, fujian.org("军门第二支部"))
    accounts.authenticate("陈国强", "a wrong password")


def events(response) -> list[str]:
    """The events of a list, in order."""
    return [next(event.label for event in AuditEvent if f" {event.label} " in row) for row in rows(response)]


# --- Whose entries ---


def test_who_reads_how_much_of_it(happened, visit, fujian):
    fujian.grant("林志强", RoleCode.AUDITOR, "军门社区总支")
    everything = ["登录失败", "角色赋权", "设置权限级别", "设置权限级别"]
    city, branch = ["角色赋权", "设置权限级别"], ["角色赋权"]
    reads = {ADMIN: everything, AUDITOR: everything, CITY_AUDITOR: city, "林志强": branch}
    assert {who: events(visit(who).get(LIST)) for who in reads} == reads


def test_liaisons_secretaries_and_members_read_none(happened, visit):
    for who in (f"{STREET}联络员", "福建省委联络员", "林志强", "郑晓东", "林小雨", "吴建平"):
        visitor = visit(who)
        answers = [visitor.get(LIST), visitor.get(page_of(latest_audit())), post(visitor, "/audit/export/csv/")]
        assert [answer.status_code for answer in answers] == [403] * 3
        assert "审计日志" not in text_of(visitor.get("/"))


def test_what_concerns_no_organization_is_for_the_top_alone(happened, visit):
    failed = latest_audit()
    assert failed.event is AuditEvent.SIGN_IN_FAILED
    codes = {who: visit(who).get(page_of(failed)).status_code for who in (ADMIN, AUDITOR, CITY_AUDITOR)}
    assert codes == {ADMIN: 200, AUDITOR: 200, CITY_AUDITOR: 404}


def test_an_auditor_of_a_holding_organization_is_not_at_the_top(happened, fujian, visit):
    fujian.grant("林志强", RoleCode.AUDITOR, "省外组织")
    assert rows(visit("林志强").get(LIST)) == []
    assert visit("林志强").get(page_of(latest_audit())).status_code == 404


def test_an_entry_out_of_scope_is_not_found(happened, visit):
    elsewhere = db.session.scalars(select(AuditEntry).where(AuditEntry.organization_name == "漳平市委")).one()
    assert visit(CITY_AUDITOR).get(page_of(elsewhere)).status_code == 404
    assert visit(AUDITOR).get(page_of(elsewhere)).status_code == 200


def test_an_organization_out_of_scope_is_not_found(happened, fujian, visit):
    assert visit(CITY_AUDITOR).get(f"{LIST}?org={fujian.org(TOWN).id}").status_code == 404


def test_an_entry_outlives_its_organization_where_that_stood(fujian, keep, visit):
    keep(
        organizations.create_organization,
        code="n1",
        name="临时支部",
        kind=OrganizationKind.BRANCH,
        parent_id=fujian.org(STREET).id,
        level_rank=7,
        contact_name="",
        contact_phone=SECRET_PHONE,
        is_active=True,
    )
    keep(organizations.delete_organization, fujian.org("临时支部"))
    visitor = visit(CITY_AUDITOR)
    assert events(visitor.get(LIST)) == ["删除组织", "新增组织"]
    assert events(visitor.get(f"{LIST}?org={fujian.org(STREET).id}")) == ["删除组织", "新增组织"]
    said = text_of(visitor.get(page_of(latest_audit())))
    assert "删除组织 · 临时支部" in said and f"上级组织 {STREET}" in said


# --- Filters ---


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=role_granted", ["角色赋权"]),
        ("event=exported", []),
        ("q=陈国", ["登录失败"]),
        ("q=国强", []),
        (f"q={ADMIN}&event=level_set", ["设置权限级别"] * 2),
        ("since={today}&until={today}&event=role_granted", ["角色赋权"]),
        ("until={yesterday}", []),
        ("org={county}", ["角色赋权", "设置权限级别"]),
        ("org={county}&event=level_set", ["设置权限级别"]),
        ("org={town}", []),
        ("event=x&since=x&q=%00", ["登录失败", "角色赋权", "设置权限级别", "设置权限级别"]),
    ],
)
def test_filters_in_the_address(happened, fujian, visit, query, found):
    today = clock.today()
    given = {"today": today, "yesterday": today - timedelta(days=1)}
    given |= {"county": fujian.org(COUNTY).id, "town": fujian.org(TOWN).id}
    assert events(visit(AUDITOR).get(f"{LIST}?{query.format(**given)}")) == found


def test_pages_go_forward_and_back(happened, visit):
    more_audit(41, event=AuditEvent.SIGNED_OUT, actor_name="某人")
    visitor, path = visit(AUDITOR), f"{LIST}?event=signed_out"
    first = visitor.get(path)
    second = visitor.get(link(first, "next"))
    third = visitor.get(link(second, "next"))
    assert [len(rows(page)) for page in (first, second, third)] == [20, 20, 1]
    assert rows(visitor.get(link(third, "prev"))) == rows(second)
    assert link(visitor.get(link(second, "prev")), "next") == link(first, "next")


def test_an_empty_log_says_what_will_appear(fujian, visit):
    assert "还没有审计记录" in text_of(visit(AUDITOR).get(LIST))


# --- What it says ---


def test_a_row_says_from_what_to_what(happened, fujian, keep, visit):
    keep(
        organizations.change_organization,
        fujian.org("花园弄社区支部"),
        parent_id=fujian.org(STREET).id,
        name="花园支部",
    )
    keep(members.change_member, fujian.member("林小雨"), ethnicity="畲族", phone=SECRET_PHONE)
    said = " ".join(rows(visit(AUDITOR).get(LIST)))
    for words in (
        "权限级别：未设置 → 6级",
        "角色：联络员",
        f"上级组织：安泰街道工委 → {STREET}",
        "名称：花园弄社区支部 → 花园支部",
        "民族：汉族 → 畲族",
        "手机号码：已变更（不显示）",
    ):
        assert words in said


def test_a_parent_that_is_no_more_keeps_its_number(fujian, visit):
    details = {"changes": {"parent_id": [999999, fujian.org(STREET).id]}}
    more_audit(1, event=AuditEvent.ORGANIZATION_MOVED, actor_name=ADMIN, details=details)
    assert f"上级组织：已删除的组织（内部编号 999999） → {STREET}" in rows(visit(AUDITOR).get(LIST))[0]


def test_a_qualification_is_said_in_words(keep, visit):
    level = db.session.get_one(organizations.PermissionLevel, 6)
    entry = keep(organizations.change_level, level, approves_leaving=True)
    assert "县委审批（转出、转入省外） 否 是" in text_of(visit(AUDITOR).get(page_of(entry)))


def test_who_read_an_id_number_is_an_entry(fujian, visit):
    actor, member = fujian.actor_of(ADMIN), fujian.member("林小雨")
    with transaction():
        audit.record(AuditEvent.ID_NUMBER_READ, actor, organization=member.organization, subject=member.name)
    page = visit(CITY_AUDITOR).get(LIST)
    assert rows(page)[0].split()[2:] == ["查看身份证号", ADMIN, SOURCE, "林小雨"]
    assert member.id_number not in page.text


def test_an_export_says_of_what_and_what_had_been_typed_is_not_kept(fujian, visit):
    visitor = visit(AUDITOR)
    post(visitor, f"/members/export/csv/?q={SECRET_ID}&category=full&org={fujian.org(STREET).id}")
    assert audited()[-1] == ("exported", AUDITOR, STREET, "党员信息维护")
    said = text_of(visitor.get(page_of(latest_audit())))
    assert "导出条件 姓名（开头几个字）、正式" in said and SECRET_ID not in said


def test_no_id_number_and_no_phone_is_shown_whatever_an_entry_holds(visit):
    details = {
        "changes": {"id_number": [SECRET_ID, SECRET_ID], "phone": ["", SECRET_PHONE], "name": ["甲", SECRET_PHONE]},
        "values": {"contact_phone": "0591-87001234", "member_phone": SECRET_PHONE, "code": SECRET_ID.lower()},
        "reason": f"号码{SECRET_PHONE}",
        "filters": [SECRET_ID],
    }
    more_audit(1, event=AuditEvent.MEMBER_CHANGED, actor_name=ADMIN, subject=f"某人{SECRET_ID}", details=details)
    visitor = visit(AUDITOR)
    shown = visitor.get(LIST).text + visitor.get(page_of(latest_audit())).text
    shown += post(visitor, "/audit/export/csv/").get_data(as_text=True)
    assert [secret for secret in (SECRET_ID, SECRET_PHONE, "87001234") if secret in shown] == []


def test_the_page_says_everything(happened, fujian, visit):
    granted = db.session.scalars(select(AuditEntry).where(AuditEntry.event == AuditEvent.ROLE_GRANTED)).one()
    said = text_of(visit(AUDITOR).get(page_of(granted)))
    moment = granted.at.astimezone(clock.SHANGHAI)
    for words in (f"{moment:%Y-%m-%d %H:%M:%S}", "角色赋权 · 王丽华", ADMIN, "军门第二支部", "角色 联络员"):
        assert words in said


# --- Export ---


def test_the_filtered_list_as_a_file(happened, fujian, visit):
    answer = post(visit(AUDITOR), f"/audit/export/csv/?event=level_set&org={fujian.org(COUNTY).id}")
    header, *lines = csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    assert header == ["时间", "事件", "操作人", "组织", "对象", "内容"]
    assert [line[1:] for line in lines] == [["设置权限级别", ADMIN, "安泰街道工委", "", "权限级别：未设置 → 6级"]]
    assert audited()[-1] == ("exported", AUDITOR, COUNTY, "审计日志")


# --- Nothing is changed here ---


@pytest.mark.parametrize("who", [ADMIN, AUDITOR])
def test_no_door_makes_changes_or_deletes_an_entry(happened, visit, who):
    visitor, before, id = visit(who), snapshot(), latest_audit().id
    forged = {"id": id, "actor_name": "别人", "rowid": id, "action": "delete", "list_form_pk": id, "version": 1}
    gets = ["new/", f"edit/?id={id}", "ajax/lookup/?name=actor&query=1"]
    posts = ["new/", f"edit/?id={id}", "delete/", "action/", "ajax/update/", f"details/?id={id}", ""]
    answers = [visitor.get(LIST + door).status_code for door in gets]
    answers += [post(visitor, LIST + door, **forged).status_code for door in posts]
    assert set(answers) <= {403, 404, 405}
    assert snapshot() == before


# --- What it costs ---


def test_the_list_costs_as_many_statements_at_200_rows_as_at_10(happened, fujian, visit):
    moved = {"changes": {"parent_id": [fujian.org(COUNTY).id, fujian.org(STREET).id]}}
    values = {"event": AuditEvent.ORGANIZATION_MOVED, "actor_name": ADMIN, "path": fujian.org(SOURCE).path}
    visitor, queries = visit(CITY_AUDITOR), ("", f"?q={ADMIN}", "?event=organization_moved")
    more_audit(6, **values, details=moved)
    with statements() as few:
        assert [visitor.get(LIST + query).status_code for query in queries] == [200] * 3
    more_audit(190, **values, details=moved)
    with statements() as many:
        assert [visitor.get(LIST + query).status_code for query in queries] == [200] * 3
    assert len(many) == len(few)
    assert not [sent for sent in many if "count(*) FROM audit_entry" in sent.replace("\n", " ")]


def test_each_first_page_is_read_from_an_index_in_its_order(happened, visit):
    queries = ["", "?event=level_set", "?q=省", "?since=2026-01-01&until=2026-01-02", "?q=省&event=level_set"]
    for visitor in (visit(ADMIN), visit(AUDITOR)):
        plans = {query: reading(visitor, LIST + query)[1] for query in queries}
        assert {query: plan for query, plan in plans.items() if unserved(plan)} == {}


def test_so_is_that_of_a_subtree(happened, fujian, visit):
    fujian.grant("林志强", RoleCode.AUDITOR, "军门社区总支")
    more_audit(300, event=AuditEvent.EXPORTED, actor_name=ADMIN, path=fujian.org("五龙村支部").path, details={})
    db.session.execute(text("ANALYZE"))  # where everything is in one place no index is better than another
    db.session.commit()
    for visitor, depth in ((visit(CITY_AUDITOR), 2), (visit("林志强"), 5)):
        for query in ("", "?since=2026-01-01&until=2026-01-02"):
            _reads, plan = reading(visitor, LIST + query)
            assert unserved(plan) == [] and f"ix_audit_entry_place_{depth}" in plan, plan
