"""【角色赋权管理】: choose the organization, 【新增】, tick the role, 【保存】; take a role away (R10, R11)."""

import re

import pytest
from sqlalchemy import select

from models import Account, RoleCode, RoleGrant, db
from tests.views.panel import flashed, latest_audit, link, listed, more_members, post, save, sent, snapshot, told
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR
from workflow import accounts
from workflow.transaction import transaction

STREET, SOURCE, VILLAGE, COUNTY = "东街街道工委", "军门第一支部", "五龙村支部", "鼓楼区委"
TICK = re.compile(r'name="roles"[^>]*value="(\w+)"')


def page_for(fujian, place):
    return f"/grants/?org={fujian.org(place).id}"


def new_for(fujian, place, kind="member"):
    return f"/grants/new/?kind={kind}&org={fujian.org(place).id}"


def the_grant(fujian, holder, place, role=RoleCode.LIAISON):
    query = select(RoleGrant).where(RoleGrant.account_id == fujian.account(holder).id, RoleGrant.role_code == role)
    return db.session.scalars(query.where(RoleGrant.organization_id == fujian.org(place).id)).one_or_none()


def give(fujian, visitor, place, holder, *roles, kind="member"):
    """【新增】▸【保存】 for a member, or for an account by its username."""
    key = fujian.member(holder).key if kind == "member" else fujian.account(holder).key
    return post(visitor, new_for(fujian, place, kind), holder=key, roles=list(roles))


def offered(page):
    return set(TICK.findall(page.text))


# --- Who holds what ---


def test_the_list_shows_who_holds_which_role_on_that_very_organization(fujian, visit):
    said = text_of(visit(ADMIN).get(page_for(fujian, STREET)))
    assert "东街街道工委（虚拟管理员） 东街街道工委联络员 联络员 生效" in said
    assert "林志强 旗汛口社区支部 · 林志强 联络员 生效" in said
    assert "郑晓东 旗汛口社区支部 · 郑晓东 书记 仅作记录" in said
    assert "军门社区总支联络员" not in said


def test_a_sleeping_liaison_is_said_to_sleep(fujian, visit):
    said = text_of(visit(f"{STREET}联络员").get(page_for(fujian, "旗汛口社区支部")))
    assert "吴建平 旗汛口社区支部 · 吴建平 联络员 未激活，暂不生效" in said


def test_so_is_one_whose_account_is_closed_or_whose_organization_is_deactivated(fujian, visit):
    fujian.account("林志强").is_active = False
    db.session.commit()
    assert "林志强 联络员 账号已停用，暂不生效" in text_of(visit(ADMIN).get(page_for(fujian, STREET)))
    fujian.deactivate(STREET)
    said = text_of(visit(ADMIN).get(page_for(fujian, STREET)))
    assert "东街街道工委联络员 联络员 组织已停用，暂不生效" in said and "该组织已停用" in said


def test_an_organization_nobody_acts_for_is_said_to_have_nobody(fujian, visit):
    fujian.without_liaison(STREET)
    assert "没有有效联络员" in text_of(visit(ADMIN).get(page_for(fujian, STREET)))
    assert "没有有效联络员" not in text_of(visit(ADMIN).get(page_for(fujian, SOURCE)))


def test_an_organization_without_roles_says_how_to_give_the_first(fujian, visit):
    fujian.without_liaison(VILLAGE)
    said = text_of(visit(ADMIN).get(page_for(fujian, VILLAGE)))
    assert "还没有赋权" in said and "【新增】" in said


def test_before_one_is_chosen_a_liaison_sees_the_own_top_and_an_admin_the_province(fujian, visit):
    assert "林志强" in listed(visit(f"{STREET}联络员").get("/grants/"))
    assert listed(visit(f"{SOURCE}联络员").get("/grants/")) == ["军门第一支部（虚拟管理员）", "陈国强"]
    assert listed(visit(ADMIN).get("/grants/")) == [ADMIN]
    assert "全省" in text_of(visit(ADMIN).get("/grants/"))


@pytest.mark.parametrize(("who", "place"), [(f"{STREET}联络员", VILLAGE), (CITY_AUDITOR, "上杭县委")])
def test_an_organization_out_of_scope_is_not_found(fujian, visit, who, place):
    visitor, before = visit(who), snapshot()
    for path in (page_for(fujian, place), new_for(fujian, place)):
        assert visitor.get(path).status_code == 404
    assert give(fujian, visitor, place, "林小雨", "liaison").status_code == 404
    assert snapshot() == before


@pytest.mark.parametrize("who", ["林小雨", "郑晓东", "吴建平"])
def test_who_holds_no_effective_role_does_not_get_in(visit, who):
    assert visit(who).get("/grants/").status_code == 403


