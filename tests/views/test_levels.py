"""【组织权限级别】, what each level qualifies for, and 【组织VPN权限设置】, which organization has which (R2-R5)."""

import pytest

from models import PermissionLevel, db
from tests.views.panel import (
    audited,
    fields,
    flashed,
    latest_audit,
    listed,
    not_refused,
    page_of,
    post,
    save,
    send,
    snapshot,
    told,
)
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR

LIST, SETTING = "/levels/", "/level-setting/"
CITY, COUNTY, STREET, UNSET, BRANCH = "福州市委", "鼓楼区委", "东街街道工委", "安泰街道工委", "军门第一支部"


@pytest.fixture
def admin(visit):
    return visit(ADMIN)


@pytest.fixture
def set_level(fujian):
    """`set_level(visitor, "东街街道工委", 6)`: the organization's page opened, a level chosen, 【保存】."""

    def chosen(visitor, name, rank, **changes):
        organization = fujian.org(name)
        form = {"level_rank": rank, "version": organization.version, **changes}
        return send(visitor, f"{SETTING}save?org={organization.id}", **form)

    return chosen


def setting(fujian, name):
    return f"{SETTING}?org={fujian.org(name).id}"


def options(page):
    """The levels that the page offers: value -> whether it can be chosen."""
    choice = [given for tag, given in page_of(page).tags if tag == "option"]
    return {given["value"]: "disabled" not in given for given in choice}


# --- 【组织权限级别】 ---


def test_r2_the_seven_levels_with_what_each_qualifies_for(visit):
    page = visit(f"{STREET}联络员").get(LIST)
    rows = [text.split("</tr>")[0] for text in page.text.split("<tr>")[2:]]
    assert len(listed(page)) == len(rows) == 7 and listed(page)[4].startswith("5 · ")
    assert [row.count(">可以<") for row in rows] == [3, 2, 3, 1, 3, 1, 0]
    assert ["上级组织或省级管理员" in row for row in rows] == [True] * 5 + [False] * 2


def test_only_who_keeps_the_data_may_change_them(visit):
    links = {who: visit(who).get(LIST).text.count('href="/levels/edit/?id=') for who in (ADMIN, AUDITOR, "林志强")}
    assert links == {ADMIN: 7, AUDITOR: 0, "林志强": 0}


def test_r2_a_changed_qualification_is_saved_told_and_audited(admin):
    answer = save(admin, "/levels/edit/?id=4", approves_leaving="y")
    assert answer.status_code == 303 and "已保存" in flashed(admin.get(answer.location))["success"]
    assert db.session.get(PermissionLevel, 4, populate_existing=True).approves_leaving
    entry = latest_audit()
    assert (entry.event, entry.actor_name) == ("level_changed", ADMIN)
    assert entry.details["changes"] == {"approves_leaving": [False, True]}


def test_r2_a_qualification_is_taken_away_by_an_empty_box(admin):
    save(admin, "/levels/edit/?id=6", approves_committee=None)
    assert not db.session.get(PermissionLevel, 6, populate_existing=True).approves_committee


def test_a_wrong_name_is_told_at_its_field_and_nothing_is_saved(admin):
    before = snapshot()
    wrong = [("  ", "请填写级别名称。"), ("省级党委", "级别名称“省级党委”已被使用。"), ("长" * 61, "60")]
    cases = [({"name": name, "approves_leaving": "y"}, "name", words) for name, words in wrong]
    assert not_refused(lambda **changes: save(admin, "/levels/edit/?id=6", **changes), cases) == []
    assert snapshot() == before


def test_a_stale_form_of_a_level_overwrites_nothing(admin):
    seen = fields(admin.get("/levels/edit/?id=6"))
    save(admin, "/levels/edit/?id=6", name="六级")
    answer = post(admin, "/levels/edit/?id=6", **{**seen, "name": "又一个六级"})
    assert answer.status_code == 303 and "已被他人修改" in flashed(admin.get(answer.location))["error"]
    assert db.session.get(PermissionLevel, 6, populate_existing=True).name == "六级"


def test_r2_a_level_in_use_is_not_deleted_and_one_that_is_not_is(admin):
    db.session.add(PermissionLevel(rank=9, name="九级"))
    before = snapshot()
    refused = post(admin, "/levels/delete/", id="6")
    assert "仍有组织使用该级别" in flashed(admin.get(refused.location))["error"] and snapshot() == before
    page = admin.get(post(admin, "/levels/delete/", id="9").location)
    assert flashed(page) == {"success": "已删除“九级”。"} and len(listed(page)) == 7


# --- 【组织VPN权限设置】: what it shows ---


def test_it_opens_at_the_top_of_the_scope(visit):
    pages = {who: visit(who).get(SETTING).text for who in (ADMIN, f"{STREET}联络员", "林志强")}
    tops = {who: page.split("<h2>")[1].split("</h2>")[0] for who, page in pages.items()}
    assert tops == {ADMIN: "福建省委", f"{STREET}联络员": STREET, "林志强": STREET}
    assert all('data-tree="/lookup/tree"' in page for page in pages.values())


def test_it_says_what_the_organization_is_and_qualifies_for(fujian, admin):
    said = text_of(admin.get(setting(fujian, STREET)))
    assert f"{STREET} 福建省委 / {CITY} / {COUNTY}" in said
    assert "具备资格 党（工）委审批 最近的已设置上级" in said and f"最近的已设置上级 {COUNTY} 5 · " in said
    assert "林志强" in said and f"组织代码 {fujian.org(STREET).code}" in said


