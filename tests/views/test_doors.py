"""The doors that Flask-Admin leaves open (style §2), by walking every address of the panel: all are closed."""

import pytest

from tests.views.panel import SCOPED_VIEWS, addresses, audited, post, rows_of, snapshot
from tests.views.transfer_panel import TOKEN
from tests.world import ADMIN, AUDITOR

STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"
SIGN_IN = "/session/sign-in"
OPEN_TO_ALL = {"session.sign_in", "session.sign_out", "static", "admin.static", "health.health", "language.choose"}


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


@pytest.fixture
def doors(app, moving):
    """`doors("POST")`: endpoint -> an address that leads somewhere, for every endpoint that answers the method."""
    return lambda method: addresses(app, method, moving, rows_of(moving))


def test_the_walk_passes_every_view(app, doors):
    walked = {endpoint.partition(".")[0] for endpoint in {**doors("GET"), **doors("POST")}}
    assert {*SCOPED_VIEWS, "admin", "mine", "level-setting", "lookup", "session"} <= walked
    assert walked >= {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules()}


# --- Looking ---


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, "林志强", "林小雨"])
def test_looking_at_every_page_changes_nothing(doors, visit, who):
    visitor, before = visit(who), snapshot()
    answers = [visitor.get(path) for path in doors("GET").values()]
    assert len([answer for answer in answers if answer.status_code == 200]) > 5
    assert snapshot() == before


# --- Forms ---


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


# --- Without signing in ---


def test_without_signing_in_every_page_leads_to_the_sign_in_page(doors, client):
    paths = {name: path for name, path in doors("GET").items() if name not in OPEN_TO_ALL}
    answers = {name: client.get(path) for name, path in paths.items()}
    json = {name for name, answer in answers.items() if answer.status_code == 401 and answer.is_json}
    sent_away = {
        name for name, answer in answers.items() if answer.status_code == 303 and answer.location.startswith(SIGN_IN)
    }
    assert json == {name for name in paths if name.startswith("lookup.")} and json
    assert json | sent_away == set(paths)


def test_without_signing_in_no_form_does_anything(doors, client):
    before, token = snapshot(), TOKEN.search(client.get(SIGN_IN).text)[1]
    paths = [path for name, path in doors("POST").items() if name not in OPEN_TO_ALL]
    answers = [client.post(path, data={"csrf_token": token, "id": "1"}) for path in paths]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, SIGN_IN)}
    assert snapshot() == before


def test_without_signing_in_nothing_is_read(doors, client, fujian):
    names = [fujian.member("林小雨").name, fujian.org(STREET).name, fujian.org(STREET).contact_phone]
    pages = [client.get(path, follow_redirects=True) for path in doors("GET").values()]
    assert [page.request.path for page in pages for name in names if name in page.text] == []


# --- What no view has ---


def test_bulk_actions_inline_edits_and_flask_admin_look_ups_do_not_exist(doors, visit):
    visitor, before = visit(ADMIN), snapshot()
    closed = [path for name, path in doors("POST").items() if name.endswith((".action_view", ".ajax_update"))]
    asked = [path for name, path in doors("GET").items() if name.endswith(".ajax_lookup")]
    assert len(closed) == 2 * len(asked) and len(asked) >= len(SCOPED_VIEWS)
    form = {"action": "delete", "rowid": "1", "list_form_pk": "1", "name": "改名", "status": "voided"}
    answers = [post(visitor, path, **form) for path in closed] + [visitor.get(path) for path in asked]
    answers += [post(visitor, f"/{view}/export/json/") for view in SCOPED_VIEWS]
    assert {answer.status_code for answer in answers} == {404}
    assert snapshot() == before


def test_a_transfer_is_made_and_changed_by_its_own_doors_alone(moving, visit):
    visitor, before, edit = visit(ADMIN), snapshot(), f"/transfers/edit/?id={moving.key}"
    pages = (edit, "/transfers/new/", f"/transfers/details/?id={moving.key}")
    assert [visitor.get(path).status_code for path in pages] == [404] * 3
    assert post(visitor, edit, state="completed", version="1").status_code == 404
    assert post(visitor, "/transfers/new/", member_id="1").status_code == 404
    assert post(visitor, "/transfers/delete/", id=moving.key).status_code == 403
    assert snapshot() == before


def test_nobody_makes_or_exports_levels(visit):
    visitor, before = visit(ADMIN), snapshot()
    assert visitor.get("/levels/new/").status_code == 403
    assert post(visitor, "/levels/new/", name="八级", rank="8").status_code == 403
    assert post(visitor, "/levels/export/csv/").status_code == 404
    assert visitor.get("/levels/details/?id=6").status_code == 404
    assert snapshot() == before


def test_an_export_is_no_link(visit):
    for view in ("organizations", "members"):
        assert visit(ADMIN).get(f"/{view}/export/csv/").status_code == 405
    assert audited() == []


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
