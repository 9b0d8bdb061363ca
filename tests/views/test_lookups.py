"""What the tree and the pickers ask for: JSON, scoped by purpose, bounded, wildcards taken literally."""

import pytest

from admin_views import lookups
from models import RoleCode, db
from tests.views.panel import more_members, more_organizations
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR

TREE, ORGANIZATIONS, MEMBERS = "/lookup/tree", "/lookup/organizations", "/lookup/members"
CITY, COUNTY, STREET, GENERAL, SOURCE = "福州市委", "鼓楼区委", "东街街道工委", "军门社区总支", "军门第一支部"
UNSET, BRANCH = "安泰街道工委", "旗汛口社区支部"


@pytest.fixture
def children(fujian):
    """`children(visitor, "鼓楼区委")`: the nodes below an organization; without a name, the tops of the scope."""
    return lambda visitor, *of: visitor.get(TREE, query_string=[("parent", fujian.org(name).id) for name in of]).json


@pytest.fixture
def found():
    """`found(visitor, "东街", "parent")`: what an organization picker offers."""
    return lambda visitor, text, purpose="scope": labels(visitor, ORGANIZATIONS, {"q": text, "for": purpose})


def labels(visitor, path, query):
    return [choice["label"] for choice in visitor.get(path, query_string=query).json]


def names(nodes):
    return [node["name"] for node in nodes]


# --- The tree ---


def test_it_begins_at_the_tops_of_the_scope(visit, children):
    tops = {
        ADMIN: ["福建省委", "省外组织", "特殊组织", "未知党组织", "临时党组织"],
        AUDITOR: ["福建省委"],
        CITY_AUDITOR: [CITY],
        f"{STREET}联络员": [STREET],
        "陈国强": [SOURCE],
        "林小雨": [],
        "吴建平": [],
        "郑晓东": [],
    }
    assert {who: names(children(visit(who))) for who in tops} == tops


def test_an_organization_below_another_of_one_s_own_is_no_top(fujian, visit, children):
    for name in (SOURCE, UNSET, COUNTY):
        fujian.grant("林志强", RoleCode.LIAISON, name)
    assert names(children(visit("林志强"))) == [COUNTY]


def test_two_organizations_side_by_side_are_two_tops(fujian, visit, children):
    fujian.grant("林志强", RoleCode.LIAISON, UNSET)
    assert names(children(visit("林志强"))) == [STREET, UNSET]


def test_it_opens_one_organization_at_a_time(visit, children):
    visitor = visit(f"{COUNTY}联络员")
    assert names(children(visitor, COUNTY)) == ["鼓楼区委直属支部", STREET, UNSET, "鼓楼区卫健局党委"]
    assert names(children(visitor, STREET)) == [GENERAL, BRANCH]
    assert children(visitor, SOURCE) == []


def test_it_says_what_has_something_below(visit, children):
    nodes = {node["name"]: node["has_children"] for node in children(visit(ADMIN), COUNTY)}
    assert nodes == {"鼓楼区委直属支部": False, STREET: True, UNSET: True, "鼓楼区卫健局党委": True}


def test_r3_a_node_says_its_kind_its_level_and_whether_one_is_missing(fujian, visit, children):
    fujian.deactivate(BRANCH)
    admin = visit(ADMIN)
    nodes = {node["name"]: node for node in [*children(admin, COUNTY), *children(admin, STREET)]}
    assert nodes[STREET]["id"] == fujian.org(STREET).id and nodes[STREET]["kind"] == "working_committee"
    told = {name: (node["level"], node["level_label"], node["level_unset"]) for name, node in nodes.items()}
    assert told[STREET] == (6, "6级", False) and told[UNSET] == (None, "未设置", True)
    assert told[GENERAL] == (7, "", False)
    assert [name for name, node in nodes.items() if not node["is_active"]] == [BRANCH]


def test_below_what_is_out_of_scope_stands_nothing_but_one_s_own(visit, children):
    own = {f"{UNSET}联络员": [UNSET], "陈国强": [SOURCE], "林小雨": [], "五龙村支部联络员": []}
    above = ("福建省委", CITY, COUNTY, STREET, GENERAL)
    opened = {who: [node for name in above for node in children(visit(who), name)] for who in own}
    assert {who: names(nodes) for who, nodes in opened.items()} == own


def test_what_is_no_organization_has_nothing_below(visit):
    visitor = visit(ADMIN)
    nonsense = ["", "0", "-1", "999999", "9" * 40, "²", "\x00", "x", "None"]
    assert [visitor.get(TREE, query_string={"parent": text}).json for text in nonsense] == [[]] * len(nonsense)


# --- Organizations ---


def test_what_may_be_picked_follows_the_purpose(visit, found):
    offered = {
        ("scope", "军门"): {GENERAL, SOURCE, "军门第二支部"},
        ("scope", "古田"): set(),
        ("parent", ""): {STREET, GENERAL},
        ("parent", "支部"): set(),
        ("home", ""): {BRANCH, SOURCE, "军门第二支部"},
        ("home", "古田"): set(),
        ("destination", "古田"): {"古田镇机关支部"},
        ("destination", "军门"): {SOURCE, "军门第二支部"},
        ("destination", "省外"): set(),
    }
    visitor = visit(f"{STREET}联络员")
    assert {(purpose, text): set(found(visitor, text, purpose)) for purpose, text in offered} == offered


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("支部 古田", {"五龙村支部", "古田镇机关支部"}),
        ("支部 鼓楼 军门", {SOURCE, "军门第二支部"}),
        ("支部  上杭　古田镇党委", {"五龙村支部", "古田镇机关支部"}),
        ("军门 古田", set()),
        ("支部 %", set()),
    ],
)
def test_further_words_name_what_stands_above(visit, found, text, offered):
    assert set(found(visit("林小雨"), text, "destination")) == offered


