"""【短信】: what a provincial admin reads of the outbox, and 【重发】. Nobody else comes in, and no code is shown."""

import re

import pytest

from models import MessageKind, MessageState, db
from tests.messages.parts import (
    CODE,
    MINUTE,
    NOW,
    PARAMS,
    PHONE,
    Noting,
    put,
    put_dead,
    put_many,
    raising,
    send,
    states,
)
from tests.support.databases import open_app
from tests.views.auditing import rows
from tests.views.panel import flashed, link, listed, post, sent
from tests.views.test_query_plans import ORDERED, pages, served
from tests.views.transfer_panel import text_of, visit
from tests.world import ADMIN, AUDITOR
from workflow import outbox
from workflow.gateways import NotDelivered

__all__ = ["served", "visit"]

LIST, STREET = "/messages/", "东街街道工委"
CHINESE = re.compile("[\u2e80-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="session")
def opened():
    """With the panel."""
    return open_app


@pytest.fixture
def admin(visit):
    return visit(ADMIN)


def page_of(message):
    return f"/messages/details/?id={message.key}"


# --- Who comes in ---


def test_only_a_provincial_admin_has_it_in_the_menu_and_comes_in(fujian, visit, admin):
    put()
    assert 'href="/messages/"' in admin.get("/").text
    for who in (AUDITOR, f"{STREET}联络员", "林小雨"):
        assert 'href="/messages/"' not in visit(who).get("/").text
        assert visit(who).get(LIST).status_code == 403


# --- The list ---


def test_a_row_says_what_it_was_to_whom_and_what_became_of_it(fujian, admin):
    put(at=NOW + 999 * MINUTE, organization_id=fujian.org(STREET).id)
    put(MessageKind.UNBOUND)
    send(Noting())
    put_dead(MessageKind.URGE)
    said = [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", row).split() for row in rows(admin.get(LIST))]
    assert said == [
        ["TIME", "催办", "138****0001", "发送失败", "24", "HTTP", "500", "重发"],
        ["TIME", "解绑提醒", "138****0001", "已发送", "1"],
        ["TIME", "待办提醒", "138****0001", STREET, "待发送", "0"],
    ]


def test_each_state_has_its_tone(admin):
    put_dead()
    put(MessageKind.URGE)
    send(Noting(), NOW)
    put()
    tones = re.findall(r'class="pill (\w+)">(\w+)<', admin.get(LIST).text)
    assert tones == [("way", "待发送"), ("done", "已发送"), ("back", "发送失败")]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("state=waiting", ["待办提醒"]),
        ("state=dead", ["催办", "待办提醒"]),
        ("state=dead&kind=urge", ["催办"]),
        ("kind=arrived", ["待办提醒", "待办提醒"]),
        ("kind=code", []),
        ("state=nonsense", ["待办提醒", "催办", "待办提醒"]),
    ],
)
def test_it_is_narrowed_by_state_and_kind(admin, query, kinds):
    put_dead()
    put_dead(MessageKind.URGE)
    put()
    page = admin.get(f"{LIST}?{query}")
    assert [row.split()[2] for row in rows(page)] == kinds


def test_the_newest_come_first_and_pages_lead_through_all_and_back(admin):
    keys = put_many(45)
    first = admin.get(LIST)
    second = admin.get(link(first, "next"))
    third = admin.get(link(second, "next"))
    seen = [key for page in (first, second, third) for key in re.findall(r"details/\?id=([\w-]+)", page.text)]
    assert seen == keys[::-1]
    assert listed(admin.get(link(second, "prev"))) == listed(first)


def test_a_page_costs_the_same_at_200_rows_as_at_10(fujian, admin):
    def cost(path):
        assert admin.get(path).status_code == 200
        with sent() as statements:
            admin.get(path)
        return len(statements)

    put_many(10, organization_id=fujian.org(STREET).id)
    few = cost(LIST)
    put_many(190, organization_id=fujian.org(STREET).id)
    assert cost(LIST) == few


