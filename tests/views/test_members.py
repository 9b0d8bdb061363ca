"""【党员信息维护】 (R9): the list beside the tree, search by name and by ID number, a member's page, the export."""

import csv
from urllib.parse import parse_qs, urlsplit

import pytest

from models import db
from tests.views.panel import audited, link, listed, more_members, page_of, post, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR

LIST = "/members/"
STREET, GENERAL, SOURCE, BRANCH = "东街街道工委", "军门社区总支", "军门第一支部", "旗汛口社区支部"
AT_SOURCE = ["林小雨", "陈国强", "周文斌", "许美玲"]
OF_STREET = [*AT_SOURCE, "王丽华", "林志强", "吴建平", "郑晓东"]


@pytest.fixture
def liaison(visit):
    return visit(f"{STREET}联络员")


def details(fujian, name):
    return f"/members/details/?id={fujian.member(name).key}"


# --- The list ---


def test_a_liaison_sees_the_members_of_the_own_subtree_branch_by_branch(liaison):
    assert listed(liaison.get(LIST)) == OF_STREET


def test_who_keeps_the_data_sees_everybody(visit):
    names = listed(visit(ADMIN).get(LIST))
    assert len(names) == 18 and {"马海涛", "孙丽娜"} <= set(names)


def test_a_row_says_who_they_are_and_how_they_stand(liaison, fujian):
    said = text_of(liaison.get(LIST))
    assert f"王丽华 {fujian.member('王丽华').id_number_masked} 女 汉族 预备 军门第二支部 138****0005" in said
    assert said.count("停止党籍") == 2, "the filter and one row"


def test_numbers_and_phones_are_masked_wherever_members_stand(fujian, visit):
    fujian.apply("林小雨", "五龙村支部")
    member, liaison = fujian.member("林小雨"), visit(f"{STREET}联络员")
    pages = [liaison.get(path) for path in (LIST, details(fujian, "林小雨"), "/transfers/", "/lookup/members?q=林")]
    pages += [liaison.get(f"/members/edit/?id={member.key}"), liaison.get(f"/transfers/apply?member={member.key}")]
    pages += [post(liaison, "/members/export/csv/"), visit(ADMIN).get(f"/members/edit/?id={member.key}")]
    assert [page.request.path for page in pages if member.id_number in page.text] == []
    assert [page.request.path for page in pages[:-1] if member.phone in page.text] == []
    assert all(member.id_number_masked in page.text for page in (pages[0], pages[1], pages[3], pages[-1]))


FOUND = {
    "q=林": ["林小雨", "林志强"],
    "q=林小": ["林小雨"],
    "q=小雨": [],
    "q=%20林小雨%20": ["林小雨"],
    "q=%25": [],
    "q=_小雨": [],
    "q=林\\": [],
    "category=probationary": ["王丽华"],
    "status=lost_contact": ["许美玲"],
    "status=normal&q=周": [],
    "category=full&status=suspended": ["周文斌"],
    "category=nonsense&status=x": OF_STREET,
    "person=nonsense": OF_STREET,
}


def test_search_and_filters(liaison):
    pages = {query: liaison.get(f"{LIST}?{query}") for query in FOUND}
    found = {query: listed(page) for query, page in pages.items()}
    assert {query: sorted(names) for query, names in found.items()} == {q: sorted(names) for q, names in FOUND.items()}
    empty = {query for query, page in pages.items() if "没有符合条件的数据" in page.text}
    assert empty == {query for query, names in FOUND.items() if not names}


def test_choosing_in_the_tree_narrows_to_the_subtree(liaison, fujian):
    page = liaison.get(f"{LIST}?org={fujian.org(GENERAL).id}&category=full")
    assert listed(page) == AT_SOURCE
    assert f'data-selected="{fujian.org(GENERAL).id}"' in page.text


