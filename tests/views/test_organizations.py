"""【组织】: the list beside the tree, search and filters, pages by key, an organization's page, the export."""

import csv

import pytest

from models import OrganizationKind, db
from tests.views.panel import audited, link, listed, more_organizations, page_of, post, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR

LIST = "/organizations/"
COUNTY, STREET, GENERAL, SOURCE, UNSET = "鼓楼区委", "东街街道工委", "军门社区总支", "军门第一支部", "安泰街道工委"
STREET_SUBTREE = [STREET, GENERAL, SOURCE, "军门第二支部", "旗汛口社区支部"]


def details(fujian, name):
    return f"/organizations/details/?id={fujian.org(name).id}"


# --- The list ---


def test_a_liaison_sees_the_own_subtree_in_the_order_of_the_tree(visit):
    assert listed(visit(f"{STREET}联络员").get(LIST)) == STREET_SUBTREE


def test_who_keeps_the_data_sees_every_organization_and_those_outside_the_tree(visit):
    visitor = visit(ADMIN)
    first = visitor.get(LIST)
    everything = listed(first) + listed(visitor.get(link(first, "next")))
    assert everything[0] == "福建省委" and len(everything) == len(set(everything)) == 31
    assert {"省外组织", "特殊组织", "未知党组织", "临时党组织"} <= set(everything)


def test_a_row_says_kind_level_parent_and_contact(fujian, visit):
    said = text_of(visit(f"{STREET}联络员").get(LIST))
    assert f"{GENERAL} {fujian.org(GENERAL).code} 党总支 7级 {STREET} 王干事" in said


def test_r3_a_committee_without_a_level_stands_out_and_a_branch_does_not(fujian, visit):
    fujian.set_level("朱紫坊社区支部", None)
    page = visit(f"{UNSET}联络员").get(LIST).text
    committee, branch = (page.split(f">{name}<")[1].split("</tr>")[0] for name in (UNSET, "朱紫坊社区支部"))
    assert '<span class="pill back">未设置</span>' in committee
    assert "未设置" in branch and "pill back" not in branch


def test_a_deactivated_one_is_marked(fujian, visit):
    fujian.deactivate("旗汛口社区支部")
    page = visit(f"{STREET}联络员").get(LIST).text
    assert page.count("已停用") == 1 and "已停用" in page.split("旗汛口社区支部")[1]


FOUND = {
    "q=社区": [GENERAL, "旗汛口社区支部"],
    "q=" + GENERAL: [GENERAL],
    "q=%20东街%20": [STREET],
    "q=%25": [],
    "q=_": [],
    "q=\\": [],
    "kind=branch": [SOURCE, "军门第二支部", "旗汛口社区支部"],
    "level=6": [STREET],
    "level=none": [],
    "level=7&kind=general_branch": [GENERAL],
    "kind=branch&q=军门": [SOURCE, "军门第二支部"],
    "kind=nonsense&level=99&q=": STREET_SUBTREE,
}


def test_search_and_filters(visit):
    visitor = visit(f"{STREET}联络员")
    pages = {query: visitor.get(f"{LIST}?{query}") for query in FOUND}
    assert {query: listed(page) for query, page in pages.items()} == FOUND
    empty = {query for query, page in pages.items() if "没有符合条件的数据" in page.text}
    assert empty == {query for query, found in FOUND.items() if not found}


def test_the_filter_of_those_without_a_level(visit):
    assert listed(visit("龙岩市委联络员").get(f"{LIST}?level=none")) == ["漳平市委", "永福镇党委", "龙车村支部"]


def test_what_is_asked_for_stays_in_the_form_and_can_be_cleared(fujian, visit):
    identity = fujian.org(GENERAL).id
    page = visit(f"{STREET}联络员").get(f"{LIST}?org={identity}&q=军门&kind=branch")
    form = next(form for form in page_of(page).forms if "q" in form)
    assert form == {"org": str(identity), "q": "军门", "kind": "branch", "level": ""}
    assert f'href="{LIST}?org={identity}">清除条件' in page.text


def test_choosing_in_the_tree_narrows_to_the_subtree(fujian, visit):
    chosen = fujian.org(GENERAL)
    page = visit(f"{COUNTY}联络员").get(f"{LIST}?org={chosen.id}")
    assert listed(page) == [GENERAL, SOURCE, "军门第二支部"]
    way = ",".join(str(fujian.org(name).id) for name in ("福建省委", "福州市委", COUNTY, STREET, GENERAL))
    assert f'data-selected="{chosen.id}" data-open="{way}"' in page.text


# --- Pages by key ---


def test_pages_go_forward_and_back_by_key(visit):
    visitor = visit(ADMIN)
    first = visitor.get(LIST)
    second = visitor.get(link(first, "next"))
    assert len(listed(first)) == 20 and len(listed(second)) == 11
    assert listed(visitor.get(link(second, "prev"))) == listed(first)
    assert 'rel="prev"' not in first.text and 'rel="next"' not in second.text


