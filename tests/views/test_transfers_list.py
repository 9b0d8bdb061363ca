"""转出记录 and 转入记录 (R33): tabs, tree, filters, pages, and what stands in the addresses."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from models import clock
from tests.views.transfer_panel import copies, statements, text_of

OUT = "/transfers/"
IN = "/transfers/?tab=in"


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")


def test_a_transfer_is_outgoing_at_its_source_and_incoming_at_its_destination(moving, visit):
    source, destination = visit("东街街道工委联络员"), visit("古田镇党委联络员")
    assert "林小雨" in text_of(source.get(OUT)) and "林小雨" not in text_of(source.get(IN))
    assert "林小雨" in text_of(destination.get(IN)) and "林小雨" not in text_of(destination.get(OUT))


def test_a_transfer_within_one_committee_is_in_both(fujian, visit):
    fujian.apply("林小雨", "军门第二支部")
    visitor = visit("东街街道工委联络员")
    assert "林小雨" in text_of(visitor.get(OUT)) and "林小雨" in text_of(visitor.get(IN))


def test_a_row_says_who_from_where_to_where_and_for_whom_it_waits(moving, visit):
    said = text_of(visit("鼓楼区委联络员").get(OUT))
    assert "990102********" in said
    assert "军门第一支部 → 转往 五龙村支部" in said
    assert moving.number in said and "待东街街道工委审批" in said


def test_only_who_may_act_has_the_buttons(moving, visit):
    page = f"/transfers/{moving.key}/ask/approve"
    assert page in visit("东街街道工委联络员").get(OUT).text
    assert page not in visit("鼓楼区委联络员").get(OUT).text


def test_choosing_an_organization_narrows_to_its_subtree(moving, fujian, visit):
    visitor = visit("鼓楼区委联络员")
    assert "林小雨" in text_of(visitor.get(f"{OUT}?org={fujian.org('军门社区总支').id}"))
    assert "林小雨" not in text_of(visitor.get(f"{OUT}?org={fujian.org('安泰街道工委').id}"))


def test_an_organization_out_of_scope_is_not_found(moving, fujian, visit):
    assert visit("古田镇党委联络员").get(f"{OUT}?org={fujian.org('东街街道工委').id}").status_code == 404


def test_who_stands_beside_sees_nothing(moving, visit):
    visitor = visit("安泰街道工委联络员")
    assert "林小雨" not in text_of(visitor.get(OUT)) + text_of(visitor.get(IN))


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ("state=in_progress", "state=completed"),
        ("kind=intra", "kind=out_of_province"),
        ("name=林小", "name=小雨"),
        ("mine=1", "mine=1&state=rejected"),
        ("name=林小&state=in_progress&kind=intra&mine=1", "name=林小&state=voided"),
    ],
)
def test_filters_in_the_address(moving, visit, found, missed):
    visitor = visit("东街街道工委联络员")
    assert "林小雨" in text_of(visitor.get(f"{OUT}?{found}"))
    said = text_of(visitor.get(f"{OUT}?{missed}"))
    assert moving.number not in said and "没有符合条件的记录" in said


def test_filter_by_the_time_of_application(moving, visit):
    visitor = visit("东街街道工委联络员")
    today = clock.today()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    assert moving.number in text_of(visitor.get(f"{OUT}?since={today}&until={today}"))
    assert moving.number not in text_of(visitor.get(f"{OUT}?until={yesterday}"))
    assert moving.number not in text_of(visitor.get(f"{OUT}?since={tomorrow}"))


def test_mine_leaves_what_waits_for_others(moving, visit):
    assert moving.number not in text_of(visit("鼓楼区委联络员").get(f"{OUT}?mine=1"))


@pytest.mark.parametrize("nonsense", ["state=x", "since=yesterday", "until=2026-13-40", "person=1", "tab=x", "after=x"])
def test_what_makes_no_sense_in_the_address_is_as_if_it_were_not_there(moving, visit, nonsense):
    response = visit("东街街道工委联络员").get(f"{OUT}?{nonsense}")
    assert response.status_code == 200
    assert moving.number in text_of(response)


def test_wildcards_in_a_name_are_letters(moving, visit):
    assert moving.number not in text_of(visit("东街街道工委联络员").get(f"{OUT}?name=%25"))


def test_by_id_number_the_address_has_only_its_blind_index(moving, fujian, visit):
    visitor, number = visit("东街街道工委联络员"), fujian.member("林小雨").id_number
    response = visitor.post("/transfers/search", id_number=number, tab="out", state="in_progress")
    asked = parse_qs(urlsplit(response.location).query)
    assert response.status_code == 303
    assert asked["person"] == [fujian.member("林小雨").id_number_index] and asked["state"] == ["in_progress"]
    assert number not in response.location
    assert moving.number in text_of(visitor.get(response.location))


def test_by_the_id_number_of_somebody_else_nothing_is_found(moving, fujian, visit):
    visitor = visit("东街街道工委联络员")
    response = visitor.post("/transfers/search", id_number=fujian.member("陈国强").id_number)
    assert moving.number not in text_of(visitor.get(response.location))


def test_a_wrong_id_number_is_told_at_its_field(moving, visit):
    response = visit("东街街道工委联络员").post("/transfers/search", id_number="990102198001151230")
    assert response.status_code == 422
    assert 'id="q-id-error" role="alert"' in response.text


def test_searching_needs_the_token(moving, fujian, visit):
    client = visit("东街街道工委联络员").client
    assert client.post("/transfers/search", data={"id_number": "1"}).status_code == 400


def test_addresses_on_the_page_name_nobody(moving, fujian, visit):
    member = fujian.member("林小雨")
    page = visit("东街街道工委联络员").get(OUT).text
    addresses = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert not [address for address in addresses for secret in (member.name, member.phone) if secret in address]
    assert str(moving.id) not in {part for address in addresses for part in urlsplit(address).path.split("/")}


def test_pages_go_forward_and_back_by_key(moving, visit):
    copies(moving, 24)
    visitor = visit("鼓楼区委联络员")
    first = visitor.get(OUT)
    second = visitor.get(_link(first, "next"))
    again = visitor.get(_link(second, "prev"))
    assert [_numbers(page) for page in (first, again)] == [_numbers(first)] * 2
    assert len(_numbers(first)) == 20 and len(_numbers(second)) == 5
    assert not set(_numbers(first)) & set(_numbers(second))
    assert 'rel="next"' not in second.text and 'rel="prev"' not in first.text


def test_an_empty_list_says_what_will_appear(fujian, visit):
    assert "还没有转出记录" in text_of(visit("鼓楼区委联络员").get(OUT))


def test_the_list_costs_as_many_statements_at_200_rows_as_at_10(moving, visit):
    visitor = visit("鼓楼区委联络员")
    copies(moving, 9)
    with statements() as few:
        visitor.get(OUT)
    copies(moving, 190)
    with statements() as many:
        assert len(_numbers(visitor.get(OUT))) == 20
    assert len(many) == len(few)
    assert not [statement for statement in many if "count(*) FROM transfer" in statement.replace("\n", " ")]


def test_a_member_without_office_is_sent_to_their_own_applications(moving, visit):
    response = visit("王丽华").get(OUT)
    assert response.status_code == 302 and response.location == "/mine/"


def test_an_auditor_reads_and_has_no_buttons(moving, visit):
    page = visit("审计员").get(OUT).text
    assert moving.number in page
    assert "/ask/" not in page and ">申请</a>" not in page


def test_a_stranger_has_to_visit(moving, client):
    response = client.get(OUT)
    assert response.status_code == 303 and "/session/sign-in" in response.location


@pytest.mark.parametrize("door", ["/transfers/new/", "/transfers/edit/?id=1", "/transfers/details/?id=1"])
def test_doors_of_flask_admin_that_transfers_do_not_have(moving, visit, door):
    assert visit("省级管理员").get(door).status_code == 404


def _numbers(response):
    """The record numbers on a page, in order."""
    head = f"{clock.today():%Y%m%d}"
    return [word for word in text_of(response).split() if word.startswith(head) and len(word) == 14]


def _link(response, rel):
    return response.text.split(f'rel="{rel}" href="')[1].split('"')[0].replace("&amp;", "&")