def test_an_organization_without_members_says_what_will_appear(visit):
    page = visit("花园弄社区支部联络员").get(LIST)
    assert listed(page) == [] and "所选组织及其下级的党员将显示在这里。" in text_of(page)


# --- By ID number ---


def test_by_id_number_the_address_holds_only_its_blind_index(liaison, fujian):
    member = fujian.member("林小雨")
    answer = post(liaison, "/members/find", id_number=f" {member.id_number.lower()} ")
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query) == {"person": [member.id_number_index]}
    page = liaison.get(answer.location)
    assert listed(page) == ["林小雨"] and member.id_number not in page.text


def test_by_the_id_number_of_somebody_out_of_scope_nothing_is_found(liaison, fujian):
    answer = post(liaison, "/members/find", id_number=fujian.member("黄志明").id_number)
    page = liaison.get(answer.location)
    assert answer.status_code == 303 and listed(page) == [] and "黄志明" not in text_of(page)


def test_r41_a_wrong_id_number_is_told_at_its_field_above_the_list(liaison):
    wrong = {
        "": "请填写身份证号。",
        "99010219800115001": "身份证号应为18位",
        "990102198013150010": "身份证号中的出生日期不存在",
        "990102198001150010": "身份证号的校验码不对",
    }
    pages = {number: post(liaison, "/members/find", id_number=number) for number in wrong}
    assert {page.status_code for page in pages.values()} == {422}
    assert {tuple(listed(page)) for page in pages.values()} == {tuple(OF_STREET)}
    said = {number: page.text.split('id="id-error" role="alert">')[1] for number, page in pages.items()}
    assert [number for number, words in wrong.items() if not said[number].startswith(words)] == []


def test_a_search_by_id_number_leaves_no_trace_of_it(liaison, fujian, caplog):
    before, number = snapshot(), fujian.member("林小雨").id_number
    page = liaison.get(post(liaison, "/members/find", id_number=number).location)
    kept = [given.get(name, "") for _tag, given in page_of(page).tags for name in ("href", "value", "action")]
    assert [value for value in kept if number in value] == []
    assert snapshot() == before and number not in caplog.text


# --- Pages by key ---


def test_pages_go_forward_and_back_by_key(liaison, fujian):
    more_members(fujian.org(BRANCH), 37)
    first = liaison.get(LIST)
    second = liaison.get(link(first, "next"))
    third = liaison.get(link(second, "next"))
    assert [len(listed(page)) for page in (first, second, third)] == [20, 20, 5]
    assert len({*listed(first), *listed(second), *listed(third)}) == 45
    assert listed(liaison.get(link(third, "prev"))) == listed(second)
    assert listed(liaison.get(link(second, "prev"))) == listed(first)
    assert 'rel="prev"' not in first.text and 'rel="next"' not in third.text


def test_a_page_stays_where_it_is_when_rows_come_and_go_before_it(liaison, fujian):
    more_members(fujian.org(BRANCH), 37)
    second_at = link(liaison.get(LIST), "next")
    second = listed(liaison.get(second_at))
    db.session.delete(fujian.member("新党员0020"))
    more_members(fujian.org(SOURCE), 3)
    assert listed(liaison.get(second_at)) == second


def test_a_search_pages_in_the_order_of_names(liaison, fujian):
    more_members(fujian.org(BRANCH), 15)
    more_members(fujian.org(SOURCE), 15)
    first = liaison.get(f"{LIST}?q=新党员&org={fujian.org(STREET).id}")
    rest = liaison.get(link(first, "next"))
    names = listed(first) + listed(rest)
    assert names == sorted(names) and len(set(names)) == 30
    assert listed(liaison.get(link(rest, "prev"))) == listed(first)


def test_addresses_on_the_page_name_nobody(liaison, fujian):
    more_members(fujian.org(BRANCH), 20)
    page = liaison.get(LIST)
    addresses = [given["href"] for _tag, given in page_of(page).tags if "href" in given]
    secrets = [fujian.member("林小雨").name, fujian.member("林小雨").phone, f"id={fujian.member('林小雨').id}"]
    assert [address for address in addresses for secret in secrets if address.endswith(secret)] == []