@pytest.mark.parametrize(("query", "column"), [("", ""), ("state=dead", "state"), ("kind=urge", "kind")])
def test_an_index_has_the_rows_of_a_page_in_their_order(admin, served, query, column):
    put_many(30)
    with sent() as statements:
        admin.get(f"{LIST}?{query}")
    conditions, sorts = served(pages(statements), "message", ORDERED)
    assert all(column in condition for condition in conditions)
    assert not sorts


def test_an_empty_list_says_what_will_stand_there(admin):
    assert "还没有短信" in text_of(admin.get(LIST)) and "写入后，将显示在这里" in text_of(admin.get(LIST))


# --- One message ---


def test_its_page_shows_the_text_and_no_whole_phone(admin):
    message = put()
    page = admin.get(page_of(message))
    assert outbox.text_of(message) in text_of(page)
    assert "138****0001" in page.text and PHONE not in page.text + admin.get(LIST).text


def test_no_page_shows_a_code(admin):
    message = put(MessageKind.CODE)
    for _ in range(2):
        page = admin.get(page_of(message))
        assert "******" in page.text and CODE not in page.text + admin.get(LIST).text
        send(Noting())


def test_what_is_not_there_is_not_found(admin):
    assert admin.get("/messages/details/?id=nothing").status_code == 404


def test_in_english_the_page_is_english_but_for_names_and_what_went_out(admin):
    message = put(MessageKind.CODE, until=(NOW + 999 * MINUTE).isoformat())
    send(raising(NotDelivered("连接不上短信网关")))
    admin.post("/language/", language="en", back=LIST)
    assert "The SMS gateway cannot be reached" in text_of(admin.get(LIST))
    page = text_of(admin.get(page_of(message)))
    assert "Your code is ******" in page and "您的验证码是******" in page
    assert CHINESE.findall(" ".join(rows(admin.get(LIST)))) == []


# --- 重发 ---


def test_resending_is_offered_on_what_was_given_up_and_asks_first(admin):
    dead, waiting, code = put_dead(), put(), put_dead(MessageKind.CODE)
    for path in (LIST, page_of(dead)):
        button = re.search(r'<button[^>]*data-post="/messages/resend"[^>]*>', admin.get(path).text)[0]
        assert f'data-value-id="{dead.key}"' in button and 'data-dialog="confirm"' in button
        assert "重发发往138****0001的“待办提醒”短信？" in button
    for message in (waiting, code):
        assert "/messages/resend" not in admin.get(page_of(message)).text
        assert f'data-value-id="{message.key}"' not in admin.get(LIST).text


def test_a_resent_message_goes_out_with_the_next_round(admin):
    message = put_dead()
    answer = post(admin, "/messages/resend", id=message.key)
    assert answer.location == page_of(message)
    assert flashed(admin.get(answer.location)) == {"success": "已重新排队，稍后发送。"}
    assert states() == [MessageState.WAITING]
    assert outbox.send_due(Noting()) == outbox.Outcome(sent=1)


def test_who_comes_second_is_told_how_it_stands(admin):
    message = put_dead()
    post(admin, "/messages/resend", id=message.key)
    admin.get(LIST)
    answer = post(admin, "/messages/resend", id=message.key)
    assert flashed(admin.get(answer.location)) == {"error": "这条短信已发送或正在等待发送，不需要重发。"}


@pytest.mark.parametrize("who", [AUDITOR, f"{STREET}联络员"])
def test_nobody_else_resends(visit, who):
    message = put_dead()
    assert post(visit(who), "/messages/resend", id=message.key).status_code == 403
    assert states() == [MessageState.DEAD]


def test_the_audit_log_shows_it(admin):
    post(admin, "/messages/resend", id=put_dead().key)
    db.session.commit()
    assert "重发短信 省级管理员 待办提醒 原因：HTTP 500" in rows(admin.get("/audit/?event=message_resent"))[0]


def test_a_digest_is_told_by_its_count(admin):
    assert f"新收到{PARAMS[MessageKind.DIGEST]['count']}件" in text_of(admin.get(page_of(put(MessageKind.DIGEST))))
