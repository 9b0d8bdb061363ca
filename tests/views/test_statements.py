"""What a page costs: as many SQL statements at two hundred rows as at ten, and none that counts a whole table (§4)."""

import re

import pytest

from models import PermissionLevel, db
from tests.views.panel import addresses, more_members, more_organizations, post, rows_of, sent
from tests.views.transfer_panel import copies
from tests.world import ADMIN

STREET, SOURCE, BRANCH, VILLAGE = "东街街道工委", "军门第一支部", "旗汛口社区支部", "五龙村支部"
COUNT = re.compile(r"count\s*\(", re.I)
BOUNDED = re.compile(r"count\s*\([^)]*\)[^(]*FROM\s*\(SELECT.*\bLIMIT\b", re.I | re.S)


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


@pytest.fixture
def grow(fujian, moving):
    """`grow(10)`: as many members, organizations and transfers more, all below 东街街道工委."""

    def by(count):
        copies(moving, count)
        more_members(fujian.org(BRANCH), count)
        more_organizations(fujian.org(STREET), count)

    return by


def cost(visitor, path):
    """How many statements a page costs once its templates are warm."""
    assert visitor.get(path).status_code == 200
    with sent() as statements:
        visitor.get(path)
    return len(statements)


PAGES = [
    "/transfers/?tab=in",
    "/transfers/?name=林&state=in_progress&mine=1",
    "/transfers/{key}",
    "/transfers/{key}/ask/approve",
    "/transfers/apply?member={member}",
    "/organizations/",
    "/organizations/?q=支部&kind=branch",
    "/organizations/details/?id={street}",
    "/members/",
    "/members/?q=新党员",
    "/members/?org={branch}",
    "/members/details/?id={member}",
    "/members/edit/?id={member}",
    "/level-setting/?org={street}",
    "/lookup/tree",
    "/lookup/tree?parent={street}",
    "/lookup/organizations?q=支部",
    "/lookup/organizations?for=destination&q=新支部",
    "/lookup/members?q=新党员",
]


def test_every_page_costs_the_same_at_200_rows_as_at_10(moving, grow, fujian, visit):
    visitor, member = visit(f"{STREET}联络员"), fujian.member("林小雨").key
    places = {"street": fujian.org(STREET).id, "branch": fujian.org(BRANCH).id}
    paths = [path.format(key=moving.key, member=member, **places) for path in PAGES]
    grow(9)
    few = {path: cost(visitor, path) for path in paths}
    grow(190)
    assert {path: cost(visitor, path) for path in paths} == few


@pytest.mark.parametrize("view", ["organizations", "members"])
def test_an_export_costs_the_same_at_200_rows_as_at_10(grow, visit, view):
    visitor, costs = visit(f"{STREET}联络员"), []
    for count in (9, 190):
        grow(count)
        lines = post(visitor, f"/{view}/export/csv/").text.count("\n")
        with sent() as statements:
            post(visitor, f"/{view}/export/csv/")
        costs.append(len(statements))
    assert costs[0] == costs[1] and lines > 200


def test_the_levels_cost_the_same_however_many_there_are(visit):
    visitor, pages = visit(ADMIN), ("/levels/", "/organizations/", "/level-setting/")
    few = [cost(visitor, page) for page in pages]
    db.session.add_all([PermissionLevel(rank=rank, name=f"{rank}级") for rank in range(10, 60)])
    assert [cost(visitor, page) for page in pages] == few


def test_an_organization_costs_the_same_however_many_liaisons_it_has(fujian, visit):
    visitor, path = visit("鼓楼区委联络员"), f"/organizations/details/?id={fujian.org(STREET).id}"
    few = cost(visitor, path)
    for name in ("林小雨", "陈国强", "王丽华", "何俊杰", "高伟"):
        fujian.grant(name, "liaison", STREET)
    assert cost(visitor, path) == few


@pytest.mark.parametrize("who", [ADMIN, "林志强", "林小雨"])
def test_no_page_counts_a_whole_table(app, moving, visit, who):
    visitor = visit(who)
    with sent() as statements:
        for path in addresses(app, "GET", moving, rows_of(moving)).values():
            visitor.get(path)
    counts = [statement for statement, _parameters in statements if COUNT.search(statement)]
    assert len(statements) > 20 and [statement for statement in counts if not BOUNDED.search(statement)] == []


@pytest.mark.parametrize("path", ["/organizations/", "/members/", "/transfers/"])
def test_no_list_is_longer_or_begins_later_because_an_address_says_so(grow, visit, path):
    grow(30)
    visitor, asked = visit("林志强"), {"page": "2", "page_size": "1000", "limit": "1000", "offset": "20", "sort": "1"}
    usual, other = (visitor.get(path, query_string=query).text.split("<tbody>")[1] for query in ({}, asked))
    assert usual.split("</tbody>")[0] == other.split("</tbody>")[0]
    assert usual.split("</tbody>")[0].count("<tr>") == 20