def test_a_page_stays_where_it_is_when_rows_come_and_go_before_it(fujian, visit):
    more_organizations(fujian.org(STREET), 45)
    visitor = visit(f"{STREET}联络员")
    second_at = link(visitor.get(LIST), "next")
    second = listed(visitor.get(second_at))
    more_organizations(fujian.org(GENERAL), 1)
    db.session.delete(fujian.org(listed(visitor.get(LIST))[-2]))
    db.session.commit()
    assert listed(visitor.get(second_at)) == second


def test_pages_keep_what_was_asked_for(fujian, visit):
    more_organizations(fujian.org(STREET), 25)
    visitor = visit(f"{STREET}联络员")
    first = visitor.get(f"{LIST}?kind=branch&q=新支部&org={fujian.org(STREET).id}")
    rest = visitor.get(link(first, "next"))
    assert len(listed(first)) == 20 and len(listed(rest)) == 5
    assert all(name.startswith("新支部") for name in listed(first) + listed(rest))


def test_a_page_after_the_last_row_is_empty_and_leads_back(fujian, visit):
    visitor = visit(f"{STREET}联络员")
    last = visitor.get(f"{LIST}?after={fujian.org('旗汛口社区支部').id}")
    assert last.status_code == 200 and listed(last) == []
    middle = visitor.get(f"{LIST}?before={fujian.org('旗汛口社区支部').id}")
    assert listed(middle) == STREET_SUBTREE[:-1]


# --- One organization ---


def test_its_page_says_where_it_stands_and_who_acts_for_it(fujian, visit):
    said = text_of(visit(f"{COUNTY}联络员").get(details(fujian, STREET)))
    assert f"福建省委 / 福州市委 / {COUNTY}" in said
    assert f"组织代码 {fujian.org(STREET).code} 类型 党工委 上级组织 {COUNTY} 权限级别" in said
    assert "、林志强" in said.rsplit("联络员", 1)[1]


def test_it_warns_where_nobody_acts_for_it(fujian, visit):
    fujian.without_liaison(STREET)
    assert "没有有效联络员" in text_of(visit(ADMIN).get(details(fujian, STREET)))
    assert "没有有效联络员" not in text_of(visit(ADMIN).get(details(fujian, "省外组织")))


@pytest.mark.parametrize(
    ("who", "edit", "delete", "level"),
    [
        (ADMIN, True, True, True),
        (AUDITOR, False, False, False),
        (f"{COUNTY}联络员", False, False, True),
    ],
)
def test_what_is_offered_is_what_the_role_may(fujian, visit, who, edit, delete, level):
    visitor, identity = visit(who), fujian.org(STREET).id
    page = visitor.get(details(fujian, STREET)).text
    assert (f'href="/organizations/edit/?id={identity}"' in page) is edit
    assert ('data-post="/organizations/delete/"' in page) is delete
    assert (f'href="/level-setting/?org={identity}"' in page) is level
    assert f'href="/members/?org={identity}"' in page
    assert ('href="/organizations/new/"' in visitor.get(LIST).text) is edit


# --- The export ---


def exported(answer):
    """The rows of a file, without its byte order mark."""
    return list(csv.reader(answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()))


def test_r49_an_export_is_a_file_for_a_spreadsheet_and_an_audit_entry(visit):
    answer = post(visit(f"{STREET}联络员"), "/organizations/export/csv/")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    assert answer.data.startswith("\ufeff组织,类型,权限级别,上级组织,联系人,状态".encode())
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E7%BB%84%E7%BB%87-")
    assert [row[0].split()[0] for row in exported(answer)[1:]] == STREET_SUBTREE
    assert audited() == [("exported", "东街街道工委（虚拟管理员）", "", "组织")]


def test_an_export_holds_what_is_asked_for_whatever_its_length(fujian, visit):
    more_organizations(fujian.org(STREET), 45)
    answer = post(visit(ADMIN), f"/organizations/export/csv/?q=新支部&kind=branch&org={fujian.org(STREET).id}")
    names = [row[0].split()[0] for row in exported(answer)[1:]]
    assert len(names) == 45 and names == sorted(names)


EVIL = ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(1)", "\t=1", "＝1"]


def test_nothing_in_an_export_runs_in_a_spreadsheet(fujian, visit):
    branches = more_organizations(fujian.org(STREET), len(EVIL))
    for branch, evil in zip(branches, EVIL, strict=True):
        branch.name = branch.contact_name = evil
    db.session.commit()
    rows = exported(post(visit(ADMIN), f"/organizations/export/csv/?kind=branch&org={fujian.org(STREET).id}"))
    cells = [cell for row in rows for cell in row for evil in EVIL if cell.lstrip("'").startswith(evil)]
    assert len(cells) == 2 * len(EVIL)
    assert [cell for cell in cells if not cell.startswith("'")] == []


def test_an_export_changes_nothing_else(visit):
    before = snapshot()
    post(visit(ADMIN), "/organizations/export/csv/")
    after = snapshot()
    assert {**after, "audit_entry": []} == {**before, "audit_entry": []}


def test_holding_organizations_have_no_level_to_miss(visit):
    page = visit(ADMIN).get(f"{LIST}?kind={OrganizationKind.SPECIAL.value}")
    assert listed(page) == ["特殊组织"]
    assert "未设置" not in page.text.split("<tbody>")[1]
