"""【党员信息维护】: a new member, a changed one, a deleted one; each refusal at its field (R1, R6, R7, R32a, R41)."""

from datetime import timedelta

import pytest

from models import Gender, clock
from tests.views.panel import (
    audited,
    fields,
    flashed,
    latest_audit,
    listed,
    more_members,
    not_refused,
    post,
    save,
    snapshot,
    told,
)
from tests.views.transfer_panel import text_of
from tests.world import ADMIN, AUDITOR, id_number

NEW = "/members/new/"
STREET, SOURCE, BRANCH = "东街街道工委", "军门第一支部", "旗汛口社区支部"
FREE, OTHER_SEX = id_number(Gender.FEMALE, 90), id_number(Gender.MALE, 91)


@pytest.fixture
def admin(visit):
    return visit(ADMIN)


@pytest.fixture
def new(fujian, admin):
    """`new(phone="0591-87654321")`: the form of a new member of 军门第一支部, sent with some fields changed."""
    form = {"name": "刘芳", "id_number": FREE, "gender": "female", "ethnicity": "畲族", "joined_on": "2020-07-01"}
    form |= {"phone": "139 0000 1111", "organization_id": fujian.org(SOURCE).id}
    return lambda **changes: save(admin, NEW, "name", **{**form, **changes})


@pytest.fixture
def edit(fujian, admin):
    """`edit("林小雨", phone="")`: a member's form, sent by who keeps the data with some fields changed."""

    def sent(member, /, who=admin, **changes):
        return save(who, f"/members/edit/?id={fujian.member(member).key}", **changes)

    return sent


# --- A new one ---


def test_a_new_member_is_told_masked_and_in_the_audit_log(new, admin, fujian):
    answer = new()
    made = fujian.member("刘芳")
    assert answer.status_code == 303 and answer.location == f"/members/details/?id={made.key}"
    assert "已新增“刘芳”。" in text_of(admin.get(answer.location))
    assert (made.id_number, made.phone, made.organization.name) == (FREE, "13900001111", SOURCE)
    assert (made.category, made.status, made.phone_activated_at) == ("full", "normal", None)
    assert audited() == [("member_created", ADMIN, SOURCE, "刘芳")]
    assert FREE not in repr(snapshot()) and "13900001111" not in repr(latest_audit().details)


def test_the_form_opens_where_one_came_from(admin, fujian):
    page = admin.get(f"{NEW}?org={fujian.org(SOURCE).id}")
    assert fields(page, "organization_id")["organization_id"] == str(fujian.org(SOURCE).id)
    assert f'value="{SOURCE}"' in page.text and "军门社区总支" in page.text


REFUSED = [
    ({"name": " "}, "name", "请填写姓名。"),
    ({"name": "长" * 61}, "name", "姓名过长，请控制在60字以内。"),
    ({"name": "刘\u2028芳"}, "name", "姓名中有换行或控制字符，请删除。"),
    ({"id_number": ""}, "id_number", "请填写身份证号。"),
    ({"id_number": FREE[:-1]}, "id_number", "身份证号应为18位"),
    ({"id_number": FREE[:-1] + str((int(FREE[-1], 36) + 1) % 10)}, "id_number", "身份证号的校验码不对"),
    ({"id_number": id_number(Gender.FEMALE, 1)}, "id_number", "该身份证号已登记在另一名党员名下，请核对。"),
    ({"id_number": OTHER_SEX}, "gender", "性别与身份证号第17位不符"),
    ({"gender": "male"}, "gender", "性别与身份证号第17位不符"),
    ({"gender": "x"}, "gender", "选"),
    ({"ethnicity": "火星族"}, "ethnicity", "选"),
    ({"category": "x"}, "category", "选"),
    ({"phone": "0591-87654321"}, "phone", "手机号码应为中国大陆11位手机号，不能是固定电话。"),
    ({"phone": "+1 212 555 0100"}, "phone", "手机号码应为中国大陆11位手机号"),
    ({"phone": "13800000001"}, "phone", "该手机号码已登记在另一名党员名下，请核对。"),
    ({"joined_on": "昨天"}, "joined_on", "请按“年-月-日”填写"),
    ({"joined_on": "2020-02-30"}, "joined_on", "请按“年-月-日”填写"),
    ({"joined_on": (clock.today() + timedelta(days=2)).isoformat()}, "joined_on", "入党日期不能晚于今天。"),
    ({"organization_id": ""}, "organization_id", "没有这个组织，请核对。"),
    ({"organization_id": "999999"}, "organization_id", "没有这个组织，请核对。"),
]


