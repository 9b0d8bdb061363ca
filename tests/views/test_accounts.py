"""【账号】: who sees which accounts, how they are found, and what a provincial admin does with them (spec §3)."""

import logging
import re

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, MemberStatus, OrganizationKind, RoleCode, RoleGrant, db
from tests.views.panel import (
    flashed,
    latest_audit,
    link,
    listed,
    more_members,
    post,
    save,
    sent,
    signed_in,
    snapshot,
    told,
)
from tests.views.test_query_plans import FOUND, ORDERED, asked, pages, served
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR, PASSWORD
from workflow import accounts
from workflow.transaction import transaction

__all__ = ["asked", "served"]

STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"
LIST = "/accounts/"
SHOWN_ONCE = re.compile(r'class="secret">([a-z0-9]{4}(?:-[a-z0-9]{4}){3})<')


def details(fujian, username):
    return f"/accounts/details/?id={fujian.account(username).key}"


def fresh(fujian, username):
    db.session.commit()
    return db.session.scalars(
        select(Account).where(Account.username == username).execution_options(populate_existing=True)
    ).one()


def sign_in(client, username, password):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/session/sign-in").text)[1]
    return client.post("/session/sign-in", data={"csrf_token": token, "username": username, "password": password})


def more_accounts(fujian, count):
    """As many members with accounts and a role more, in 军门第一支部: 新党员0020 …"""
    branch = fujian.org(SOURCE)
    for member in more_members(branch, count):
        account = Account(username=f"u-{member.name}", member=member)
        db.session.add(RoleGrant(account=account, organization_id=branch.id, role_code=RoleCode.SECRETARY))
    db.session.commit()


# --- Who sees which ---


def test_a_liaison_sees_the_accounts_of_the_own_subtree(fujian, visit):
    names = listed(visit("军门社区总支联络员").get(LIST))
    assert set(names) == {
        "军门社区总支联络员",
        "军门第一支部联络员",
        "军门第二支部联络员",
        *("林小雨", "陈国强", "周文斌", "许美玲", "王丽华"),
    }


@pytest.mark.parametrize("who", ["林小雨", "郑晓东", "吴建平"])
def test_who_reads_no_subtree_does_not_get_in(visit, who):
    assert visit(who).get(LIST).status_code == 403


@pytest.mark.parametrize("who", [f"{STREET}联络员", CITY_AUDITOR])
def test_accounts_outside_it_are_not_found(fujian, visit, who):
    assert visit(who).get(details(fujian, "林小雨")).status_code == 200
    for name in ("黄志明", f"{VILLAGE}联络员", ADMIN):
        assert visit(who).get(details(fujian, name)).status_code == 404


def test_a_provincial_admin_sees_accounts_that_belong_to_nobody_too(fujian, visit):
    assert listed(visit(ADMIN).get(f"{LIST}?kind=other")) == [ADMIN, AUDITOR, CITY_AUDITOR]


def test_who_has_moved_is_seen_from_the_new_place(fujian, visit):
    fujian.complete(fujian.apply("林小雨", to=VILLAGE))
    assert visit("古田镇党委联络员").get(details(fujian, "林小雨")).status_code == 200
    assert visit(f"{STREET}联络员").get(details(fujian, "林小雨")).status_code == 404


# --- The list ---


def test_a_row_says_whose_it_is_which_roles_and_whether_the_phone_is_activated(fujian, visit):
    said = text_of(visit(ADMIN).get(f"{LIST}?org={fujian.org('旗汛口社区支部').id}"))
    assert "林志强 林志强 旗汛口社区支部 联络员 · 东街街道工委 手机已激活" in said
    assert "吴建平 吴建平 旗汛口社区支部 联络员 · 旗汛口社区支部 手机未激活 联络员暂不生效" in said
    assert "旗汛口社区支部联络员 旗汛口社区支部 虚拟管理员 联络员 · 旗汛口社区支部 无需激活手机" in said


def test_many_roles_are_counted(fujian, visit):
    for place in ("军门第一支部", "军门第二支部", "军门社区总支"):
        fujian.grant("林小雨", RoleCode.LIAISON, place)
    said = text_of(visit(ADMIN).get(f"{LIST}?q=林小雨"))
    assert "联络员 · 军门第一支部；联络员 · 军门第二支部 等3项" in said


