"""Hand-made requests: what is out of scope is not found by searches and cursors, and forged fields change nothing.

Who reaches which row by which door at all is the business of test_endpoints.py.
"""

import pytest

from models import PermissionLevel, db
from tests.views.panel import not_refused, post, rows_of, save, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN

STREET, SOURCE, COUNTY = "东街街道工委", "军门第一支部", "鼓楼区委"
BESIDE, ABOVE = "安泰街道工委联络员", f"{STREET}联络员"
SECRETARY, MEMBER = "郑晓东", "王丽华"


@pytest.fixture
def transfer(fujian):
    """林小雨 of 军门第一支部 has applied to go to 五龙村支部."""
    return fujian.apply("林小雨", "五龙村支部")


@pytest.fixture
def rows(transfer):
    """view -> what names a row about 林小雨: her branch, herself, a level, her transfer."""
    return rows_of(transfer)


@pytest.mark.parametrize("who", [BESIDE, MEMBER, SECRETARY])
def test_a_record_out_of_scope_is_not_found_by_a_script_either(rows, visit, who):
    record = f"/transfers/{rows['transfers']}"
    asked = [record, f"{record}/ask/approve", f"{record}/resubmit", f"{record}/organizations/{rows['organizations']}"]
    answers = [visit(who).get(path, headers={"X-Requested-With": "fetch"}).status_code for path in asked]
    assert answers == [404] * 4


@pytest.mark.parametrize(("view", "hidden"), [("organizations", SOURCE), ("members", "林小雨")])
def test_a_search_finds_nothing_out_of_scope(rows, visit, view, hidden):
    for who, seen in ((BESIDE, False), (ABOVE, True)):
        found = text_of(visit(who).get(f"/{view}/?q={hidden}")).replace(f'value="{hidden}"', "")
        assert (hidden in found) is seen


@pytest.mark.parametrize("view", ["organizations", "members"])
def test_a_cursor_out_of_scope_is_no_cursor(rows, visit, view):
    visitor = visit(BESIDE)
    first = visitor.get(f"/{view}/").text
    pages = [visitor.get(f"/{view}/?{cursor}={rows[view]}") for cursor in ("after", "before")]
    assert [page.status_code for page in pages] == [200, 200]
    assert [page.text.split("<tbody>")[1] for page in pages] == [first.split("<tbody>")[1]] * 2


def test_filters_offer_closed_sets_and_no_rows(rows, fujian, visit):
    page = visit(BESIDE).get("/members/").text + visit(BESIDE).get("/organizations/").text
    options = "".join(part.split("</select>")[0] for part in page.split("<select")[1:])
    assert "正式" in options and "县（市、区）级党委" in options
    names = [fujian.org(name).name for name in (SOURCE, COUNTY, "福建省委")]
    assert [name for name in names if name in options] == []


# --- Forged fields ---


def test_r32a_no_form_moves_a_member(rows, fujian, visit):
    path = f"/members/edit/?id={rows['members']}"
    for who in (ADMIN, ABOVE):
        elsewhere = fujian.org("五龙村支部")
        save(visit(who), path, organization_id=elsewhere.id, org_path=elsewhere.path, ethnicity="畲族")
        member = fujian.member("林小雨")
        assert (member.organization.name, member.org_path) == (SOURCE, fujian.org(SOURCE).path)


def test_a_liaison_changes_no_field_that_is_not_in_their_form(rows, fujian, visit):
    forged = {"status": "expelled", "name": "林大雨", "phone": "13900001111", "gender": "male", "id_number": "1"}
    before = {name: getattr(fujian.member("林小雨"), name) for name in forged}
    answer = save(visit(ABOVE), f"/members/edit/?id={rows['members']}", ethnicity="畲族", **forged)
    member = fujian.member("林小雨")
    assert answer.status_code == 303 and member.ethnicity == "畲族"
    assert {name: getattr(member, name) for name in forged} == before


def test_no_form_sets_what_it_does_not_show(rows, fujian, visit):
    admin, member, organization = visit(ADMIN), fujian.member("林小雨"), fujian.org(SOURCE)
    kept = (member.key, member.phone_activated_at, member.id, organization.path, organization.id)
    forged = {"id": "99", "key": "x", "path": "x", "phone_activated_at": "", "created_at": "2000-01-01", "rank": "1"}
    save(admin, f"/members/edit/?id={member.key}", **forged, ethnicity="畲族")
    save(admin, f"/organizations/edit/?id={organization.id}", **forged, contact_name="张干事")
    member, organization = fujian.member("林小雨"), fujian.org(SOURCE)
    assert (member.key, member.phone_activated_at, member.id, organization.path, organization.id) == kept
    assert (member.ethnicity, organization.contact_name) == ("畲族", "张干事")


def test_r2_no_form_changes_the_rank_or_the_keeper_of_a_level(visit):
    before = db.session.get(PermissionLevel, 6).set_from_above
    save(visit(ADMIN), "/levels/edit/?id=6", rank="1", set_from_above="y", is_subordinate="y", name="六级")
    db.session.expire_all()
    level = db.session.get(PermissionLevel, 6)
    assert (level.name, level.set_from_above, level.is_subordinate) == ("六级", before, False)


def test_r5_nobody_lifts_their_own_organization_by_a_hand_made_form(fujian, visit):
    fujian.set_level(COUNTY, None)
    before, county, visitor = snapshot(), fujian.org(COUNTY), visit(f"{COUNTY}联络员")
    path, form = f"/level-setting/save?org={county.id}", {"version": county.version}
    cases = [({"level_rank": rank}, "level_rank", "上级组织的联络员或省级管理员") for rank in (1, 2, 3, 4, 5)]
    assert not_refused(lambda **changes: post(visitor, path, **form, **changes), cases) == []
    assert snapshot() == before


def test_r30_forged_fields_of_an_action_change_nothing_else(transfer, fujian, visit):
    forged = {"state": "completed", "destination_id": "1", "member_id": "1", "current_organization_id": "1"}
    post(visit(f"{SOURCE}联络员"), f"/transfers/{transfer.key}/act", action="approve", **forged)
    fresh = fujian.fresh(transfer)
    assert (fresh.state, fresh.destination.name, fresh.member.name) == ("in_progress", "五龙村支部", "林小雨")
    assert fresh.current_organization.name == "军门社区总支"
    assert fujian.member("林小雨").organization.name == SOURCE