def test_each_refusal_stands_at_its_field_and_nothing_is_saved(new):
    before = snapshot()
    assert not_refused(new, REFUSED) == []
    assert snapshot() == before


def test_r1_members_belong_to_branches(new, fujian):
    before = snapshot()
    homes = [fujian.org(name).id for name in (STREET, "军门社区总支", "福建省委")]
    cases = [({"organization_id": home}, "organization_id", "党员只能属于党支部。") for home in homes]
    assert not_refused(new, cases) == [] and snapshot() == before


def test_r1_members_belong_to_active_branches(new, fujian):
    fujian.deactivate("花园弄社区支部")
    answer = new(organization_id=fujian.org("花园弄社区支部").id)
    assert told(answer) == {"organization_id": "“花园弄社区支部”已停用，请另选。"}


def test_what_was_typed_is_still_there_after_a_refusal(new):
    form = fields(new(phone="0591-87654321", category="probationary"), "name")
    assert (form["name"], form["phone"], form["joined_on"]) == ("刘芳", "0591-87654321", "2020-07-01")
    assert (form["gender"], form["ethnicity"], form["category"]) == ("female", "畲族", "probationary")


# --- Changed by who keeps the data ---


def test_the_form_shows_no_id_number_and_left_empty_it_stays(edit, admin, fujian):
    member = fujian.member("林小雨")
    page = admin.get(f"/members/edit/?id={member.key}")
    assert fields(page)["id_number"] == "" and member.id_number not in page.text
    assert f"现为 {member.id_number_masked}；留空表示不修改。" in text_of(page)
    edit("林小雨", ethnicity="畲族", id_number="")
    assert fujian.member("林小雨").id_number == member.id_number


def test_a_change_is_audited_without_numbers_and_phones(edit, fujian):
    edit("林小雨", name="林晓雨", id_number=FREE, phone="13900001111", category="probationary")
    member, entry = fujian.member("林晓雨"), latest_audit()
    assert (member.id_number, member.phone, member.category) == (FREE, "13900001111", "probationary")
    assert (entry.event, entry.organization_name, entry.subject) == ("member_changed", SOURCE, "林晓雨")
    changes = entry.details["changes"]
    assert changes.pop("id_number") == changes.pop("phone") == ["***", "***"]
    assert changes == {"name": ["林小雨", "林晓雨"], "category": ["full", "probationary"]}


def test_r6_a_changed_phone_must_be_activated_again(edit, admin, fujian):
    answer = edit("林小雨", phone="13900001111", id_number="")
    assert fujian.member("林小雨").phone_activated_at is None
    assert "139****1111 未激活" in text_of(admin.get(answer.location))


def test_r6_a_phone_that_was_entered_by_mistake_is_emptied(edit, fujian):
    edit("林小雨", phone="", id_number="")
    assert (fujian.member("林小雨").phone, fujian.member("林小雨").phone_activated_at) == ("", None)


def test_an_unchanged_phone_stays_activated(edit, fujian):
    since = fujian.member("林小雨").phone_activated_at
    edit("林小雨", ethnicity="畲族", id_number="")
    assert fujian.member("林小雨").phone_activated_at == since


CHANGES_REFUSED = [
    ({"phone": "13800000002"}, "phone", "该手机号码已登记在另一名党员名下，请核对。"),
    ({"phone": "87654321"}, "phone", "手机号码应为中国大陆11位手机号"),
    ({"id_number": id_number(Gender.MALE, 2)}, "id_number", "该身份证号已登记在另一名党员名下，请核对。"),
    ({"id_number": "1"}, "id_number", "身份证号应为18位"),
    ({"id_number": OTHER_SEX}, "gender", "性别与身份证号第17位不符"),
    ({"gender": "male", "id_number": ""}, "gender", "性别与身份证号第17位不符"),
    ({"name": ""}, "name", "请填写姓名。"),
    ({"joined_on": "2999-01-01"}, "joined_on", "入党日期不能晚于今天。"),
    ({"status": "x"}, "status", "选"),
]


