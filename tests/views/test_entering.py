"""【转入记录】▸【申请】 (R40-R42): who sees it, the look-up, the form that keeps everything, 再次上报, the receipt."""

import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, func, select, update

from admin_views import limiting
from models import (
    Attachment,
    AttachmentKind,
    AuditEntry,
    AuditEvent,
    HistoryAction,
    HistoryEntry,
    Member,
    OrganizationKind,
    RoleCode,
    Transfer,
    clock,
    db,
)
from tests.attachments import files
from tests.views.panel import page_of
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR, MALE, NEW_NUMBER, NEWCOMER, id_number

COUNTY, CITY, STREET, SOURCE, SISTER = "鼓楼区委", "福州市委", "东街街道工委", "军门第一支部", "军门第二支部"
ENTER, SEND = "/transfers/enter", "/transfers/enter/send"
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


@pytest.fixture
def county(visit):
    return visit(f"{COUNTY}联络员")


@pytest.fixture
def form(fujian):
    """`form(county, "…")`: what a browser would send after the look-up of this ID number, all filled in."""

    def filled(visitor, number, to=SISTER, registering=COUNTY, **more):
        place, there = fujian.org(registering).id, fujian.org(to).id
        page = visitor.post(ENTER, registering=place, id_number=number)
        return {
            "registering": place,
            "ticket": TICKET.search(page.text)[1],
            "province": "44",
            "city": "4403",
            "county": "440305",
            "branch": "科技园社区第一支部",
            "addressee": "中共深圳市南山区委组织部",
            "destination": there,
            "applied_on": clock.today().isoformat(),
            "dues_paid_until": clock.this_month(),
            "reason": "回榕工作",
            "files": photo(),
            "seen": f"{place}:{there}",
            **more,
        }

    return filled


def photo(name="介绍信.jpg", content=None):
    return (io.BytesIO(files.picture() if content is None else content), name)


def no_file():
    return (io.BytesIO(), "")


def transfers():
    return db.session.scalar(select(func.count()).select_from(Transfer))


def latest():
    return db.session.scalars(select(Transfer).order_by(Transfer.id.desc()).limit(1)).one()


def typed(response, name):
    """What the form that came back holds in a field."""
    return next(form for form in page_of(response).forms if "branch" in form)[name]


def looked_up():
    db.session.commit()
    return db.session.scalar(
        select(func.count()).select_from(AuditEntry).where(AuditEntry.event == AuditEvent.MEMBER_LOOKED_UP)
    )


# --- R40: the button ---


@pytest.mark.parametrize(
    ("who", "there"), [(f"{COUNTY}联络员", True), (f"{CITY}联络员", True), (f"{STREET}联络员", False)]
)
def test_r40_the_button_is_there_for_who_registers_and_for_nobody_else(visit, who, there):
    assert ('href="/transfers/enter"' in visit(who).get("/transfers/?tab=in").text) is there


@pytest.mark.parametrize("who", [ADMIN, AUDITOR, "林小雨", f"{STREET}联络员"])
def test_r40_to_everybody_else_the_pages_are_closed(visit, who):
    assert visit(who).get(ENTER).status_code == 403
    assert visit(who).post(ENTER, registering="1", id_number=NEW_NUMBER).status_code == 403
    assert looked_up() == 0


def test_r40_who_registers_for_several_chooses_for_which(fujian, visit):
    fujian.grant("陈国强", RoleCode.LIAISON, COUNTY)
    fujian.grant("陈国强", RoleCode.LIAISON, CITY)
    visitor = visit("陈国强")
    said = visitor.get(ENTER).text
    assert f">{COUNTY}</option>" in said and f">{CITY}</option>" in said
    county_list = visitor.get(f"/transfers/?tab=in&org={fujian.org(COUNTY).id}").text
    assert f'href="/transfers/enter?registering={fujian.org(COUNTY).id}"' in county_list


# --- R41: the look-up ---


def test_r41_who_can_be_claimed_is_shown_to_be_claimed(county, fujian):
    response = county.post(ENTER, registering=fujian.org(COUNTY).id, id_number=fujian.member("孙丽娜").id_number)
    said = text_of(response)
    assert "领回并登记转入" in said and "孙丽娜" in said and "未知党组织" in said
    assert fujian.member("孙丽娜").id_number not in response.text


