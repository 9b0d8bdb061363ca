"""R45: an organization that nobody acts for is pointed out to whoever stands right above it."""

import pytest

from tests.views.transfer_panel import text_of

GENERAL, BRANCH, STREET = "军门社区总支", "军门第一支部", "东街街道工委"
WORDS = f"{BRANCH} 无有效联络员：送到该组织的转接无人办理。"


@pytest.fixture
def unserved(fujian):
    """军门第一支部 has a liaison in name only: 陈国强, whose phone is not activated."""
    fujian.without_liaison(BRANCH, but="陈国强")
    member = fujian.member("陈国强")
    member.phone_activated_at = None
    fujian.set_level("五龙村支部", 7)
    return fujian


@pytest.mark.parametrize("page", ["/", "/desk/"])
def test_r45_it_is_pointed_out_to_whoever_stands_right_above(unserved, visit, page):
    answer = visit(f"{GENERAL}联络员").get(page)
    assert WORDS in text_of(answer)
    assert f"/grants/?org={unserved.org(BRANCH).id}" in answer.text


@pytest.mark.parametrize("who", [f"{STREET}联络员", "安泰街道工委联络员", "林小雨", "审计员"])
def test_r45_and_to_nobody_else(unserved, visit, who):
    assert WORDS not in text_of(visit(who).get("/"))


def test_r45_its_own_page_says_so(unserved, visit):
    page = visit(f"{STREET}联络员").get(f"/organizations/details/?id={unserved.org(BRANCH).id}")
    assert "没有有效联络员：送到这里的转接无人可以办理。" in text_of(page)


def test_r45_once_somebody_acts_nothing_is_said(fujian, visit):
    assert WORDS not in text_of(visit(f"{GENERAL}联络员").get("/"))