def test_r3_an_unset_committee_is_said_to_be_passed_and_qualifies_for_nothing(fujian, admin):
    said = text_of(admin.get(setting(fujian, UNSET)))
    assert "未设置权限级别：下级组织的转接经过这里后会继续上报" in said and "具备资格 无" in said


ALL = {"", "1", "2", "3", "4", "5", "6", "7"}
MAY_SET = {
    (ADMIN, COUNTY): ALL,
    (f"{CITY}联络员", COUNTY): ALL,
    (f"{COUNTY}联络员", COUNTY): {""},
    (f"{COUNTY}联络员", STREET): ALL,
    (f"{STREET}联络员", STREET): {"", "6", "7"},
    (f"{UNSET}联络员", UNSET): {"", "6", "7"},
}


def test_r5_it_offers_what_the_liaison_may_set(fujian, visit):
    pages = {(who, name): visit(who).get(setting(fujian, name)) for who, name in MAY_SET}
    offered = {asked: {value for value, may in options(page).items() if may} for asked, page in pages.items()}
    assert offered == MAY_SET
    closed = {asked for asked, page in pages.items() if 'name="level_rank" disabled' in page.text}
    assert closed == {(f"{COUNTY}联络员", COUNTY)}


def test_r5_a_county_reads_who_sets_its_level(fujian, visit):
    said = text_of(visit(f"{COUNTY}联络员").get(setting(fujian, COUNTY)))
    assert "县级及以上级别由上级组织的联络员或省级管理员设置。" in said


@pytest.mark.parametrize("name", ["省外组织", "临时党组织"])
def test_r5_holding_organizations_have_no_level_to_set(fujian, admin, set_level, name):
    before, page = snapshot(), admin.get(setting(fujian, name))
    assert "在审批组织树之外，不设权限级别。" in page.text and 'name="level_rank"' not in page.text
    assert set_level(admin, name, "7").status_code == 422 and snapshot() == before


def test_it_opens_for_liaisons_and_who_keeps_the_data_alone(visit):
    assert {visit(who).get(SETTING).status_code for who in (AUDITOR, "林小雨", "郑晓东", "吴建平")} == {403}


# --- 【组织VPN权限设置】: 【保存】 ---


@pytest.mark.parametrize(
    ("who", "name", "rank", "was"),
    [
        (f"{COUNTY}联络员", UNSET, 6, None),
        (f"{UNSET}联络员", UNSET, 6, None),
        ("林志强", STREET, None, 6),
        (ADMIN, STREET, None, 6),
        (f"{CITY}联络员", COUNTY, None, 5),
        (f"{STREET}联络员", BRANCH, None, 7),
    ],
)
def test_r5_a_level_is_set_told_and_audited(fujian, visit, set_level, who, name, rank, was):
    visitor = visit(who)
    answer = set_level(visitor, name, "" if rank is None else rank)
    assert answer.status_code == 303 and answer.location == setting(fujian, name)
    assert f"已保存“{name}”的权限级别" in flashed(visitor.get(answer.location))["success"]
    assert fujian.org(name).level_rank == rank
    entry = latest_audit()
    assert (entry.event, entry.organization_name) == ("level_set", name)
    assert entry.details == {"changes": {"level_rank": [was, rank]}}


REFUSED = [
    (ADMIN, STREET, 5, "“东街街道工委”的权限级别（5级）必须低于其上级“鼓楼区委”（5级）。"),
    (ADMIN, COUNTY, 6, "（6级）必须低于其上级“鼓楼区委”（6级）。"),
    (ADMIN, BRANCH, 6, "党支部只能设置为7级"),
    (ADMIN, "军门社区总支", 6, "党总支只能设置为7级"),
    (f"{COUNTY}联络员", COUNTY, "", "您不能为“鼓楼区委”设置该权限级别"),
    (f"{UNSET}联络员", UNSET, 5, "您不能为“安泰街道工委”设置该权限级别"),
    (f"{COUNTY}联络员", UNSET, 99, "没有这个权限级别，请重新选择。"),
    (f"{COUNTY}联络员", UNSET, "x", "没有这个权限级别，请重新选择。"),
]


def test_r5_a_refusal_stands_at_the_level_and_nothing_is_saved(visit, set_level):
    before = snapshot()
    answers = [(set_level(visit(who), name, rank), name, words) for who, name, rank, words in REFUSED]
    assert {answer.status_code for answer, _name, _words in answers} == {422}
    assert [told(answer) for answer, _name, words in answers if words not in told(answer)["level_rank"]] == []
    assert all(f"<h2>{name}</h2>" in answer.text for answer, name, _words in answers)
    assert snapshot() == before


def test_setting_the_same_level_again_is_no_audit_entry(admin, set_level):
    assert set_level(admin, STREET, 6).status_code == 303
    assert audited() == []


def test_a_stale_page_is_told_and_overwrites_nothing(admin, fujian, set_level):
    before = snapshot()
    answers = [set_level(admin, STREET, "", version=version) for version in ("0", "", "99")]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, setting(fujian, STREET))}
    assert "该记录已被他人修改" in flashed(admin.get(setting(fujian, STREET)))["error"] and snapshot() == before


def test_r16_mending_a_level_mends_the_route(fujian, visit, set_level):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to="五龙村支部", at=UNSET)
    assert COUNTY in fujian.route_names(transfer)
    set_level(visit(f"{COUNTY}联络员"), UNSET, 6)
    fujian.liaison_of(UNSET).approve(transfer)
    assert fujian.fresh(transfer).current_organization.name == "古田镇党委"