def test_r41_who_belongs_to_the_province_is_sent_the_other_way(county, fujian):
    number = fujian.member("黄志明").id_number
    response = county.post(ENTER, registering=fujian.org(COUNTY).id, id_number=number)
    said = text_of(response)
    assert "该党员的组织关系已在省内（龙岩市委），不能从省外转入" in said
    assert "黄志明" not in said and "五龙村" not in said and number not in response.text
    assert TICKET.search(response.text) is None


def test_r41_who_is_not_found_is_entered_anew(county, fujian):
    response = county.post(ENTER, registering=fujian.org(COUNTY).id, id_number=f" {NEW_NUMBER.lower()} ")
    said = text_of(response)
    assert "新登记并转入" in said and f"{NEW_NUMBER[:6]}********{NEW_NUMBER[-4:]}" in said
    assert f"{NEW_NUMBER[-4:]} · 男" in said
    assert f"{NEW_NUMBER[6:10]}-{NEW_NUMBER[10:12]}-{NEW_NUMBER[12:14]}" not in response.text  # the mask would be none
    assert "前6位不是已知的行政区划代码" in said
    assert NEW_NUMBER not in response.text


def test_r41_who_is_reserved_by_the_own_organization_is_one_click_away(county, fujian):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    again = {"registering": fujian.org(COUNTY).id, "id_number": fujian.member("马海涛").id_number}
    response = county.post(ENTER, **again)
    assert "仍有未走完的组织关系转接申请" in text_of(response)
    assert f'href="/transfers/{transfer.key}"' in response.text


def test_r41_another_organization_learns_nothing_of_the_record(fujian, visit):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    again = {"registering": fujian.org("上杭县委").id, "id_number": fujian.member("马海涛").id_number}
    response = visit("上杭县委联络员").post(ENTER, **again)
    assert "仍有未走完的组织关系转接申请" in text_of(response)
    assert transfer.key not in response.text and "马海涛" not in response.text


@pytest.mark.parametrize(
    ("number", "words"),
    [("", "请填写身份证号"), ("990102900307601", "15位的旧身份证号"), (NEW_NUMBER[:-1] + "\x00", "应为18位")],
)
def test_r41_a_number_that_cannot_be_one_is_no_look_up(county, fujian, number, words):
    response = county.post(ENTER, registering=fujian.org(COUNTY).id, id_number=number)
    assert response.status_code == 422 and words in text_of(response)
    assert looked_up() == 0


