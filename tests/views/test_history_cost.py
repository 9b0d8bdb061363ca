"""What the pages of the history cost: a constant number of statements, each read from an index (design §4)."""

import pytest

from tests.views.auditing import LIST, SOURCE, STREET, entries, more_history, moving, page_of, reading, unserved
from tests.views.panel import link
from tests.views.transfer_panel import statements
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR

__all__ = ["entries", "moving"]
STREET_LIAISON = f"{STREET}联络员"


def test_the_list_costs_as_many_statements_at_200_rows_as_at_10(moving, entries, visit):
    visitor, queries = visit(AUDITOR), ("", "?q=五龙", "?action=approve", "?member=林")
    more_history(entries[-1], 3)
    with statements() as few:
        assert [visitor.get(LIST + query).status_code for query in queries] == [200] * 4
    more_history(entries[-1], 190)
    with statements() as many:
        assert [visitor.get(LIST + query).status_code for query in queries] == [200] * 4
    assert len(many) == len(few)
    assert not [text for text in many if "count(*) FROM history_entry" in text.replace("\n", " ")]


def test_the_page_of_an_entry_costs_as_many_statements_in_a_long_history(moving, entries, visit):
    visitor = visit(AUDITOR)
    with statements() as few:
        visitor.get(page_of(entries[0]))
    more_history(entries[-1], 100)
    with statements() as many:
        visitor.get(page_of(entries[0]))
    assert len(many) == len(few)


BY_NAME = ["?q=军", "?member=林", "?q=军&action=approve", "?member=林&until=2026-01-02", "?member=林&action=submit"]
BY_TIME = ["", "?action=reject", "?since=2026-01-01&until=2026-01-02", "?since=2026-01-01&action=approve"]


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, CITY_AUDITOR, "鼓楼区委联络员"])
def test_each_first_page_of_a_large_subtree_is_read_from_an_index_in_its_order(moving, visit, who):
    visitor = visit(who)
    plans = {query: reading(visitor, LIST + query) for query in BY_NAME + BY_TIME}
    assert {query: plan for query, (_reads, plan) in plans.items() if unserved(plan)} == {}
    assert {reads for reads, _plan in plans.values()} == {1}


@pytest.mark.parametrize("who", [STREET_LIAISON, f"{SOURCE}联络员"])
def test_so_is_that_of_a_small_one(moving, visit, who):
    visitor = visit(who)
    for query in ("", "?since=2026-01-01&until=2026-01-02"):
        _reads, plan = reading(visitor, LIST + query)
        assert unserved(plan) == [] and "ix_history_entry_place_" in plan, plan


def test_no_filter_reads_the_whole_history(moving, fujian, visit):
    exactly = [f"?person={fujian.member('林小雨').id_number_index}", f"?number={moving.number}"]
    for visitor in (visit(AUDITOR), visit(STREET_LIAISON)):
        for query in BY_NAME + BY_TIME + exactly:
            _reads, plan = reading(visitor, LIST + query)
            assert [line for line in unserved(plan) if "_entry" in line] == [], plan


def test_so_is_every_further_page(moving, entries, visit):
    more_history(entries[-1], 60)
    visitor = visit(CITY_AUDITOR)
    second = link(visitor.get(f"{LIST}?number={moving.number}"), "next").replace(f"number={moving.number}", "")
    _reads, plan = reading(visitor, second)
    assert unserved(plan) == [], plan