# --- One member ---


def test_a_member_s_page_says_what_is_known_of_them(liaison, fujian):
    said = text_of(liaison.get(details(fujian, "王丽华")))
    assert f"{STREET} / {GENERAL} / 军门第二支部" in said
    assert "民族 汉族 党员类别 预备党员 党员状态 正常 入党日期 2010-07-01" in said
    assert "138****0005 已激活 点击修改" in said


def test_r6_a_phone_that_is_not_activated_is_told_and_none_is_none(liaison, fujian, visit):
    assert "138****0007 未激活" in text_of(liaison.get(details(fujian, "吴建平")))
    assert "未填写 未激活 点击激活" in text_of(visit(ADMIN).get(details(fujian, "赖福生")))


@pytest.mark.parametrize(
    ("who", "edit", "delete", "apply"),
    [
        (ADMIN, True, True, False),
        (AUDITOR, False, False, False),
        (f"{STREET}联络员", True, False, True),
    ],
)
def test_what_is_offered_is_what_the_role_may(fujian, visit, who, edit, delete, apply):
    visitor, key = visit(who), fujian.member("王丽华").key
    page = visitor.get(details(fujian, "王丽华")).text
    assert (f'href="/members/edit/?id={key}"' in page) is edit
    assert ('data-post="/members/delete/"' in page) is delete
    assert (f'href="/transfers/apply?member={key}"' in page) is apply
    assert ('href="/members/new/"' in visitor.get(LIST).text) is delete


# --- The export ---


def exported(answer):
    """The rows of a file, without its byte order mark."""
    return list(csv.reader(answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()))


def test_r49_an_export_is_masked_and_an_audit_entry(liaison, fujian):
    answer = post(liaison, "/members/export/csv/")
    assert answer.data.startswith("\ufeff党员,性别,民族,类别,所在组织,手机,状态".encode())
    rows = exported(answer)[1:]
    assert [row[0].split()[0] for row in rows] == OF_STREET
    assert rows[0][1:6] == ["女", "汉族", "正式", SOURCE, "138****0001"]
    assert fujian.member("林小雨").id_number not in answer.text and fujian.member("林小雨").phone not in answer.text
    assert audited() == [("exported", "东街街道工委（虚拟管理员）", "", "党员信息维护")]


def test_an_export_holds_what_is_asked_for_whatever_its_length(liaison, fujian):
    more_members(fujian.org(BRANCH), 45)
    path = f"/members/export/csv/?q=新党员&category=full&org={fujian.org(BRANCH).id}"
    assert len(exported(post(liaison, path))) == 46
    index = fujian.member("林小雨").id_number_index
    assert len(exported(post(liaison, f"/members/export/csv/?person={index}"))) == 2


EVIL = ['=HYPERLINK("http://evil")', "+1", "-1", "@SUM(1)", "＝1"]


def test_nothing_in_an_export_runs_in_a_spreadsheet(liaison, fujian):
    for member, evil in zip(more_members(fujian.org(BRANCH), len(EVIL)), EVIL, strict=True):
        member.name = evil
    db.session.commit()
    cells = [row[0] for row in exported(post(liaison, f"/members/export/csv/?org={fujian.org(BRANCH).id}"))]
    found = [cell for cell in cells for evil in EVIL if cell.lstrip("'").startswith(evil)]
    assert len(found) == len(EVIL) and [cell for cell in found if not cell.startswith("'")] == []


def test_an_export_that_reads_nothing_is_audited_too(visit):
    assert len(exported(post(visit("花园弄社区支部联络员"), "/members/export/csv/"))) == 1
    assert [event for event, *_rest in audited()] == ["exported"]
