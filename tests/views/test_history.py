"""【操作留痕】: who reads which entries, what finds them, the page of an entry, the export (R31, R48, R49)."""

import csv
import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from models import HistoryEntry, RoleCode, clock, db
from tests.views.auditing import (
    GENERAL,
    LIST,
    SOURCE,
    STREET,
    TOWN,
    VILLAGE,
    behind_its_back,
    entries,
    more_history,
    moving,
    page_of,
    rows,
)
from tests.views.panel import latest_audit, link, post, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR

__all__ = ["entries", "moving"]
STREET_LIAISON, TOWN_LIAISON, BESIDE = f"{STREET}联络员", f"{TOWN}联络员", "安泰街道工委联络员"


def actions_on(response) -> list[str]:
    """The actions of a list, in order."""
    words = ("再次上报", "上报", "通过", "驳回", "确认报到", "重新规划流程", "撤回", "作废")
    return [next(word for word in words if f" {word} " in row) for row in rows(response)]


# --- The list ---


def test_the_newest_entry_stands_first(moving, visit):
    assert actions_on(visit(ADMIN).get(LIST)) == ["通过", "通过", "通过", "驳回", "通过", "通过", "上报"]


def test_a_row_says_when_what_who_for_whom_whom_from_where_to_where_and_which_transfer(moving, entries, visit):
    row = rows(visit(ADMIN).get(f"{LIST}?action=reject"))[0]
    moment = entries[3].at.astimezone(clock.SHANGHAI)
    assert f"{moment:%Y-%m-%d}" in row and f"{moment:%H:%M:%S}" in row
    for words in ("驳回", "虚拟管理员", STREET, "林小雨", "990102********0020", f"{STREET} → {GENERAL}", moving.number):
        assert words in row
    assert f"/history/details/?id={entries[3].id}" in visit(ADMIN).get(LIST).text


def test_pages_go_forward_and_back_and_stay_where_they_are(moving, entries, visit):
    more_history(entries[-1], 38)
    visitor = visit(ADMIN)
    first = visitor.get(LIST)
    forward = link(first, "next")
    second = visitor.get(forward)
    more_history(entries[-1], 5)  # what comes in the meantime does not push anything from page to page
    third = visitor.get(link(second, "next"))
    assert [len(rows(page)) for page in (first, second, third)] == [20, 20, 5]
    assert rows(visitor.get(forward)) == rows(second)
    assert rows(visitor.get(link(third, "prev"))) == rows(second)
    assert 'rel="next"' not in third.text and 'rel="prev"' not in first.text


def test_entries_of_one_moment_are_told_apart(moving, entries, visit):
    db.session.add_all(
        HistoryEntry(
            **{name: getattr(entries[0], name) for name in ("transfer_id", "at", "action", "rule", "path")},
            **{name: getattr(entries[0], name) for name in ("member_name", "actor_id", "previous_hash", "hash")},
            actor_name=f"同时{number:02d}",
            sequence=100 + number,
        )
        for number in range(45)
    )
    db.session.commit()
    visitor, seen, path = visit(ADMIN), [], f"{LIST}?q=同时"
    for _page in range(3):
        page = visitor.get(path)
        seen += [word for word in text_of(page).split() if word.startswith("同时")]
        path = link(page, "next") if 'rel="next"' in page.text else ""
    assert seen == [f"同时{number:02d}" for number in reversed(range(45))]


def test_an_empty_list_says_what_will_appear(fujian, visit):
    assert "还没有操作留痕" in text_of(visit(ADMIN).get(LIST))


# --- Filters ---

TODAY = "{today}"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=reject", ["驳回"]),
        ("action=reject&q=军门", []),
        (f"q={STREET}", ["通过", "驳回"]),
        ("q=林小", ["上报"]),
        ("q=小雨", []),
        ("member=林小&action=submit", ["上报"]),
        ("member=林小雨甲", []),
        ("since={today}&until={today}&action=reject", ["驳回"]),
        ("until={yesterday}", []),
        ("since={tomorrow}", []),
        ("number={number}&action=reject", ["驳回"]),
        ("number={next_number}", []),
        ("number={other_day}", []),
        ("number=1", []),
        ("number=２０２６１１２４０００００１", []),
        ("person={person}&action=reject", ["驳回"]),
        ("person={somebody}", []),
    ],
)
def test_filters_in_the_address(moving, fujian, visit, query, found):
    today = clock.today()
    given = {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "tomorrow": today + timedelta(days=1),
        "number": moving.number,
        "next_number": int(moving.number) + 1,
        "other_day": f"20200101{moving.id:06d}",
        "person": fujian.member("林小雨").id_number_index,
        "somebody": fujian.member("陈国强").id_number_index,
    }
    assert actions_on(visit(ADMIN).get(f"{LIST}?{query.format(**given)}")) == found


def test_what_makes_no_sense_in_the_address_is_as_if_it_were_not_there(moving, visit):
    visitor = visit(ADMIN)
    nonsense = ("action=x", "since=yesterday", "until=2026-13-40", "since=0001-01-01", "until=9999-12-31", "person=1")
    assert {query: len(rows(visitor.get(f"{LIST}?{query}"))) for query in nonsense} == dict.fromkeys(nonsense, 7)