def test_choosing_an_organization_narrows_to_its_subtree(fujian, visit):
    names = listed(visit(ADMIN).get(f"{LIST}?org={fujian.org('安泰街道工委').id}"))
    assert names == ["安泰街道工委联络员", "朱紫坊社区支部联络员", "郭雅婷", "花园弄社区支部联络员"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=林", ["林小雨", "林志强"]),
        ("q=小雨", []),
        ("q=%25", []),
        ("member=林", ["林小雨", "林志强"]),
        ("member=林小", ["林小雨"]),
        ("member=林&q=林志", ["林志强"]),
        ("member=联络", []),
        ("kind=formal&q=林", ["林小雨", "林志强"]),
        ("kind=virtual&q=林", []),
        ("kind=virtual&q=军门第", ["军门第一支部联络员", "军门第二支部联络员"]),
        ("role=auditor", [AUDITOR, CITY_AUDITOR]),
        ("role=provincial_admin", [ADMIN]),
        ("role=liaison&member=陈", ["陈国强"]),
        ("role=secretary", ["郑晓东"]),
        ("state=closed", []),
        ("state=open&q=林小", ["林小雨"]),
        ("state=nonsense&q=林小", ["林小雨"]),
    ],
)
def test_finding_accounts(visit, query, names):
    assert sorted(listed(visit(ADMIN).get(f"{LIST}?{query}"))) == sorted(names)


def test_the_search_stays_within_the_scope(visit):
    assert listed(visit("古田镇党委联络员").get(f"{LIST}?member=林")) == []
    assert listed(visit("古田镇党委联络员").get(f"{LIST}?q=黄")) == ["黄志明"]


def test_an_empty_list_says_so_and_offers_a_way_back(visit):
    page = visit(ADMIN).get(f"{LIST}?state=closed")
    assert "没有符合条件的数据" in text_of(page) and "清除条件" in text_of(page)


@pytest.mark.parametrize("query", ["", "q=u-", "member=新党员"])
def test_pages_lead_through_all_and_back(fujian, visit, query):
    more_accounts(fujian, 45)
    visitor, place = visit(ADMIN), fujian.org(SOURCE).id
    first = visitor.get(f"{LIST}?org={place}&{query}")
    second = visitor.get(link(first, "next"))
    third = visitor.get(link(second, "next"))
    seen = listed(first) + listed(second) + listed(third)
    assert len(seen) == len(set(seen)) >= 45
    assert listed(visitor.get(link(second, "prev"))) == listed(first)


def test_a_page_costs_the_same_at_200_rows_as_at_10(fujian, visit):
    visitor, place = visit(ADMIN), fujian.org(SOURCE).id
    paths = [
        LIST,
        f"{LIST}?org={place}",
        f"{LIST}?q=u-",
        f"{LIST}?member=新党员",
        f"{LIST}?role=secretary&kind=formal&state=open",
        details(fujian, "陈国强"),
        "/lookup/people?q=新党员",
        f"/lookup/accounts?org={place}",
    ]

    def costs():
        counted = {}
        for path in paths:
            assert visitor.get(path).status_code == 200
            with sent() as statements:
                visitor.get(path)
            counted[path] = len(statements)
        return counted

    more_accounts(fujian, 10)
    few = costs()
    more_accounts(fujian, 190)
    assert costs() == few


@pytest.mark.parametrize(
    ("who", "path", "table", "column"),
    [
        (f"{STREET}联络员", LIST, "account", "org_path"),
        (ADMIN, f"{LIST}?org={{street}}", "account", "org_path"),
        (f"{STREET}联络员", f"{LIST}?kind=formal", "account", "org_path"),
        (f"{STREET}联络员", f"{LIST}?state=closed", "account", "org_path"),
    ],
)
def test_an_index_finds_the_accounts_of_a_page_in_their_order(asked, served, who, path, table, column):
    conditions, sorts = served(pages(asked(who, path)), table, ORDERED)
    assert conditions and all(column in condition for condition in conditions)
    assert not sorts


@pytest.mark.parametrize(
    ("who", "path", "table", "column"),
    [
        (ADMIN, f"{LIST}?q=林", "account", "username"),
        (ADMIN, "/lookup/people?q=林", "member", "name"),
    ],
)
def test_an_index_finds_what_is_searched_for(backend, asked, served, who, path, table, column):
    settings = {"sqlite": ORDERED, "postgresql": FOUND}[backend]
    conditions, _sorts = served(pages(asked(who, path)), table, settings)
    # SQLite keeps to the order of the name and looks at each; PostgreSQL also finds the beginning in it.
    assert [condition for condition in conditions if column in condition] or backend == "sqlite"


# --- One account ---


def test_the_page_of_an_account_shows_all_its_roles_and_whether_they_work(fujian, visit):
    fujian.grant("吴建平", RoleCode.AUDITOR, "鼓楼区委")
    said = text_of(visit(ADMIN).get(details(fujian, "吴建平")))
    assert "旗汛口社区支部 联络员 未激活，暂不生效" in said
    assert "鼓楼区委 审计员 生效" in said
    assert "已设置" in said and "从未登录" in said