def test_r41_look_ups_are_counted_and_too_many_have_to_wait(county, fujian, monkeypatch):
    monkeypatch.setattr(limiting, "LOOK_UPS", (limiting.parse("2 per hour"),))
    ask = {"registering": fujian.org(COUNTY).id, "id_number": fujian.member("黄志明").id_number}
    answers = [county.post(ENTER, **ask) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert re.search("查找过于频繁，请在(1小时|60分钟|59分钟)后再试", text_of(answers[2]))
    assert looked_up() == 2


def test_r41_who_was_entered_by_others_meanwhile_has_to_be_looked_at_first(county, fujian, form):
    sent = form(county, NEW_NUMBER, name="韦大宝", gender="male", ethnicity="汉族", category="full")
    city = fujian.liaison_of(CITY)
    city.void(city.withdraw(city.enter(NEW_NUMBER, CITY, SOURCE, person=NEWCOMER)))
    before = transfers()
    response = county.post(SEND, **sent)
    assert response.status_code == 422 and "刚刚已被登记" in text_of(response)
    assert transfers() == before


# --- R42: the form ---


def test_r42_a_claim_with_several_photos(county, fujian, form):
    sent = form(county, fujian.member("马海涛").id_number, files=[photo("一.jpg"), photo("二.jpg")])
    response = county.post(SEND, **sent)
    assert response.status_code == 303 and response.location == f"/transfers/{latest().key}"
    said = text_of(county.get(response.location))
    assert f"已上报 马海涛 的转接，现送 {COUNTY}。" in said
    assert "原所属组织 广东省深圳市南山区科技园社区第一支部" in said and "回执联抬头 中共深圳市南山区委组织部" in said
    assert "一.jpg" in said and "二.jpg" in said
    assert fujian.member("马海涛").organization.kind is OrganizationKind.OUT_OF_PROVINCE


def test_r42_a_new_member(county, fujian, form):
    response = county.post(SEND, **form(county, NEW_NUMBER, **{**NEWCOMER, "birth_date": ""}))
    assert response.status_code == 303
    assert fujian.member("韦小宝").organization.kind is OrganizationKind.TEMPORARY


def test_r42_everything_that_is_wrong_is_said_at_once_at_its_field_and_what_was_typed_stays(county, fujian, form):
    wrong = {
        **NEWCOMER,
        "birth_date": "1990-01-01",
        "gender": "female",
        "ethnicity": "",
        "city": "",
        "county": "",
        "addressee": " ",
        "applied_on": "2099-01-01",
        "dues_paid_until": "2099-01",
        "destination": "",
    }
    response = county.post(SEND, **form(county, NEW_NUMBER, **wrong))
    said = text_of(response)
    assert response.status_code == 422
    for words in (
        "性别与身份证号第17位不符",
        "出生日期与身份证号不符",
        "民族应为规范全称",
        "请选择“广东省”的市",
        "请填写回执联抬头",
        "转入时间不得晚于今天",
        "党费缴交至不允许超过当前月份",
        "请选择拟转入支部",
    ):
        assert words in said
    kept = {name: typed(response, name).strip() for name in ("name", "province", "branch", "reason", "birth_date")}
    assert kept == {
        "name": "韦小宝",
        "province": "44",
        "branch": "科技园社区第一支部",
        "reason": "回榕工作",
        "birth_date": "1990-01-01",
    }
    assert ">深圳市</option>" in response.text
    assert transfers() == 0 and db.session.scalar(select(Member.id).where(Member.name == "韦小宝")) is None


def test_r42_what_was_uploaded_stays_and_is_not_sent_again(county, fujian, form):
    response = county.post(SEND, **form(county, fujian.member("马海涛").id_number, branch=""))
    key = re.search(r'name="photo" value="([^"]+)"', response.text)[1]
    assert county.get(f"/attachments/held/{key}").status_code == 200
    second = county.post(SEND, **form(county, fujian.member("马海涛").id_number, files=(io.BytesIO(), ""), photo=key))
    assert second.status_code == 303
    attached = db.session.scalars(select(Attachment)).all()
    assert [(row.key, row.transfer_id) for row in attached] == [(key, latest().id)]


def test_r42_a_photo_that_has_been_swept_meanwhile_is_missed(county, fujian, form):
    response = county.post(SEND, **form(county, fujian.member("马海涛").id_number, branch=""))
    key = re.search(r'name="photo" value="([^"]+)"', response.text)[1]
    db.session.execute(delete(Attachment))
    db.session.commit()
    again = county.post(SEND, **form(county, fujian.member("马海涛").id_number, photo=key))
    assert again.status_code == 422 and "之前选的照片已过期" in text_of(again)
    assert transfers() == 0


def test_r42_a_photo_whose_box_is_unticked_does_not_come_along(county, fujian, form):
    county.post(SEND, **form(county, fujian.member("马海涛").id_number, branch=""))
    county.post(SEND, **form(county, fujian.member("马海涛").id_number, files=photo("另一张.jpg")))
    attached = select(Attachment.name).where(Attachment.transfer_id == latest().id)
    assert db.session.scalars(attached).all() == ["另一张.jpg"]


def test_r42_of_too_many_photos_none_is_left_out_without_a_word(county, fujian, form):
    number, keys = fujian.member("马海涛").id_number, []
    for _ in range(2):
        many = [photo(f"{count}.jpg") for count in range(11)]
        response = county.post(SEND, **form(county, number, branch="", files=many, photo=keys))
        keys = re.findall(r'name="photo" value="([^"]+)"', response.text)
    assert len(keys) == 22
    response = county.post(SEND, **form(county, number, files=no_file(), photo=keys))
    assert response.status_code == 422 and "最多有 20 个附件" in text_of(response)
    assert len(re.findall(r'name="photo"', response.text)) == 22 and transfers() == 0
    assert county.post(SEND, **form(county, number, files=no_file(), photo=keys[2:])).status_code == 303


def test_r42_one_bad_file_is_named_and_the_good_one_stays(county, fujian, form):
    sent = form(county, fujian.member("马海涛").id_number, files=[photo(), photo("病毒.jpg", files.EXE)])
    response = county.post(SEND, **sent)
    assert response.status_code == 422 and "“病毒.jpg”的内容不是" in text_of(response)
    assert len(re.findall(r'name="photo"', response.text)) == 1 and transfers() == 0


def test_r42_without_a_photo_it_is_not_sent(county, fujian, form):
    response = county.post(SEND, **form(county, fujian.member("马海涛").id_number, files=(io.BytesIO(), "")))
    assert response.status_code == 422 and "请上传介绍信照片，至少一张" in text_of(response)
    assert transfers() == 0


def test_r45_the_first_click_shows_the_route_and_sends_nothing(county, fujian, form):
    response = county.post(SEND, **form(county, fujian.member("马海涛").id_number, seen=""))
    said = text_of(response)
    assert response.status_code == 200 and transfers() == 0
    assert "还没有上报" in said and "6 个环节" in said
    assert f"{COUNTY} 转入申请" in said and f"{COUNTY} 转入审批" in said


def test_r45_where_there_is_no_route_the_branch_says_why(county, fujian, form):
    number, foreign = fujian.member("马海涛").id_number, fujian.org("五龙村支部").id
    for seen in ("", f"{fujian.org(COUNTY).id}:{foreign}"):
        response = county.post(SEND, **form(county, number, destination=foreign, seen=seen))
        beside = re.search(r'class="help bad" role="alert">([^<]+)', response.text)
        assert response.status_code == 422 and beside and "不在“鼓楼区委”范围内" in beside[1]
    assert transfers() == 0


def test_r45_the_route_is_asked_for_as_one_chooses(county, fujian):
    ends = f"kind=entering&registering={fujian.org(COUNTY).id}&destination={fujian.org(SOURCE).id}"
    answer = county.get(f"/transfers/preview?{ends}")
    assert f'data-next="{COUNTY}"' in answer.text and "6 个环节" in text_of(answer)
    away = county.get(
        f"/transfers/preview?{ends.replace(str(fujian.org(SOURCE).id), str(fujian.org('五龙村支部').id))}"
    )
    assert "不在“鼓楼区委”范围内" in text_of(away)


def test_r41_a_ticket_is_needed_and_a_used_one_says_what_has_become_of_it(county, fujian, form):
    sent = form(county, fujian.member("马海涛").id_number)
    assert county.post(SEND, **{**sent, "ticket": ""}).status_code == 422
    assert county.post(SEND, **{**sent, "files": photo()}).status_code == 303
    again = county.post(SEND, **{**sent, "files": photo()})
    assert again.status_code == 422 and "仍有未走完的组织关系转接申请" in text_of(again)
    assert transfers() == 1


@pytest.mark.parametrize("name", ["ticket", "registering", "destination", "province", "photo", "gender", "applied_on"])
@pytest.mark.parametrize("nonsense", ["\x00", "９", "x" * 400, "-1", "99999999999999999999"])
def test_nonsense_is_answered_and_changes_nothing(county, fujian, form, name, nonsense):
    sent = form(county, NEW_NUMBER, **{**NEWCOMER, "birth_date": ""})
    assert county.post(SEND, **{**sent, name: nonsense, "branch": ""}).status_code in (200, 403, 422)
    assert transfers() == 0


# --- Divisions and branches to choose from ---


@pytest.mark.parametrize(
    ("code", "cities", "first"),
    [("44", True, "广州市"), ("4403", False, "罗湖区"), ("11", False, "东城区"), ("4419", False, None)],
)
def test_r42_the_divisions_inside_one(county, code, cities, first):
    answer = county.get(f"/lookup/areas?in={code}").json
    assert answer["cities"] is cities
    assert (answer["areas"][0]["name"] if answer["areas"] else None) == first


@pytest.mark.parametrize("code", ["35", "3501", "", "x", "\x00"])
def test_r42_ones_own_province_is_not_among_them(county, code):
    assert county.get("/lookup/areas", query_string={"in": code}).status_code == 404


def test_r42_the_branches_of_the_registering_organization_are_offered(county, fujian):
    ask = {"for": "entering", "org": fujian.org(COUNTY).id, "q": "支部"}
    offered = {row["label"] for row in county.get("/lookup/organizations", query_string=ask).json}
    assert {SOURCE, SISTER, "鼓楼区委直属支部"} <= offered
    assert not {"五龙村支部", "市直机关第一支部"} & offered
    other = {**ask, "org": fujian.org(CITY).id}
    assert county.get("/lookup/organizations", query_string=other).json == []


# --- R23: again ---


@pytest.fixture
def back(fujian):
    """韦小宝's came back to the county."""
    liaison = fujian.liaison_of(COUNTY)
    return liaison.reject(liaison.enter(NEW_NUMBER, COUNTY, SOURCE, person=NEWCOMER), reason="姓名有误")


def test_r23_the_form_comes_filled_in_with_the_photos_that_are_there(county, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    assert "再次上报" in text_of(page) and "介绍信.jpg" in text_of(page)
    kept = {name: typed(page, name) for name in ("name", "province", "city", "county", "category", "branch")}
    assert kept == {
        "name": "韦小宝", "province": "44", "city": "4403", "county": "440305", "category": "full",
        "branch": "粤海街道科技园社区第一支部",
    }  # fmt: skip


def test_r23_it_is_sent_again_with_what_was_changed(county, fujian, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    sent = next(form for form in page_of(page).forms if "branch" in form)
    changed = {**sent, "name": "韦小玉", "province": "11", "city": "", "county": "110101", "files": photo("补.jpg")}
    response = county.post(f"/transfers/{back.key}/resubmit", **changed)
    assert response.status_code == 303
    assert fujian.fresh(back).comes_from == "北京市东城区粤海街道科技园社区第一支部"
    assert fujian.member("韦小玉").organization.kind is OrganizationKind.TEMPORARY
    said = text_of(county.get(f"/transfers/{back.key}"))
    assert "姓名： 韦小宝 → 韦小玉" in said and "补.jpg" in said


def test_r23_the_route_that_is_asked_for_is_the_one_that_may_be_sent(county, fujian, back):
    place, there = fujian.org(COUNTY).id, fujian.org(SISTER).id
    answer = county.get(f"/transfers/preview?kind=entering&transfer={back.key}&destination={there}")
    assert f'data-way="{place}:{there}" data-next="{COUNTY}"' in answer.text


def test_r23_who_was_claimed_chooses_another_branch_of_the_organization_that_registered_them(fujian, visit):
    liaison = fujian.liaison_of(COUNTY)
    transfer = liaison.enter(fujian.member("孙丽娜").id_number, COUNTY, SOURCE)
    member = visit("孙丽娜")
    ask = {"for": "entering", "org": fujian.org(COUNTY).id, "q": "支部"}

    def offered(**asked) -> set[str]:
        return {row["label"] for row in member.get("/lookup/organizations", query_string={**ask, **asked}).json}

    assert offered() == set()
    liaison.reject(transfer)
    assert {SOURCE, SISTER} <= offered() and "五龙村支部" not in offered()
    assert offered(org=fujian.org(CITY).id) == set()
    page = member.get(f"/transfers/{transfer.key}/resubmit")
    sent = next(form for form in page_of(page).forms if "branch" in form)
    there = fujian.org(SISTER).id
    shown = member.get(f"/transfers/preview?kind=entering&transfer={transfer.key}&destination={there}").text
    way = re.search('data-way="([^"]+)"', shown)[1]
    changed = {**sent, "destination": there, "seen": way}
    wrong = member.post(f"/transfers/{transfer.key}/resubmit", **{**changed, "branch": "", "files": no_file()})
    assert wrong.status_code == 422 and f'value="{SISTER}"' in wrong.text
    foreign = fujian.org("五龙村支部").id
    away = member.post(f"/transfers/{transfer.key}/resubmit", **{**changed, "destination": foreign, "files": no_file()})
    assert away.status_code == 422 and 'value="五龙村支部"' not in away.text
    response = member.post(f"/transfers/{transfer.key}/resubmit", **{**changed, "files": no_file()})
    assert response.status_code == 303
    assert fujian.fresh(transfer).destination.name == SISTER
    assert offered() == set()


def test_r30_a_name_that_was_corrected_meanwhile_is_not_put_back(county, fujian, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    sent = next(form for form in page_of(page).forms if "branch" in form)
    fujian.member("韦小宝").name = "韦晓宝"
    db.session.commit()
    response = county.post(f"/transfers/{back.key}/resubmit", **{**sent, "reason": "随迁", "files": (io.BytesIO(), "")})
    assert "刚刚被其他人修改" in text_of(county.get(response.location))
    assert fujian.member("韦晓宝").name and fujian.fresh(back).state.value == "rejected"


def test_r30_a_form_that_comes_back_with_a_mistake_is_as_old_as_it_was(county, fujian, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    sent = {**next(form for form in page_of(page).forms if "branch" in form), "files": no_file()}
    fujian.member("韦小宝").name = "韦晓宝"
    db.session.commit()
    again = county.post(f"/transfers/{back.key}/resubmit", **{**sent, "reason": ""})
    assert again.status_code == 422
    kept = {**next(form for form in page_of(again).forms if "branch" in form), "files": no_file(), "reason": "随迁"}
    response = county.post(f"/transfers/{back.key}/resubmit", **kept)
    assert "刚刚被其他人修改" in text_of(county.get(response.location))
    assert fujian.member("韦晓宝").name and fujian.fresh(back).state.value == "rejected"


def test_r30_what_a_colleague_has_sent_meanwhile_is_not_written_over(county, fujian, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    sent = next(form for form in page_of(page).forms if "branch" in form)
    liaison = fujian.liaison_of(COUNTY)
    liaison.reject(liaison.resubmit(back, reason="照顾父母"))
    for changed in ({"seen": ""}, {"reason": ""}):
        again = county.post(f"/transfers/{back.key}/resubmit", **{**sent, **changed, "files": no_file()})
        kept = {**next(form for form in page_of(again).forms if "branch" in form), "files": no_file(), "reason": "随迁"}
        response = county.post(f"/transfers/{back.key}/resubmit", **kept)
        assert "未能“上报”" in text_of(county.get(response.location))
    assert fujian.fresh(back).reason == "照顾父母"


def test_r23_a_division_that_is_no_more_is_chosen_anew(county, back):
    db.session.execute(update(Transfer).values(previous_area="440399"))
    db.session.commit()
    page = county.get(f"/transfers/{back.key}/resubmit")
    assert page.status_code == 200 and typed(page, "province") == ""


def test_r23_a_mistake_is_told_and_nothing_is_sent(county, fujian, back):
    page = county.get(f"/transfers/{back.key}/resubmit")
    sent = next(form for form in page_of(page).forms if "branch" in form)
    response = county.post(f"/transfers/{back.key}/resubmit", **{**sent, "name": "", "files": photo("补.jpg")})
    assert response.status_code == 422 and "请填写姓名" in text_of(response)
    assert 'name="photo"' in response.text
    assert fujian.fresh(back).state.value == "rejected"


# --- R44 ---


def test_r44_the_route_of_another_branch_is_shown_before_it_is_chosen(fujian, visit):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    fujian.bring(transfer, SOURCE)
    fujian.liaison_of(SOURCE).object(transfer)
    general = visit("军门社区总支联络员")
    ends = f"/transfers/preview?action=reassign&transfer={transfer.key}&destination="
    said = text_of(general.get(f"{ends}{fujian.org(SISTER).id}"))
    assert "2 个环节" in said and f"{SISTER} 支部接收" in said and f"{SISTER} 支部确认报到" in said
    assert "只能改派到“军门社区总支”范围内的支部" in text_of(general.get(f"{ends}{fujian.org('五龙村支部').id}"))
    assert "就是现在的目的支部" in text_of(general.get(f"{ends}{fujian.org(SOURCE).id}"))
    assert visit(f"{STREET}联络员").get(f"{ends}{fujian.org(SISTER).id}").status_code == 404


# --- The record ---


def test_r34_the_chart_begins_with_who_registered_it(county, fujian):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    said = text_of(county.get(f"/transfers/{transfer.key}"))
    assert f"申请 已办： {COUNTY} 转入申请 上报" in said
    assert f"转入方 待办： {COUNTY} 转入审批" in said
    fujian.liaison_of(COUNTY).reject(transfer)
    assert f"申请 退回： {COUNTY} 转入申请 已驳回" in text_of(county.get(f"/transfers/{transfer.key}"))


def test_r33_it_stands_among_the_incoming_records_with_where_it_comes_from(county, fujian):
    fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    said = text_of(county.get("/transfers/?tab=in"))
    assert "广东省深圳市南山区粤海街道科技园社区第一支部 → 转往 军门第一支部" in said
    assert "马海涛" not in text_of(county.get("/transfers/?tab=out"))


def test_r38_the_last_photo_of_a_letter_under_way_cannot_be_removed(county, fujian):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    photo_key = db.session.scalars(select(Attachment.key)).one()
    response = county.post(f"/attachments/{photo_key}/remove")
    assert "至少要有一张介绍信照片" in text_of(county.get(response.location))
    fujian.liaison_of(COUNTY).withdraw(transfer)
    county.post(f"/attachments/{photo_key}/remove")
    db.session.commit()
    assert db.session.scalars(select(Attachment.removed_at)).one() is not None


# --- R42: the receipt ---


def test_r42_the_receipt_is_printed_once_the_member_has_come(fujian, visit):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE)
    street = visit(f"{STREET}联络员")
    assert "打印回执" not in street.get(f"/transfers/{transfer.key}").text
    fujian.complete(transfer)
    assert "打印回执" in street.get(f"/transfers/{transfer.key}").text
    answers = [street.post(f"/transfers/{transfer.key}/receipt.pdf") for _ in range(2)]
    assert [answer.mimetype for answer in answers] == ["application/pdf"] * 2
    assert answers[0].data == answers[1].data
    said = PdfReader(io.BytesIO(answers[0].data)).pages[0].extract_text()
    number = f"{clock.this_month().replace('-', '')}00001"
    assert f"第 {number} 号" in said and "马海涛" in said and "中共深圳市南山区委组织部" in said
    assert "同志的党员组织关系已转达我处，特此回复" in re.sub(r"\s", "", said)
    printed = select(func.count()).where(HistoryEntry.action == HistoryAction.PRINT_RECEIPT)
    assert db.session.scalar(printed) == 1
    assert f"已办结 → 到 已办结 R42 回执编号： → {number}" in text_of(street.get(f"/transfers/{transfer.key}"))


@pytest.mark.parametrize("who", [f"{COUNTY}联络员", f"{SOURCE}联络员", ADMIN, AUDITOR])
def test_r42_nobody_else_prints_it(fujian, visit, who):
    transfer = fujian.complete(fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, SOURCE))
    visitor = visit(who)
    assert "打印回执" not in visitor.get(f"/transfers/{transfer.key}").text
    assert visitor.post(f"/transfers/{transfer.key}/receipt.pdf").status_code == 303
    assert HistoryAction.PRINT_RECEIPT not in [entry.action for entry in fujian.entries(transfer)]


# --- What is held, and by whom ---


def test_r42_what_is_held_is_shown_to_who_uploaded_it_and_to_nobody_else(county, fujian, visit):
    key = fujian.liaison_of(COUNTY).hold_photo()
    assert county.get(f"/attachments/held/{key}").status_code == 200
    assert county.get(f"/attachments/{key}").status_code == 404
    for who in (f"{CITY}联络员", ADMIN, "林小雨"):
        assert visit(who).get(f"/attachments/held/{key}").status_code == 404
    assert db.session.scalars(select(Attachment.kind)).all() == [AttachmentKind.LETTER]


def test_r49_the_audit_log_says_who_looked_for_whom(county, fujian, visit):
    county.post(ENTER, registering=fujian.org(COUNTY).id, id_number=id_number(MALE, 310))
    said = text_of(visit(ADMIN).get("/audit/?event=member_looked_up"))
    assert "按身份证号查找" in said and "没有登记" in said and COUNTY in said
    assert id_number(MALE, 310) not in said
