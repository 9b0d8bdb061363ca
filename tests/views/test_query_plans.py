"""That an index serves what the pages send: each page's own statement with its own parameters, explained (§4).

The tables of the tests are small, so the planner is told what it would find out for itself in large ones. SQLite plans
without statistics. PostgreSQL may not read whole tables: `ORDERED` also forbids it to sort, so that a sort that is
left shows that no index has the order; `FOUND` leaves it only the indexes that a condition can use.
"""

import json
import re

import pytest

from models import db
from tests.views.panel import link, more_members, sent
from tests.world import ADMIN

STREET, COUNTY, SOURCE = "东街街道工委", "鼓楼区委", "军门第一支部"
NO_TABLE_SCANS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
ORDERED = (*NO_TABLE_SCANS, "enable_bitmapscan", "enable_sort")
READING = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
FOUND = (*NO_TABLE_SCANS, "enable_indexscan", "enable_indexonlyscan")


def plan_on_sqlite(statement, parameters, _settings):
    """(table, the columns that narrow it) of each step, and whether rows are sorted."""
    steps = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    reads = [re.match(r"(?:SEARCH|SCAN) (\w+)(?:.*\((.*)\))?", step) for step in steps]
    return [(read[1], read[2] or "") for read in reads if read], "USE TEMP B-TREE FOR ORDER BY" in steps


def plan_on_postgresql(statement, parameters, settings):
    """The same."""
    connection = db.session.connection()
    for setting in settings:
        connection.exec_driver_sql(f"SET LOCAL {setting} = off")
    answer = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    nodes = list(walk((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"], ""))
    db.session.rollback()
    reads = [(table, node.get("Index Cond", "")) for table, node in nodes if node["Node Type"] in READING]
    return reads, any(node["Node Type"] == "Sort" for _table, node in nodes)


def walk(node, table):
    """Each node of a plan with the table that it reads; the index of a bitmap scan reads its parent's."""
    table = node.get("Alias", table)
    yield table, {name: value for name, value in node.items() if name != "Plans"}
    for child in node.get("Plans", ()):
        yield from walk(child, table)


EXPLAIN = {"sqlite": plan_on_sqlite, "postgresql": plan_on_postgresql}


@pytest.fixture
def served(backend):
    """`served(statements, "member", FOUND)`: by which conditions indexes narrow the table, and whether rows are sorted.

    Of the first of the statements that begins with this table.
    """

    def explained(statements, table, settings):
        statement, parameters = next(pair for pair in statements if re.search(rf"\bFROM {table}\b", pair[0]))
        reads, sorts = EXPLAIN[backend](statement, parameters, settings)
        return [condition for name, condition in reads if name == table], sorts

    return explained


def pages(statements):
    """The statements that read one page of a list."""
    return [pair for pair in statements if "LIMIT" in pair[0] and "ORDER BY" in pair[0]]


@pytest.fixture
def asked(fujian, visit):
    """`asked("林志强", "/members/?org={street}")`: the statements that a page sends."""

    def statements(who, path):
        places = {"street": fujian.org(STREET).id, "person": fujian.member("林小雨").id_number_index}
        visitor = visit(who)
        with sent() as noted:
            assert visitor.get(path.format(**places)).status_code == 200
        return noted

    return statements


PLACE = "substr|<expr"
"""The index on what a path passes at a depth, as the databases call it."""
LISTS = [
    (f"{COUNTY}联络员", "/members/", "member", "org_path"),
    ("林志强", "/members/", "member", "org_path"),
    (f"{COUNTY}联络员", "/members/?org={street}", "member", "org_path"),
    (ADMIN, "/members/?org={street}", "member", "org_path"),
    (ADMIN, "/members/?q=林", "member", "name"),
    (f"{COUNTY}联络员", "/members/?q=林", "member", "name"),
    (f"{COUNTY}联络员", "/lookup/members?q=林", "member", "name"),
    ("林志强", "/lookup/members?q=林", "member", "name"),
    (f"{COUNTY}联络员", "/organizations/", "organization", "path"),
    (ADMIN, "/organizations/?org={street}", "organization", "path"),
    (f"{STREET}联络员", "/", "transfer", "waiting_organization_id"),
    ("林志强", "/", "transfer", "waiting_organization_id"),
    ("林小雨", "/mine/", "transfer", "member_id"),
    (f"{COUNTY}联络员", "/transfers/", "transfer", PLACE),
    (f"{COUNTY}联络员", "/transfers/?since=2021-01-01&until=2021-02-01", "transfer", PLACE),
    (ADMIN, "/transfers/?org={street}&tab=in", "transfer", PLACE),
]
ROWS = [
    ("林志强", "/transfers/?tab=in", "transfer", "destination_path|<expr"),
    (ADMIN, "/members/?person={person}", "member", "id_number_index"),
    ("林志强", "/members/?person={person}", "member", "id_number_index"),
    ("林小雨", "/", "transfer", "member_id"),
    # Of two conditions the planner would take either, as the sizes are that the tests before have left.
    (ADMIN, "/lookup/tree?parent={street}", "organization", "parent_id"),
]


@pytest.fixture
def badly_served(asked, served):
    """Of the cases those whose table an index does not narrow by the column, or leaves to be sorted where asked."""

    def among(cases, statements_of, settings):
        plans = {case: served(statements_of(asked(*case[:2])), case[2], settings) for case in cases}
        return {
            case: (conditions, sorts)
            for case, (conditions, sorts) in plans.items()
            if not conditions
            or not all(re.search(rf"(?<!\w)({case[3]})\b", condition) for condition in conditions)
            or (sorts and settings is ORDERED)
        }

    return among


def test_an_index_finds_the_rows_of_a_list_in_their_order(badly_served):
    assert badly_served(LISTS, pages, ORDERED) == {}


def test_an_index_finds_the_rows(badly_served):
    assert badly_served(ROWS, list, FOUND) == {}


@pytest.mark.parametrize("who", [ADMIN, f"{COUNTY}联络员"])
def test_the_last_page_begins_where_the_index_says(fujian, visit, served, who):
    more_members(fujian.org(SOURCE), 30)
    visitor = visit(who)
    following = link(visitor.get("/members/"), "next")
    with sent() as statements:
        visitor.get(following)
    conditions, sorts = served(pages(statements), "member", ORDERED)
    assert conditions and all("org_path" in condition for condition in conditions) and not sorts


def test_the_whole_list_is_read_in_the_order_of_an_index(asked, served):
    for path, table in (("/members/", "member"), ("/organizations/", "organization")):
        conditions, sorts = served(pages(asked(ADMIN, path)), table, ORDERED)
        assert len(conditions) == 1 and not sorts


def test_the_count_of_what_waits_reads_the_index_alone(asked, served):
    counts = [pair for pair in asked(f"{STREET}联络员", "/organizations/") if "count(" in pair[0]]
    conditions, sorts = served(counts, "transfer", FOUND)
    assert conditions and all("waiting_organization_id" in condition for condition in conditions) and not sorts


def test_a_whole_table_that_is_read_and_sorted_is_seen(fujian, served):
    with sent() as statements:
        db.session.scalars(db.text("SELECT id FROM member WHERE ethnicity = '汉族' ORDER BY joined_on")).all()
    conditions, sorts = served(statements, "member", ORDERED)
    assert conditions == [""] and sorts
