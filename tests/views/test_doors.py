"""Every address of the panel without the form's token and by other methods, and roles that have just ended.

Who comes in by which of them is the business of test_endpoints.py.
"""

import pytest

from tests.views.panel import addresses, rows_of, snapshot
from tests.views.transfer_panel import TOKEN
from tests.world import ADMIN, AUDITOR

STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


@pytest.fixture
def doors(app, moving):
    """`doors("POST")`: endpoint -> an address that leads somewhere, for every endpoint that answers the method."""
    return lambda method: addresses(app, method, moving, rows_of(moving))


@pytest.mark.parametrize("token", ["", "made up", "of somebody else"])
def test_no_form_is_taken_without_its_token(doors, visit, token):
    somebody, before = visit(ADMIN), snapshot()
    tokens = {"of somebody else": TOKEN.search(visit(AUDITOR).get("/").text)[1]}
    form = {"csrf_token": tokens.get(token, token), "id": "1", "version": "1", "action": "approve", "name": "改名"}
    answers = {path: somebody.client.post(path, data=form).status_code for path in doors("POST").values()}
    assert len(answers) > 20 and set(answers.values()) == {400}
    assert snapshot() == before


def test_no_address_takes_a_form_by_another_method(doors, visit):
    visitor, before = visit(ADMIN), snapshot()
    paths = {**doors("GET"), **doors("POST")}.values()
    methods = ("PUT", "PATCH", "DELETE")
    answers = {visitor.client.open(path, method=method).status_code for path in paths for method in methods}
    assert answers == {405}
    assert snapshot() == before


def test_a_role_that_was_taken_away_opens_nothing_at_the_next_click(fujian, visit):
    visitor = visit(f"{STREET}联络员")
    assert visitor.get("/organizations/").status_code == 200
    fujian.without_liaison(STREET)
    assert visitor.get("/organizations/").status_code == 403
    assert visitor.get("/lookup/tree").json == []


def test_an_organization_that_was_closed_takes_its_liaison_s_rights_away(fujian, visit):
    fujian.deactivate(STREET)
    visitor = visit(f"{STREET}联络员")
    assert {visitor.get(f"/{view}/").status_code for view in ("organizations", "members", "level-setting")} == {403}