def test_a_long_list_is_paged_and_costs_the_same_at_200_rows_as_at_10(fujian, visit):
    visitor, path = visit(ADMIN), page_for(fujian, SOURCE)

    def grow(count):
        for member in more_members(fujian.org(SOURCE), count):
            account = Account(username=f"u-{member.name}", member=member)
            db.session.add(
                RoleGrant(account=account, organization_id=fujian.org(SOURCE).id, role_code=RoleCode.SECRETARY)
            )
        db.session.commit()

    def cost():
        visitor.get(path)
        with sent() as statements:
            visitor.get(path)
        return len(statements)

    grow(10)
    few = cost()
    grow(190)
    assert cost() == few
    first = visitor.get(path)
    second = visitor.get(link(first, "next"))
    assert len(listed(first)) == len(listed(second)) == 20
    assert not set(listed(first)) & set(listed(second))
    assert listed(visitor.get(link(second, "prev"))) == listed(first)


# --- 【新增】 ---


def test_a_liaison_ticks_liaison_and_nothing_else(fujian, visit):
    assert offered(visit(f"{STREET}联络员").get(new_for(fujian, SOURCE))) == {"liaison"}


def test_a_provincial_admin_ticks_every_role_and_on_no_organization_the_own(fujian, visit):
    visitor = visit(ADMIN)
    assert offered(visitor.get(new_for(fujian, SOURCE))) == {role.value for role in RoleCode}
    assert offered(visitor.get("/grants/new/")) == {"provincial_admin"}
    assert offered(visitor.get(new_for(fujian, "省外组织"))) == {"auditor", "provincial_admin"}


def test_a_member_is_granted_and_the_list_shows_it(fujian, visit):
    visitor = visit(f"{STREET}联络员")
    answer = give(fujian, visitor, SOURCE, "林小雨", "liaison")
    assert answer.location == page_for(fujian, SOURCE)
    page = visitor.get(answer.location)
    assert flashed(page) == {"success": "已新增林小雨的角色：联络员。"}
    assert "林小雨" in listed(page)
    entry = latest_audit()
    assert (entry.event, entry.organization_name, entry.subject) == ("role_granted", SOURCE, "林小雨")


def test_a_virtual_admin_is_granted(fujian, visit):
    with transaction():
        accounts.create_account("军门二号", organization=fujian.org(SOURCE))
    give(fujian, visit(f"{STREET}联络员"), SOURCE, "军门二号", "liaison", kind="virtual")
    assert the_grant(fujian, "军门二号", SOURCE) is not None


def test_several_roles_at_once(fujian, visit):
    visitor = visit(ADMIN)
    answer = give(fujian, visitor, STREET, "林小雨", "secretary", "auditor")
    assert flashed(visitor.get(answer.location)) == {"success": "已新增林小雨的角色：书记、审计员。"}


@pytest.mark.parametrize(
    ("who", "place", "holder", "roles", "field", "words"),
    [
        (f"{STREET}联络员", SOURCE, "林小雨", [], "roles", "请勾选角色"),
        (f"{STREET}联络员", SOURCE, "陈国强", ["liaison"], "roles", "陈国强已有所勾选的角色"),
        (f"{STREET}联络员", SOURCE, "黄志明", ["liaison"], "holder", "请选择党员"),
        (f"{STREET}联络员", STREET, "吴建平", ["liaison"], "holder", "尚未激活手机"),
        (ADMIN, STREET, "吴建平", ["liaison"], "holder", "尚未激活手机"),
    ],
)
def test_a_refusal_stands_at_its_field_and_grants_nothing(fujian, visit, who, place, holder, roles, field, words):
    before = snapshot()
    answer = give(fujian, visit(who), place, holder, *roles)
    assert answer.status_code == 422 and words in told(answer)[field]
    assert snapshot() == before


def test_a_virtual_admin_of_another_organization_is_refused(fujian, visit):
    before = snapshot()
    answer = give(fujian, visit(ADMIN), SOURCE, f"{VILLAGE}联络员", "liaison", kind="virtual")
    assert answer.status_code == 422
    assert "只能在其所属组织" in flashed(answer)["error"]
    assert snapshot() == before


def test_a_role_that_was_not_offered_is_not_taken(fujian, visit):
    before = snapshot()
    assert give(fujian, visit(f"{STREET}联络员"), SOURCE, "林小雨", "provincial_admin").status_code == 422
    assert give(fujian, visit(f"{STREET}联络员"), SOURCE, "林小雨", "king").status_code == 422
    assert snapshot() == before


def test_what_was_picked_and_ticked_is_shown_again(fujian, visit):
    answer = give(fujian, visit(f"{STREET}联络员"), STREET, "吴建平", "liaison")
    assert f'value="{fujian.member("吴建平").key}"' in answer.text and 'value="吴建平"' in answer.text
    assert re.search(r"<input[^>]*checked[^>]*value=\"liaison\"", answer.text)


@pytest.mark.parametrize("who", [AUDITOR, CITY_AUDITOR])
def test_an_auditor_reads_and_grants_nothing(fujian, visit, who):
    visitor, before = visit(who), snapshot()
    page = visitor.get(page_for(fujian, STREET))
    assert "林志强" in text_of(page) and "新增" not in text_of(page) and "/grants/revoke" not in page.text
    assert visitor.get(new_for(fujian, STREET)).status_code == 403
    assert give(fujian, visitor, STREET, "林小雨", "liaison").status_code == 403
    assert post(visitor, "/grants/revoke", id=the_grant(fujian, "林志强", STREET).id).status_code == 403
    assert snapshot() == before