def test_only_roles_of_the_own_subtree_are_links(fujian, visit):
    fujian.grant("林小雨", RoleCode.AUDITOR, "福州市委")
    place = f"/grants/?org={fujian.org('福州市委').id}"
    assert place in visit(ADMIN).get(details(fujian, "林小雨")).text
    page = visit(f"{STREET}联络员").get(details(fujian, "林小雨"))
    assert "福州市委" in text_of(page) and place not in page.text


@pytest.mark.parametrize("who", [f"{STREET}联络员", AUDITOR, CITY_AUDITOR])
def test_who_only_reads_gets_no_buttons_and_no_way_past_them(fujian, visit, who):
    visitor, key = visit(who), fujian.account("林小雨").key
    page = visitor.get(details(fujian, "林小雨")).text
    before = snapshot()
    for name in ("close", "reopen", "end-sessions", "password"):
        assert f"/accounts/{name}" not in page
        assert post(visitor, f"/accounts/{name}", id=key).status_code == 403
    assert visitor.get("/accounts/new/").status_code == 403
    assert post(visitor, "/accounts/new/", username="x", organization_id="1").status_code == 403
    assert snapshot() == before


# --- New accounts ---


def test_a_virtual_account_for_an_organization(fujian, visit):
    visitor, place = visit(ADMIN), fujian.org("鼓楼区卫健局党委")
    answer = save(visitor, f"/accounts/new/?org={place.id}", "username", username=" wj-1 ")
    made = fresh(fujian, "wj-1")
    assert answer.location == f"/accounts/details/?id={made.key}"
    assert (made.organization_id, made.member_id, made.org_path) == (place.id, None, place.path)
    page = visitor.get(answer.location)
    assert flashed(page)["success"] == "已新增“wj-1”。"
    assert "尚未设置，不能登录" in text_of(page) and "还没有角色" in text_of(page)
    entry = latest_audit()
    assert (entry.event, entry.organization_name, entry.subject) == ("account_created", place.name, "wj-1")


def test_a_formal_account_for_a_member(fujian, visit):
    (member,) = more_members(fujian.org(SOURCE), 1)
    answer = save(visit(ADMIN), "/accounts/new/?kind=formal", "username", username="xin", member=member.key)
    made = fresh(fujian, "xin")
    assert answer.location == f"/accounts/details/?id={made.key}"
    assert (made.member_id, made.organization_id, made.org_path) == (member.id, None, member.org_path)
    assert latest_audit().organization_name == SOURCE