def test_a_day_is_a_day_in_shanghai(moving, entries, visit):
    moment = entries[0].at.astimezone(clock.SHANGHAI).replace(hour=0, minute=30) - timedelta(days=10)
    values = {name: getattr(entries[0], name) for name in ("transfer_id", "action", "rule", "path", "member_name")}
    values |= {name: getattr(entries[0], name) for name in ("actor_id", "actor_name", "previous_hash", "hash")}
    db.session.add(HistoryEntry(**values, sequence=100, at=moment))
    db.session.commit()
    day = moment.date()
    assert len(rows(visit(ADMIN).get(f"{LIST}?since={day}&until={day}"))) == 1
    assert rows(visit(ADMIN).get(f"{LIST}?until={day - timedelta(days=1)}")) == []


def test_choosing_an_organization_shows_what_was_done_in_its_subtree(moving, fujian, visit):
    visitor = visit(ADMIN)
    assert len(rows(visitor.get(f"{LIST}?org={fujian.org('龙岩市委').id}"))) == 1
    assert len(rows(visitor.get(f"{LIST}?org={fujian.org(GENERAL).id}"))) == 4
    assert len(rows(visitor.get(f"{LIST}?org={fujian.org(SOURCE).id}"))) == 2
    assert rows(visitor.get(f"{LIST}?org={fujian.org('安泰街道工委').id}")) == []


def test_where_an_admin_replans_it_was_done_where_the_transfer_waited(fujian, visit):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=VILLAGE, at="安泰街道工委")
    fujian.set_level("安泰街道工委", 6)
    assert fujian.admin.replan(transfer)
    assert "重新规划流程" in actions_on(visit(BESIDE).get(LIST))


def test_an_entry_stays_with_whom_it_was_then_and_with_who_did_it(moving, fujian, visit):
    fujian.move(GENERAL, TOWN)
    fujian.apply("陈国强", VILLAGE)
    assert len(rows(visit(STREET_LIAISON).get(LIST))) == 6  # what was done below it before, and by itself
    assert [row for row in rows(visit(TOWN_LIAISON).get(LIST)) if "陈国强" in row] != []
    assert len(rows(visit(f"{GENERAL}联络员").get(LIST))) == 5


# --- Whose entries ---


READS = {ADMIN: 7, AUDITOR: 7, CITY_AUDITOR: 6, "鼓楼区委联络员": 6, STREET_LIAISON: 6, f"{GENERAL}联络员": 4}
READS |= {"林志强": 6, "陈国强": 2, TOWN_LIAISON: 1, f"{VILLAGE}联络员": 0, BESIDE: 0}


def test_who_reads_how_much_of_it(moving, visit):
    assert {who: len(rows(visit(who).get(LIST))) for who in READS} == READS


def test_members_secretaries_and_sleeping_liaisons_read_none(moving, entries, visit):
    doors = [LIST, page_of(entries[0]), "/history/verify"]
    for who in ("林小雨", "王丽华", "郑晓东", "吴建平"):
        visitor = visit(who)
        assert [visitor.get(door).status_code for door in doors] == [403] * 3
        assert post(visitor, "/history/export/csv/").status_code == 403
        assert "操作留痕" not in text_of(visitor.get("/"))


def test_who_sees_the_transfer_gets_all_of_it_by_its_number(moving, entries, visit):
    for who in (CITY_AUDITOR, TOWN_LIAISON, f"{VILLAGE}联络员"):
        visitor = visit(who)
        assert len(rows(visitor.get(f"{LIST}?number={moving.number}"))) == 7
        assert {visitor.get(page_of(entry)).status_code for entry in entries} == {200}


def test_who_does_not_see_it_gets_nothing_by_its_number(moving, entries, fujian, visit):
    visitor, person = visit(BESIDE), fujian.member("林小雨").id_number_index
    assert rows(visitor.get(f"{LIST}?number={moving.number}")) == rows(visitor.get(f"{LIST}?person={person}")) == []
    assert {visitor.get(page_of(entry)).status_code for entry in entries} == {404}


def test_an_organization_out_of_scope_is_not_found(moving, fujian, visit):
    assert visit(STREET_LIAISON).get(f"{LIST}?org={fujian.org(TOWN).id}").status_code == 404


def test_who_holds_several_organizations_reads_each(moving, fujian, visit):
    fujian.grant(CITY_AUDITOR, RoleCode.AUDITOR, VILLAGE)
    fujian.grant(CITY_AUDITOR, RoleCode.AUDITOR, TOWN)
    assert len(rows(visit(CITY_AUDITOR).get(LIST))) == 7


# --- By ID number ---


def test_by_id_number_the_address_has_only_its_blind_index(moving, fujian, visit):
    visitor, member = visit(AUDITOR), fujian.member("林小雨")
    answer = visitor.post("/history/find", id_number=member.id_number)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query) == {"person": [member.id_number_index]}
    found = visitor.get(answer.location)
    assert len(rows(found)) == 7 and "按身份证号查找" in text_of(found)