def test_a_deactivated_organization_is_granted_nothing(fujian, visit):
    fujian.deactivate(SOURCE)
    assert visit(ADMIN).get(new_for(fujian, SOURCE)).status_code == 403


# --- Pickers ---


def test_the_picker_finds_members_of_the_granters_subtree_and_says_who_could_not_act(fujian, visit):
    rows = visit(f"{STREET}联络员").get("/lookup/people?q=吴").json
    assert [(row["label"], row["detail"].split(" · ")[1:]) for row in rows] == [
        ("吴建平", ["旗汛口社区支部", "手机未激活"])
    ]
    assert visit(f"{STREET}联络员").get("/lookup/people?q=黄").json == []
    assert [row["label"] for row in visit(ADMIN).get("/lookup/people?q=黄").json] == ["黄志明"]


@pytest.mark.parametrize("who", [AUDITOR, "林小雨", "郑晓东"])
def test_who_grants_nothing_finds_nobody(fujian, visit, who):
    place = fujian.org(SOURCE).id
    assert visit(who).get("/lookup/people?q=林").json == []
    assert visit(who).get(f"/lookup/accounts?q=军&org={place}").json == []


def test_the_picker_of_virtual_admins_offers_those_of_the_organization(fujian, visit):
    place = fujian.org(SOURCE).id
    names = [row["label"] for row in visit(f"{STREET}联络员").get(f"/lookup/accounts?org={place}").json]
    assert names == [f"{SOURCE}联络员"]
    assert visit(f"{STREET}联络员").get(f"/lookup/accounts?q=五龙&org={place}").json == []
    names = [row["label"] for row in visit(ADMIN).get(f"/lookup/accounts?q=审&org={place}").json]
    assert names == [AUDITOR]


@pytest.mark.parametrize("nonsense", ["org=x", "org=-1", "org=99999999999999999999", "q=%00", "q=%25"])
def test_nonsense_finds_nothing(visit, nonsense):
    assert visit(ADMIN).get(f"/lookup/accounts?{nonsense}").json == []


# --- 【撤销】 ---


def test_revoking_asks_first_and_tells_whom(fujian, visit):
    page = visit(f"{COUNTY}联络员").get(page_for(fujian, STREET))
    assert "撤销林志强的联络员？" in page.text and "撤销郑晓东的书记？" not in page.text


def test_a_role_is_taken_away_at_once(fujian, visit):
    visitor, gone = visit(f"{COUNTY}联络员"), visit("林志强")
    assert gone.get("/grants/").status_code == 200
    answer = visitor.post("/grants/revoke", id=the_grant(fujian, "林志强", STREET).id)
    assert answer.location == page_for(fujian, STREET)
    page = visitor.get(answer.location)
    assert flashed(page) == {"success": "已撤销。"} and "林志强" not in listed(page)
    assert gone.get("/grants/").status_code == 403


def test_the_reason_of_a_refusal_is_told_above_the_list(fujian, visit):
    visitor = visit(ADMIN)
    before = snapshot()
    answer = visitor.post("/grants/revoke", id=the_grant(fujian, f"{VILLAGE}联络员", VILLAGE).id)
    assert "最后一名没有在办转接的联络员" in flashed(visitor.get(answer.location))["error"]
    assert snapshot() == before


def test_who_gives_up_the_own_only_role_is_led_home(fujian, visit):
    visitor = visit("林志强")
    answer = visitor.post("/grants/revoke", id=the_grant(fujian, "林志强", STREET).id)
    assert (answer.status_code, answer.location) == (303, "/")
    assert flashed(visitor.get("/")) == {"success": "已撤销。"}


@pytest.mark.parametrize(
    ("who", "holder", "place", "role", "code"),
    [
        (f"{STREET}联络员", f"{VILLAGE}联络员", VILLAGE, RoleCode.LIAISON, 404),
        (f"{STREET}联络员", "郑晓东", STREET, RoleCode.SECRETARY, 403),
        (f"{SOURCE}联络员", "林志强", STREET, RoleCode.LIAISON, 404),
        ("林小雨", "林志强", STREET, RoleCode.LIAISON, 403),
    ],
)
def test_what_one_may_not_revoke(fujian, visit, who, holder, place, role, code):
    visitor, granted, before = visit(who), the_grant(fujian, holder, place, role), snapshot()
    assert post(visitor, "/grants/revoke", id=granted.id).status_code == code
    assert snapshot() == before


def test_no_role_is_taken_away_by_a_link(fujian, visit):
    assert visit(ADMIN).get(f"/grants/revoke?id={the_grant(fujian, '林志强', STREET).id}").status_code == 405


def test_the_form_is_the_one_that_a_browser_sends(fujian, visit):
    visitor, key = visit(f"{STREET}联络员"), fujian.member("林小雨").key
    answer = save(visitor, new_for(fujian, SOURCE), "holder", holder=key, roles="liaison")
    assert answer.status_code == 303 and the_grant(fujian, "林小雨", SOURCE) is not None