@pytest.mark.parametrize(
    ("kind", "changes", "field", "words"),
    [
        ("virtual", {"username": ""}, "username", "请填写用户名"),
        ("virtual", {"username": "两 个"}, "username", "不能含空格"),
        ("virtual", {"username": "长" * 61}, "username", "过长"),
        ("virtual", {"username": "林小雨"}, "username", "“林小雨”已存在"),
        ("virtual", {"organization_id": ""}, "organization_id", "请选择所属组织"),
        ("virtual", {"organization_id": "{holding}"}, "organization_id", "不设虚拟管理员"),
        ("formal", {"member": ""}, "member", "请选择党员"),
        ("formal", {"member": "nobody"}, "member", "请选择党员"),
        ("formal", {"member": "{taken}"}, "member", "该党员已有账号“林小雨”"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_makes_nothing(fujian, visit, kind, changes, field, words):
    keys = {"holding": fujian.org("省外组织").id, "taken": fujian.member("林小雨").key}
    filled = {"username": "xin", "organization_id": str(fujian.org(SOURCE).id), "member": "", **changes}
    filled = {name: value.format(**keys) for name, value in filled.items()}
    before = snapshot()
    answer = post(visit(ADMIN), f"/accounts/new/?kind={kind}", **filled)
    assert answer.status_code == 422 and words in told(answer)[field]
    assert snapshot() == before


def test_what_was_picked_is_shown_again_beside_what_is_wrong(fujian, visit):
    path, key = "/accounts/new/?kind=formal", fujian.member("林小雨").key
    answer = post(visit(ADMIN), path, username="", member=key)
    assert f'value="{key}"' in answer.text and 'value="林小雨"' in answer.text


def test_the_picker_offers_no_holding_and_no_deactivated_organization(fujian, visit):
    fujian.deactivate(SOURCE)
    names = [row["label"] for row in visit(ADMIN).get("/lookup/organizations?for=account&q=").json]
    assert SOURCE not in names and "省外组织" not in names


# --- Closing and opening ---


def test_a_closed_account_is_signed_out_and_stays_out_until_it_is_opened(app, fujian, visit):
    admin, gone = visit(ADMIN), visit("陈国强")
    key = fujian.account("陈国强").key
    answer = admin.post("/accounts/close", id=key)
    assert flashed(admin.get(answer.location)) == {"success": "已停用账号。"}
    assert gone.get("/").status_code == 303
    assert "已停用" in text_of(admin.get(f"{LIST}?state=closed"))
    assert sign_in(app.test_client(), "陈国强", PASSWORD).status_code == 401
    admin.post("/accounts/reopen", id=key)
    assert gone.get("/").status_code == 303, "the old sessions do not come back"
    assert sign_in(app.test_client(), "陈国强", PASSWORD).status_code == 303
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.event.value, entry.subject, entry.organization_name) for entry in entries[:2]] == [
        ("account_closed", "陈国强", SOURCE),
        ("sign_in_failed", "陈国强", ""),
    ]


def test_nobody_closes_the_own_account(fujian, visit):
    visitor, account = visit(ADMIN), fujian.account(ADMIN)
    assert "/accounts/close" not in visitor.get(details(fujian, ADMIN)).text
    visitor.post("/accounts/close", id=account.key)
    assert fresh(fujian, ADMIN).is_active
    with pytest.raises(Exception, match="不能停用自己的账号"), transaction():
        accounts.close_account(fujian.actor_of(ADMIN), fujian.account(ADMIN))


def test_closing_names_the_organizations_that_would_have_nobody(fujian, visit):
    page = visit(ADMIN).get(details(fujian, "军门社区总支联络员"))
    assert "军门社区总支唯一有效的联络员" in page.text
    assert "唯一有效的联络员" not in visit(ADMIN).get(details(fujian, "陈国强")).text


def test_a_button_of_a_page_that_is_out_of_date_does_nothing(fujian, visit):
    visitor, key = visit(ADMIN), fujian.account("林小雨").key
    before = snapshot()
    answer = visitor.post("/accounts/reopen", id=key)
    assert "数据刚刚有变化" in flashed(visitor.get(answer.location))["error"]
    assert snapshot() == before


# --- Sessions and passwords ---


def test_ending_the_sessions_of_an_account_ends_all_of_them_and_nobody_elses(app, fujian, visit):
    sessions = [signed_in(app.test_client(), fujian.account("陈国强")) for _ in range(2)]
    other, admin = visit("林小雨"), visit(ADMIN)
    admin.post("/accounts/end-sessions", id=fujian.account("陈国强").key)
    assert [one.get("/").status_code for one in sessions] == [303, 303]
    assert other.get("/").status_code == 200 and admin.get("/").status_code == 200
    entry = latest_audit()
    assert (entry.event, entry.actor_name, entry.subject) == ("sessions_ended", ADMIN, "陈国强")


def test_an_initial_password_is_shown_once_and_signs_in(app, fujian, visit, caplog):
    caplog.set_level(logging.DEBUG)
    admin, old = visit(ADMIN), visit("陈国强")
    answer = admin.post("/accounts/password", id=fujian.account("陈国强").key)
    password = SHOWN_ONCE.search(answer.text)[1]
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert old.get("/").status_code == 303
    assert sign_in(app.test_client(), "陈国强", PASSWORD).status_code == 401
    assert sign_in(app.test_client(), "陈国强", password).status_code == 303
    assert password not in caplog.text + str(snapshot()) + admin.get(details(fujian, "陈国强")).text
    events = [entry.event.value for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert events[0] == "password_set"


def test_each_initial_password_is_another_one(fujian, visit):
    visitor, key = visit(ADMIN), fujian.account("陈国强").key
    made = {SHOWN_ONCE.search(visitor.post("/accounts/password", id=key).text)[1] for _ in range(3)}
    assert len(made) == 3


def test_no_password_is_set_by_a_link(fujian, visit):
    for name in ("close", "reopen", "end-sessions", "password"):
        assert visit(ADMIN).get(f"/accounts/{name}?id={fujian.account('陈国强').key}").status_code == 405


def test_a_member_whatever_their_standing_has_an_account_page(fujian, visit):
    assert fujian.member("周文斌").status is MemberStatus.SUSPENDED
    assert fujian.org("省外组织").kind is OrganizationKind.OUT_OF_PROVINCE
    assert visit(ADMIN).get(details(fujian, "周文斌")).status_code == 200
    assert visit(ADMIN).get(details(fujian, "马海涛")).status_code == 200
