"""【更正所在组织】 and 【查看身份证号】 on a member's page (R32a, R49)."""

import logging

import pytest
from sqlalchemy import select

from models import AuditEntry, db
from tests.views.panel import flashed, latest_audit, post, save, snapshot, told
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR

SOURCE, OTHER, VILLAGE, STREET = "军门第一支部", "军门第二支部", "五龙村支部", "东街街道工委"
READ = "/members/id-number"


def page_of_member(fujian, name="林小雨"):
    return f"/members/details/?id={fujian.member(name).key}"


def correcting(fujian, name="林小雨"):
    return f"/members/correct?id={fujian.member(name).key}"


# --- R32a ---


def test_r32a_the_member_stands_there_from_now_on(fujian, visit):
    visitor = visit(ADMIN)
    assert correcting(fujian) in visitor.get(page_of_member(fujian)).text
    answer = save(visitor, correcting(fujian), organization_id=fujian.org(OTHER).id, reason="录入时选错支部")
    assert answer.location == page_of_member(fujian)
    page = visitor.get(answer.location)
    assert flashed(page) == {"success": "已更正林小雨的所在组织：军门第二支部。"}
    assert "所在组织 军门第二支部" in text_of(page)
    entry = latest_audit()
    assert (entry.event, entry.subject, entry.details["reason"]) == ("member_corrected", "林小雨", "录入时选错支部")
    assert entry.details["changes"] == {"organization": [SOURCE, OTHER]}


def test_the_form_names_the_present_organization(fujian, visit):
    said = text_of(visit(ADMIN).get(correcting(fujian)))
    assert "更正林小雨的所在组织" in said and "现登记的组织 军门第一支部" in said


@pytest.mark.parametrize(
    ("place", "reason", "field", "words"),
    [
        (OTHER, "", "reason", "请填写更正原因"),
        (OTHER, "长" * 501, "reason", "过长"),
        ("", "选错", "organization_id", "请选择应在的组织"),
        (SOURCE, "选错", "organization_id", "现在所在的组织"),
        (STREET, "选错", "organization_id", "党员只能属于党支部"),
    ],
)
def test_a_refusal_stands_at_its_field_beside_what_was_typed(fujian, visit, place, reason, field, words):
    before = snapshot()
    chosen = fujian.org(place).id if place else ""
    answer = save(visit(ADMIN), correcting(fujian), organization_id=chosen, reason=reason)
    assert answer.status_code == 422 and words in told(answer)[field]
    assert reason in answer.text and (not place or f'value="{place}"' in answer.text)
    assert snapshot() == before


def test_r32a_an_open_transfer_is_told_above_the_form(fujian, visit):
    fujian.apply("林小雨", to=VILLAGE)
    before = snapshot()
    answer = save(visit(ADMIN), correcting(fujian), organization_id=fujian.org(OTHER).id, reason="选错")
    assert answer.status_code == 422 and "林小雨有未办结的转接" in flashed(answer)["error"]
    assert snapshot() == before


def test_r30_a_stale_form_is_told_so(fujian, visit):
    visitor, form = visit(ADMIN), {"organization_id": fujian.org(OTHER).id, "reason": "选错"}
    seen = fujian.member("林小雨").version
    fujian.complete(fujian.apply("林小雨", to=VILLAGE))
    answer = post(visitor, correcting(fujian), version=seen, **form)
    assert answer.location == correcting(fujian)
    page = visitor.get(answer.location)
    assert "已被他人修改" in flashed(page)["error"] and "现登记的组织 五龙村支部" in text_of(page)
    assert fujian.member("林小雨").organization.name == VILLAGE


@pytest.mark.parametrize("who", ["福建省委联络员", f"{STREET}联络员", AUDITOR])
def test_r32a_nobody_else_has_the_button_or_a_way_past_it(fujian, visit, who):
    visitor, before = visit(who), snapshot()
    assert "/members/correct" not in visitor.get(page_of_member(fujian)).text
    assert visitor.get(correcting(fujian)).status_code == 403
    form = {"organization_id": fujian.org(OTHER).id, "reason": "选错", "version": "1"}
    assert post(visitor, correcting(fujian), **form).status_code == 403
    assert snapshot() == before


def test_a_member_out_of_scope_is_not_found(fujian, visit):
    assert visit("古田镇党委联络员").get(correcting(fujian)).status_code == 404
    assert visit(ADMIN).get("/members/correct?id=nobody").status_code == 404
    assert visit(ADMIN).get("/members/correct").status_code == 404


def test_the_edit_form_still_says_nothing_of_the_organization(fujian, visit):
    key = fujian.member("林小雨").key
    save(visit(ADMIN), f"/members/edit/?id={key}", organization_id=fujian.org(OTHER).id)
    assert fujian.member("林小雨").organization.name == SOURCE


# --- R49 ---


@pytest.mark.parametrize("who", [ADMIN, f"{STREET}联络员", "陈国强"])
def test_r49_the_id_number_is_shown_in_one_answer_and_no_other(fujian, visit, who):
    visitor, number = visit(who), fujian.member("林小雨").id_number
    assert READ in visitor.get(page_of_member(fujian)).text
    answer = visitor.post(READ, id=fujian.member("林小雨").key)
    assert answer.status_code == 200 and number in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "已记入审计日志" in text_of(answer)
    assert number not in visitor.get(page_of_member(fujian)).text


def test_r49_each_reading_is_an_audit_entry_without_the_number(fujian, visit, caplog):
    caplog.set_level(logging.DEBUG)
    visitor, number = visit("陈国强"), fujian.member("林小雨").id_number
    for _ in range(2):
        visitor.post(READ, id=fujian.member("林小雨").key)
    db.session.commit()
    entries = db.session.scalars(select(AuditEntry)).all()
    read = ("id_number_read", "陈国强", SOURCE, "林小雨")
    assert [(e.event.value, e.actor_name, e.organization_name, e.subject) for e in entries] == [read, read]
    assert number not in str(snapshot()["audit_entry"]) + caplog.text


def test_r49_no_entry_no_number(app, fujian, visit, monkeypatch):
    """Where the entry cannot be written the number is not shown."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("workflow.audit.record", lambda *_args, **_more: 1 / 0)
    answer = visit(ADMIN).post(READ, id=fujian.member("林小雨").key)
    assert answer.status_code == 500 and fujian.member("林小雨").id_number not in answer.text


@pytest.mark.parametrize(("who", "code"), [(AUDITOR, 403), ("古田镇党委联络员", 404), ("林小雨", 403), ("郑晓东", 403)])
def test_r49_whose_duty_does_not_need_it_does_not_read_it(fujian, visit, who, code):
    visitor, before = visit(who), snapshot()
    answer = post(visitor, READ, id=fujian.member("林小雨").key)
    assert answer.status_code == code and fujian.member("林小雨").id_number not in answer.text
    assert READ not in visitor.get(page_of_member(fujian)).text
    assert snapshot() == before


def test_r49_no_link_and_no_form_without_its_token_reads_it(fujian, visit):
    visitor, before, key = visit(ADMIN), snapshot(), fujian.member("林小雨").key
    assert visitor.get(f"{READ}?id={key}").status_code == 405
    assert visitor.client.post(READ, data={"id": key}).status_code == 400
    assert snapshot() == before