def test_further_words_tell_people_of_one_name_apart(visit):
    liaison = visit(f"{COUNTY}联络员")
    for path in (MEMBERS, "/lookup/people"):
        offered = [set(labels(liaison, path, {"q": text})) for text in ("林", "林 军门", "林 安泰")]
        assert offered == [{"林志强", "林小雨"}, {"林小雨"}, set()]


def test_that_there_are_more_than_are_shown_is_said(visit, monkeypatch):
    monkeypatch.setattr(lookups, "LIMIT", 2)
    visitor = visit("林小雨")
    many, few = (
        visitor.get(ORGANIZATIONS, query_string={"q": text, "for": "destination"}) for text in ("支部", "军门")
    )
    assert (len(many.json), "X-More" in many.headers) == (2, True)
    assert (len(few.json), "X-More" in few.headers) == (2, False)


def test_who_reads_no_scope_picks_nothing_but_a_destination(visit, found):
    visitor = visit("林小雨")
    assert [found(visitor, "军门", purpose) for purpose in ("scope", "parent", "home")] == [[]] * 3
    assert found(visitor, "五龙", "destination") == ["五龙村支部"]


def test_r1_holding_organizations_are_homes_and_no_parents(visit, found):
    admin = visit(ADMIN)
    assert found(admin, "省外组织", "home") == found(admin, "省外组织") == ["省外组织"]
    assert found(admin, "省外组织", "parent") == found(admin, "省外组织", "destination") == []


def test_r12_what_is_not_active_is_no_new_home_and_no_destination(fujian, visit, found):
    fujian.deactivate(BRANCH)
    admin, purposes = visit(ADMIN), ("scope", "home", "destination")
    assert {purpose: found(admin, BRANCH, purpose) for purpose in purposes} == {
        "scope": [BRANCH],
        "home": [],
        "destination": [],
    }


def test_a_choice_says_where_it_stands(fujian, visit):
    choice = visit(f"{STREET}联络员").get(ORGANIZATIONS, query_string={"q": SOURCE}).json
    way = f"福建省委 / {CITY} / {COUNTY} / {STREET} / {GENERAL}"
    assert choice == [{"value": fujian.org(SOURCE).id, "label": SOURCE, "detail": way}]


def test_a_picker_offers_twenty_at_most_in_the_order_of_names(fujian, visit, found):
    more_organizations(fujian.org(STREET), 45)
    choices = found(visit(f"{STREET}联络员"), "新支部")
    assert len(choices) == 20 and choices == sorted(choices)
    limited = visit(ADMIN).get(ORGANIZATIONS, query_string={"q": "新支部", "limit": "500", "offset": "0"}).json
    assert len(limited) == 20


def test_a_purpose_that_there_is_not_is_not_found(visit):
    admin = visit(ADMIN)
    asked = [admin.get(ORGANIZATIONS, query_string={"for": purpose}) for purpose in ("everything", "", "__class__")]
    assert [answer.status_code for answer in asked] == [404] * 3


def test_wildcards_are_letters(visit, found):
    admin, liaison = visit(ADMIN), visit(f"{STREET}联络员")
    wildcards = ["%", "_", "军门%", "军_第一", "%军门%", "林%", "_小雨", "\\", "\\%", "[军]", "*"]
    assert [text for text in wildcards if found(admin, text) or labels(liaison, MEMBERS, {"q": text})] == []


def test_a_name_with_a_wildcard_in_it_is_found(fujian, visit, found):
    admin, liaison = visit(ADMIN), visit(f"{STREET}联络员")
    odd = ["50%党支部", "甲_乙支部", "斜\\杠支部"]
    for organization, member, name in zip(
        more_organizations(fujian.org(STREET), 3), more_members(fujian.org(BRANCH), 3), odd, strict=True
    ):
        organization.name = member.name = name
    db.session.commit()
    assert [found(admin, name) for name in odd] == [[name] for name in odd]
    assert [labels(liaison, MEMBERS, {"q": name[:3]}) for name in odd] == [[name] for name in odd]


# --- Members ---


def test_r18_members_for_whom_one_may_apply_by_the_beginning_of_their_name(visit):
    offered = {
        (f"{STREET}联络员", "林"): {"林小雨", "林志强"},
        (f"{STREET}联络员", "小雨"): set(),
        (f"{STREET}联络员", "黄"): set(),
        (f"{STREET}联络员", ""): set(),
        (f"{STREET}联络员", "  "): set(),
        ("陈国强", "林"): {"林小雨"},
        ("林小雨", "林"): {"林小雨"},
        ("林小雨", "王"): set(),
        ("吴建平", "林"): set(),
        (AUDITOR, "林"): set(),
        (ADMIN, "林"): set(),
    }
    assert {(who, text): set(labels(visit(who), MEMBERS, {"q": text})) for who, text in offered} == offered


def test_a_member_is_told_apart_by_a_masked_number_and_the_branch(fujian, visit):
    member = fujian.member("林小雨")
    answer = visit(f"{STREET}联络员").get(MEMBERS, query_string={"q": "林小雨"})
    expected = {"value": member.key, "label": "林小雨", "detail": f"{member.id_number_masked} · {SOURCE}"}
    assert answer.json == [expected]
    assert member.id_number not in answer.text and member.phone not in answer.text


def test_twenty_members_at_most_in_the_order_of_names(fujian, visit):
    more_members(fujian.org(BRANCH), 45)
    choices = labels(visit(f"{STREET}联络员"), MEMBERS, {"q": "新党员"})
    assert len(choices) == 20 and choices == sorted(choices)