def test_a_wrong_id_number_is_told_at_its_field(moving, visit):
    answer = visit(AUDITOR).post("/history/find", id_number="990102198001151230")
    assert answer.status_code == 422 and 'id="id-error" role="alert"' in answer.text
    assert "990102198001151230" not in answer.text


# --- The page of an entry ---


def test_the_page_says_everything(moving, entries, visit):
    said = text_of(visit(AUDITOR).get(page_of(entries[3])))
    moment = entries[3].at.astimezone(clock.SHANGHAI)
    for words in (
        f"{moment:%Y-%m-%d %H:%M:%S}", "R25", moving.number, "第 4 条", f"{STREET}（虚拟管理员）", "党费未缴清",
        f"{STREET} · 转出党（工）委审批", f"{GENERAL} · 转出总支审批", "990102********0020", entries[3].hash,
        entries[3].previous_hash, "本条完好", "整条留痕链完好",
    ):  # fmt: skip
        assert words in said


def test_the_page_shows_what_changed(fujian, visit):
    transfer = fujian.apply("林小雨", VILLAGE)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").resubmit(transfer, reason="随军安置")
    said = text_of(visit(AUDITOR).get(page_of(fujian.entries(transfer)[-1])))
    assert "变更内容" in said and "转出原因 工作调动 随军安置" in said


def test_the_page_shows_details_that_it_does_not_know(moving, entries, visit):
    details = '{"number": "20261100001"}'
    behind_its_back("UPDATE history_entry SET details = :details WHERE id = :id", details=details, id=entries[0].id)
    assert "number 20261100001" in text_of(visit(AUDITOR).get(page_of(entries[0])))


def test_the_page_leads_to_the_record_where_the_transfer_is_seen(moving, entries, fujian, visit):
    record = f'href="/transfers/{moving.key}"'
    assert record in visit(STREET_LIAISON).get(page_of(entries[0])).text
    fujian.move(GENERAL, TOWN)  # the source has gone elsewhere, what was done then has not
    liaison = visit("鼓楼区委联络员").get(page_of(entries[0]))
    assert liaison.status_code == 200 and record not in liaison.text


def test_a_changed_entry_is_called_so_on_its_page_and_on_its_neighbours(entries, visit):
    behind_its_back("UPDATE history_entry SET opinion = '同意' WHERE id = :id", id=entries[1].id)
    visitor = visit(AUDITOR)
    own, next_one = text_of(visitor.get(page_of(entries[1]))), text_of(visitor.get(page_of(entries[2])))
    assert "本条异常" in own and "第 2 条：内容已被改动" in own
    assert "本条完好" in next_one and "整条留痕链异常" in next_one


def test_what_names_no_entry_is_not_found(moving, visit):
    visitor, ids = visit(AUDITOR), ("", "0", "x", "999999", "-1", "99999999999999999999")
    assert {visitor.get(f"/history/details/?id={id}").status_code for id in ids} == {404}


# --- Export ---


def test_the_filtered_list_as_a_file_with_an_audit_entry(moving, fujian, visit):
    street = fujian.org(STREET)
    answer = post(visit(AUDITOR), f"/history/export/csv/?action=reject&member=林&org={street.id}")
    header, *lines = csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    assert header == ["时间", "操作", "经办人", "党员", "从 → 到", "转接编号"]
    assert [line[1:] for line in lines] == [
        ["驳回", f"虚拟管理员 {STREET}", "林小雨 990102********0020", f"{STREET} → {GENERAL}", moving.number]
    ]
    entry = latest_audit()
    assert (entry.event.value, entry.actor_name, entry.subject) == ("exported", AUDITOR, "操作留痕")
    assert (entry.organization_name, entry.path) == (STREET, street.path)
    assert entry.details == {"filters": ["党员姓名（开头几个字）", "驳回"]}


def test_an_export_holds_no_more_than_the_list(moving, visit):
    answer = post(visit(TOWN_LIAISON), "/history/export/csv/")
    assert len(answer.get_data(as_text=True).splitlines()) == 2


# --- Nothing is changed here ---


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, STREET_LIAISON])
def test_no_door_makes_changes_or_deletes_an_entry(moving, entries, visit, who):
    visitor, before, id = visit(who), snapshot(), entries[0].id
    forged = {"id": id, "opinion": "同意", "hash": "0" * 64, "rowid": id, "action": "delete", "list_form_pk": id}
    gets = ["new/", f"edit/?id={id}", "ajax/lookup/?name=transfer&query=1"]
    posts = ["new/", f"edit/?id={id}", "delete/", "action/", "ajax/update/", f"details/?id={id}", "", "verify"]
    answers = [visitor.get(LIST + door).status_code for door in gets]
    answers += [post(visitor, LIST + door, **forged).status_code for door in posts]
    assert set(answers) <= {403, 404, 405}
    assert snapshot() == before
