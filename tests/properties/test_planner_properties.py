"""What holds for every route on every tree (R12-R15), shown on random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from models import COMMITTEE_KINDS, OrganizationKind, Qualification, Side, Stage
from tests.unit.trees import ENTERING, INTRA, LEAVING, QUALIFIED
from workflow import routes
from workflow.errors import RuleError
from workflow.routes import Node, Stop

COMMITTEES = sorted(COMMITTEE_KINDS)
LEVELS = st.one_of(st.none(), st.sampled_from(sorted(QUALIFIED)))


def node(identity: int, kind: OrganizationKind, parent: int | None, level: int | None, active: bool = True) -> Node:
    qualifications = None if level is None else QUALIFIED[level]
    return Node(identity, f"c{identity}", f"组织{identity}", kind, parent, active, qualifications)


@st.composite
def trees(draw) -> dict[int, Node]:
    """Committees anyhow below each other, general branches below them, branches below either; levels anyhow."""
    nodes = {1: node(1, OrganizationKind.COMMITTEE, None, draw(LEVELS))}
    for identity in range(2, draw(st.integers(2, 9))):
        parent = draw(st.integers(1, identity - 1))
        nodes[identity] = node(identity, draw(st.sampled_from(COMMITTEES)), parent, draw(LEVELS))
    committees = sorted(nodes)
    for identity in range(100, 100 + draw(st.integers(0, 3))):
        parent = draw(st.sampled_from(committees))
        nodes[identity] = node(identity, OrganizationKind.GENERAL_BRANCH, parent, draw(st.sampled_from([None, 7])))
    parents = sorted(nodes)
    for identity in range(200, 200 + draw(st.integers(2, 5))):
        parent = draw(st.sampled_from(parents))
        nodes[identity] = node(identity, OrganizationKind.BRANCH, parent, draw(st.sampled_from([None, 7])))
    return nodes


@st.composite
def journeys(draw) -> tuple[dict[int, Node], int, int]:
    """A tree and two different branches of it."""
    nodes = draw(trees())
    branches = sorted(identity for identity, one in nodes.items() if one.kind is OrganizationKind.BRANCH)
    source, destination = draw(st.permutations(branches))[:2]
    return nodes, source, destination


def planned(legs: Sequence[routes.Leg], nodes: dict[int, Node], source: int, destination: int) -> list[Stop]:
    """The route; an example without one is no example."""
    try:
        return routes.plan(legs, source, destination, nodes)
    except RuleError:
        assume(False)
        raise


def first_qualified(nodes: dict[int, Node], branch: int, needed: Qualification) -> list[int]:
    """From the branch up to the first qualified org, by the words of R12."""
    way = [branch]
    while needed not in (nodes[way[-1]].qualifications or ()):
        way.append(nodes[way[-1]].parent_id)
    return way


def on_side(stops: Sequence[Stop], side: Side) -> list[int]:
    return [stop.organization_id for stop in stops if stop.side in (side, Side.BOTH) and not stop.confirms]


@given(journeys())
def test_r13_no_stage_stands_twice_at_one_org(journey):
    stops = planned(INTRA, *journey)
    assert len({(stop.stage, stop.organization_id) for stop in stops}) == len(stops)


@given(journeys())
def test_r14_no_stage_stands_twice_at_one_org_on_the_way_out(journey):
    stops = planned(LEAVING, *journey)
    assert len({(stop.stage, stop.organization_id) for stop in stops}) == len(stops)


@given(journeys())
def test_r13_it_begins_at_the_one_branch_and_ends_at_the_confirmation_of_the_other(journey):
    _nodes, source, destination = journey
    stops = planned(INTRA, *journey)
    assert (stops[0].organization_id, stops[-1].organization_id) == (source, destination)
    assert [stop.confirms for stop in stops] == [False] * (len(stops) - 1) + [True]


@given(journeys())
def test_r14_the_way_out_ends_at_the_confirmation_of_the_last_org_of_the_chain(journey):
    stops = planned(LEAVING, *journey)
    assert stops[0].organization_id == journey[1]
    assert stops[-1].organization_id == stops[-2].organization_id
    assert [stop.confirms for stop in stops] == [False] * (len(stops) - 1) + [True]


@given(journeys())
def test_r12_the_committee_approval_is_given_by_the_first_qualified_org_on_each_side(journey):
    nodes, source, destination = journey
    stops = planned(INTRA, *journey)
    assert on_side(stops, Side.SOURCE) == first_qualified(nodes, source, Qualification.COMMITTEE)
    assert on_side(stops, Side.DESTINATION)[::-1] == first_qualified(nodes, destination, Qualification.COMMITTEE)


@given(journeys())
def test_r12_leaving_is_approved_by_the_first_qualified_org(journey):
    nodes, source, _destination = journey
    stops = planned(LEAVING, *journey)
    assert on_side(stops, Side.SOURCE) == first_qualified(nodes, source, Qualification.LEAVING)


@given(journeys(), st.data())
def test_r15_entering_is_registered_then_comes_down_from_the_first_qualified_org_and_is_confirmed(journey, data):
    nodes, _source, branch = journey
    registering = data.draw(st.sampled_from([identity for identity in nodes if identity < 100]))
    application, *down, confirmation = planned(ENTERING, nodes, registering, branch)
    assert (application.stage, application.organization_id) == (Stage.ENTERING_APPLICATION, registering)
    assert [stop.organization_id for stop in down][::-1] == first_qualified(nodes, branch, Qualification.LEAVING)
    assert [stop.stage is Stage.ENTERING_APPROVAL for stop in down] == [True] + [False] * (len(down) - 1)
    assert (confirmation.organization_id, confirmation.confirms) == (branch, True)


@given(journeys(), st.data())
def test_r16_what_has_entered_is_planned_again_without_asking_who_registered_it(journey, data):
    nodes, _source, branch = journey
    registering = data.draw(st.sampled_from([identity for identity in nodes if identity < 100]))
    route = planned(ENTERING, nodes, registering, branch)
    handled = data.draw(st.integers(1, len(route) - 1))
    ahead = routes.replanned(ENTERING, route[:handled], route[handled], registering, branch, nodes)
    assert ahead == route[handled:]


@given(journeys(), st.sampled_from(sorted(QUALIFIED)), st.data())
def test_r16_giving_a_level_to_an_org_that_had_none_never_lengthens_a_route(journey, level, data):
    nodes, source, destination = journey
    before = planned(INTRA, *journey)
    unset = [one.id for one in nodes.values() if one.kind in COMMITTEE_KINDS and one.qualifications is None]
    assume(unset)
    mended = data.draw(st.sampled_from(unset))
    nodes = {**nodes, mended: replace(nodes[mended], qualifications=QUALIFIED[level])}
    assert len(routes.plan(INTRA, source, destination, nodes)) <= len(before)


@given(journeys(), st.data())
def test_r12_a_cycle_anywhere_ends_in_a_route_or_in_a_reason(journey, data):
    nodes, source, destination = journey
    looped = data.draw(st.sampled_from([identity for identity in nodes if identity < 100]))
    below = data.draw(st.sampled_from([identity for identity in nodes if identity < 200]))
    nodes = {**nodes, looped: replace(nodes[looped], parent_id=below)}
    try:
        assert routes.plan(INTRA, source, destination, nodes)
    except RuleError as refusal:
        assert refusal.rule == "R12"