def test_a_change_that_a_rule_refuses_is_told_at_its_field(edit):
    before = snapshot()
    assert not_refused(lambda **changes: edit("林小雨", **changes), CHANGES_REFUSED) == []
    assert snapshot() == before


def test_r19a_who_is_not_in_good_standing_applies_no_more(edit, fujian, visit):
    edit("王丽华", status="suspended", id_number="")
    assert fujian.member("王丽华").status == "suspended"
    assert "停止党籍" in text_of(visit(f"{STREET}联络员").get("/members/?status=suspended&q=王"))


def test_r32a_the_form_of_a_member_has_no_organization(admin, fujian):
    form = fields(admin.get(f"/members/edit/?id={fujian.member('林小雨').key}"))
    assert "organization_id" not in form and "key" not in form


def test_a_stale_form_is_told_and_overwrites_nothing(edit, admin, fujian):
    path = f"/members/edit/?id={fujian.member('林小雨').key}"
    seen = {**fields(admin.get(path)), "id_number": ""}
    edit("林小雨", ethnicity="畲族", id_number="")
    answer = post(admin, path, **{**seen, "ethnicity": "满族"})
    assert answer.status_code == 303 and answer.location == path
    assert "该记录已被他人修改" in flashed(admin.get(path))["error"]
    assert fujian.member("林小雨").ethnicity == "畲族"


def test_a_field_that_a_form_leaves_out_stays_as_it_is(edit, fujian):
    edit("林小雨", joined_on=None, phone=None, id_number=None, ethnicity="畲族")
    member = fujian.member("林小雨")
    assert (member.ethnicity, member.phone, member.joined_on.isoformat()) == ("畲族", "13800000001", "2010-07-01")


# --- Changed by a liaison ---


def test_a_liaison_s_form_has_the_plain_particulars_alone(fujian, visit):
    page = visit(f"{STREET}联络员").get(f"/members/edit/?id={fujian.member('林小雨').key}")
    assert set(fields(page)) == {"csrf_token", "version", "ethnicity", "category", "joined_on"}


def test_a_liaison_s_change_is_saved_and_audited_under_their_name(edit, fujian, visit):
    answer = edit("王丽华", visit("林志强"), category="full", joined_on="2011-07-01")
    assert answer.status_code == 303
    assert (fujian.member("王丽华").category, fujian.member("王丽华").joined_on.year) == ("full", 2011)
    assert audited() == [("member_changed", "林志强", "军门第二支部", "王丽华")]


def test_a_liaison_s_refusal_stands_at_its_field(edit, visit):
    before, liaison = snapshot(), visit(f"{STREET}联络员")
    cases = [({"joined_on": "2999-01-01"}, "joined_on", "不能晚于今天"), ({"joined_on": "昨天"}, "joined_on", "请按")]
    assert not_refused(lambda **changes: edit("王丽华", liaison, **changes), cases) == [] and snapshot() == before


def test_an_auditor_has_no_form(fujian, visit):
    assert visit(AUDITOR).get(f"/members/edit/?id={fujian.member('林小雨').key}").status_code == 403


# --- Deleted ---


@pytest.mark.parametrize(
    ("applicants", "words"), [([], "已有登录账号。可改为修改党员状态。"), (["林小雨"], "已有组织关系转接记录。")]
)
def test_r31_who_has_an_account_or_a_record_is_not_deleted(admin, fujian, applicants, words):
    for name in applicants:
        fujian.apply(name, "五龙村支部")
    before, key = snapshot(), fujian.member("林小雨").key
    answer = post(admin, "/members/delete/", id=key)
    assert answer.location == f"/members/details/?id={key}"
    assert words in flashed(admin.get(answer.location))["error"]
    assert snapshot() == before


def test_who_has_neither_is_deleted_told_and_audited(admin, fujian):
    member = more_members(fujian.org(BRANCH), 1)[0]
    page = admin.get(post(admin, "/members/delete/", id=member.key).location)
    assert flashed(page) == {"success": f"已删除“{member.name}”。"} and member.name not in listed(page)
    assert audited() == [("member_deleted", ADMIN, BRANCH, member.name)]
    assert admin.get(f"/members/details/?id={member.key}").status_code == 404
