"""The switch to English and back; and that a name from the database is never taken for a sentence of ours."""

import pytest
from sqlalchemy import update

from models import Organization, PermissionLevel, db
from tests.support.databases import ROOT
from tests.views.transfer_panel import text_of

CATALOGUE = ROOT / "translations/en/LC_MESSAGES/messages.mo"


@pytest.fixture
def english(visit):
    """Somebody who has switched to English."""
    assert CATALOGUE.exists(), "the catalogue is compiled by `make install`"

    def switched(username):
        visitor = visit(username)
        assert visitor.post("/language/", language="en", back="/mine/").location == "/mine/"
        return visitor

    return switched


def test_the_panel_speaks_english_to_whom_it_was_asked(fujian, english, visit):
    page = english("东街街道工委联络员").get("/")
    assert '<html lang="en">' in page.text and "To do" in text_of(page)
    assert "待办" in text_of(visit("林志强").get("/"))


def test_r30_a_refusal_is_english_down_to_its_parts(fujian, english):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")
    visitor = english("东街街道工委联络员")
    fujian.person("林志强").approve(transfer)
    visitor.act(transfer, "approve")
    said = text_of(visitor.get(f"/transfers/{transfer.key}"))
    assert "waiting for 古田镇党委" in said and "未能" not in said


def test_r1_a_list_of_reasons_is_english(fujian, english):
    visitor, branch = english("省级管理员"), fujian.org("军门第一支部")
    visitor.post("/organizations/delete/", id=branch.id)
    assert "4 members" in text_of(visitor.get("/"))


def test_and_back_to_chinese(fujian, english):
    visitor = english("林小雨")
    visitor.post("/language/", language="zh_Hans_CN")
    assert '<html lang="zh-Hans-CN">' in visitor.get("/").text


@pytest.mark.parametrize("asked", ["", "xx", "../../etc"])
def test_another_language_is_not_offered(fujian, visit, asked):
    visitor = visit("林小雨")
    visitor.post("/language/", language=asked)
    assert '<html lang="zh-Hans-CN">' in visitor.get("/").text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "javascript:alert(1)", ""])
def test_nobody_is_sent_elsewhere(fujian, visit, back):
    assert visit("林小雨").post("/language/", language="en", back=back).location == "/"


NASTY = "<i>50%</i> %(x)s"


def test_an_organization_with_markup_in_its_name_is_only_text(fujian, visit):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")
    db.session.execute(update(Organization).where(Organization.name == "古田镇党委").values(name=NASTY))
    db.session.commit()
    page = visit("东街街道工委联络员").get(
        "/desk/approve", query_string={"chosen": f"{transfer.key}:{transfer.version}"}
    )
    assert "<i>" not in page.text and "&lt;i&gt;50%&lt;/i&gt; %(x)s" in page.text


def test_a_level_with_markup_in_its_name_is_only_text(fujian, visit):
    db.session.execute(update(PermissionLevel).where(PermissionLevel.rank == 6).values(name=NASTY))
    db.session.commit()
    visitor = visit("省级管理员")
    pages = [visitor.get(path).text for path in ("/organizations/", "/levels/", "/level-setting/")]
    assert all("<i>" not in page and "&lt;i&gt;50%" in page for page in pages)
