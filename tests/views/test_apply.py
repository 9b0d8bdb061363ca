"""【申请】 (R18-R20, R45), 再次上报 (R23), 【我的申请】: the form, the route before 上报, refusals at their fields."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import RoleCode, Transfer, clock, db
from tests.views.panel import page_of
from tests.views.transfer_panel import statements, text_of

SOURCE, STREET, TOWN, VILLAGE = "军门第一支部", "东街街道工委", "古田镇党委", "五龙村支部"
APPLY = "/transfers/apply"


@pytest.fixture
def fill(fujian):
    """`fill("林小雨", "五龙村支部")`: the form filled in, the route looked at."""

    def form(member, to=VILLAGE, **more):
        key, destination = fujian.member(member).key, str(fujian.org(to).id)
        return {
            "kind": "intra",
            "member": key,
            "destination": destination,
            "reason": "工作调动至上杭县",
            "applied_on": clock.today().isoformat(),
            "dues_paid_until": clock.this_month(),
            "seen": f"{key}:{destination}",
            **more,
        }

    return form


def transfers():
    return db.session.scalar(select(func.count()).select_from(Transfer))


def latest():
    return db.session.scalars(select(Transfer).order_by(Transfer.id.desc()).limit(1)).one()


# --- 上报 ---


def test_a_liaison_applies_for_a_member_of_the_subtree(fill, fujian, visit):
    visitor = visit(f"{STREET}联络员")
    response = visitor.post(APPLY, **fill("林小雨"))
    assert response.status_code == 303 and response.location == f"/transfers/{latest().key}"
    assert f"已上报 林小雨 的转接，现送 {SOURCE}。" in text_of(visitor.get(response.location))
    assert latest().submitting_organization_id == fujian.org(STREET).id


def test_a_member_applies_for_themself(fill, visit):
    assert visit("林小雨").post(APPLY, **fill("林小雨")).status_code == 303
    assert latest().submitting_organization_id is None


def test_a_member_can_apply_for_nobody_else(fill, fujian, visit):
    key = fujian.member("林小雨").key
    form = fill("王丽华", seen=f"{key}:{fujian.org(VILLAGE).id}")
    visit("林小雨").post(APPLY, **form)
    assert latest().member_id == fujian.member("林小雨").id


def test_a_liaison_can_apply_for_nobody_outside_the_subtree(fill, visit):
    response = visit("安泰街道工委联络员").post(APPLY, **fill("林小雨"))
    assert response.status_code == 422 and transfers() == 0
    assert "只能为自己或本组织范围内的党员申请" in text_of(response)
    assert "林小雨" not in text_of(response)


def test_the_first_click_shows_the_route_and_sends_nothing(fill, visit):
    response = visit("林小雨").post(APPLY, **fill("林小雨", seen=""))
    assert response.status_code == 200 and transfers() == 0
    said = text_of(response)
    assert "还没有上报" in said and "6 个环节" in said
    assert f'value="{fill("林小雨")["seen"]}"' in response.text


def test_a_route_that_was_seen_for_other_ends_does_not_count(fill, fujian, visit):
    seen = fill("林小雨", "古田镇机关支部")["seen"]
    assert visit("林小雨").post(APPLY, **fill("林小雨", seen=seen)).status_code == 200
    assert transfers() == 0


def test_applying_needs_the_token(fill, visit):
    assert visit("林小雨").client.post(APPLY, data=fill("林小雨")).status_code == 400
    assert transfers() == 0


@pytest.mark.parametrize("who", ["省级管理员", "审计员"])
def test_who_applies_for_nobody_has_no_form(fill, visit, who):
    visitor = visit(who)
    assert visitor.get(APPLY).status_code == 403
    assert visitor.post(APPLY, **fill("林小雨")).status_code == 403
    assert transfers() == 0


# --- Errors at their fields ---


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("reason", " ", "请填写转出原因。"),
        ("reason", "长" * 501, "转出原因过长"),
        ("applied_on", "昨天", "请按“年-月-日”填写申请时间"),
        ("applied_on", lambda: (clock.today() + timedelta(days=1)).isoformat(), "申请时间不得晚于今天"),
        ("dues_paid_until", "", "请按“年-月”填写党费缴纳至"),
        ("dues_paid_until", "2026-13", "请按“年-月”填写党费缴纳至"),
        ("dues_paid_until", lambda: f"{clock.today().year + 1}-01", "党费缴纳至不允许超过当前月份"),
        ("destination", "", "请选择目的支部。"),
        ("destination", "999999", "所选组织不存在"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(fill, visit, field, value, told):
    value = value() if callable(value) else value
    form = fill("林小雨", **{field: value})
    response = visit("林小雨").post(APPLY, **{**form, "seen": f"{form['member']}:{form['destination']}"})
    assert response.status_code == 422 and transfers() == 0
    assert told in text_of(response)
    kept = "dues_paid_until" if field == "reason" else "reason"
    assert form[kept] in response.text


def test_everything_that_is_wrong_is_told_at_once(fill, visit):
    response = visit("林小雨").post(
        APPLY, **fill("林小雨", reason="", applied_on="", dues_paid_until="", destination="")
    )
    assert response.text.count('class="help bad"') == 4


def test_a_month_as_text_is_enough(fill, visit):
    visit("林小雨").post(APPLY, **fill("林小雨", dues_paid_until="2026-01"))
    assert latest().dues_paid_until == "2026-01"


def test_r20_a_second_application_is_refused(fill, fujian, visit):
    fujian.apply("林小雨", VILLAGE)
    response = visit("林小雨").post(APPLY, **fill("林小雨", "古田镇机关支部"))
    assert response.status_code == 422 and transfers() == 1
    assert "不允许重复提交" in text_of(response)


@pytest.mark.parametrize(
    ("member", "to", "told"),
    [
        ("林小雨", SOURCE, "目的支部不能与转出支部相同"),
        ("林小雨", TOWN, "的目的组织必须是党支部"),
        ("林小雨", "省外组织", "的目的组织必须是党支部"),
        ("周文斌", VILLAGE, "只有状态正常的党员才能申请转接"),
    ],
)
def test_who_or_where_cannot_be(fill, visit, member, to, told):
    response = visit(f"{STREET}联络员").post(APPLY, **fill(member, to))
    assert transfers() == 0
    assert told in text_of(response)


# --- The route before 上报 (R45) ---


def preview(visitor, fujian, member, to, **more):
    arguments = {"kind": "intra", "member": fujian.member(member).key, "destination": fujian.org(to).id, **more}
    return visitor.get("/transfers/preview", query_string=arguments)


def test_the_route_with_each_liaison(fujian, visit):
    said = text_of(preview(visit("林小雨"), fujian, "林小雨", VILLAGE))
    assert "6 个环节" in said
    assert f"{SOURCE} 转出支部审批 · 联络员 虚拟管理员、陈国强" in said
    assert said.index(SOURCE) < said.index("军门社区总支") < said.index(STREET) < said.index(TOWN)


def test_it_warns_of_a_level_that_is_not_set(fujian, visit):
    assert "未设置权限级别" in text_of(preview(visit("郭雅婷"), fujian, "郭雅婷", VILLAGE))
    assert "未设置权限级别" not in text_of(preview(visit("林小雨"), fujian, "林小雨", VILLAGE))


def test_it_warns_of_an_organization_without_liaison(fujian, visit):
    fujian.without_liaison(TOWN)
    assert "无有效联络员" in text_of(preview(visit("林小雨"), fujian, "林小雨", VILLAGE))


def test_it_says_why_there_is_no_route(fujian, visit):
    assert "目的支部不能与转出支部相同" in text_of(preview(visit("林小雨"), fujian, "林小雨", SOURCE))
    for name in ("福建省委", "龙岩市委", "上杭县委", TOWN):
        fujian.set_level(name, None)
    said = text_of(preview(visit("林小雨"), fujian, "林小雨", VILLAGE))
    assert "没有任何组织设置了" in said and "个环节" not in said


def test_it_is_for_those_who_may_apply_for_the_member(fujian, visit):
    assert preview(visit("安泰街道工委联络员"), fujian, "林小雨", VILLAGE).status_code == 404
    assert preview(visit("王丽华"), fujian, "林小雨", VILLAGE).status_code == 404
    assert preview(visit("省级管理员"), fujian, "林小雨", VILLAGE).status_code == 404


def test_it_is_a_fragment_and_names_no_number(fujian, visit):
    page = preview(visit("林小雨"), fujian, "林小雨", VILLAGE).text
    assert "<html" not in page
    assert fujian.member("林小雨").id_number_masked not in page


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "99999999999999999999", "²"])
def test_it_survives_a_destination_that_is_none(fujian, visit, nonsense):
    member = fujian.member("林小雨").key
    answer = visit("林小雨").get("/transfers/preview", query_string={"member": member, "destination": nonsense})
    assert answer.status_code == 200 and 'role="alert"' in answer.text


# --- 再次上报 ---


@pytest.fixture
def rejected(fujian):
    """林小雨's own application, rejected by her branch."""
    transfer = fujian.apply("林小雨", VILLAGE)
    return fujian.liaison_of(SOURCE).reject(transfer, "目的支部有误")


def test_the_form_is_filled_in_with_what_was_sent(rejected, visit):
    page = visit("林小雨").get(f"/transfers/{rejected.key}/resubmit").text
    assert "工作调动" in page and f'value="{VILLAGE}"' in page and f'value="{rejected.dues_paid_until}"' in page
    assert "6 个环节" in page


def test_sending_again_with_another_destination(rejected, fill, fujian, visit):
    form = fill("林小雨", "古田镇机关支部", version=rejected.version)
    response = visit("林小雨").post(f"/transfers/{rejected.key}/resubmit", **form)
    assert response.status_code == 303
    again = fujian.fresh(rejected)
    assert again.destination.name == "古田镇机关支部" and again.current_organization.name == SOURCE
    said = text_of(visit("林小雨").get(response.location))
    assert f"目的支部： {VILLAGE} → 古田镇机关支部" in said


def test_sending_again_with_something_wrong(rejected, fill, fujian, visit):
    form = fill("林小雨", version=rejected.version, reason="")
    response = visit("林小雨").post(f"/transfers/{rejected.key}/resubmit", **form)
    assert response.status_code == 422 and "请填写转出原因。" in text_of(response)
    assert fujian.fresh(rejected).version == rejected.version


def test_r30_a_form_that_comes_back_with_a_mistake_is_as_old_as_it_was(rejected, fill, fujian, visit):
    form = fill("林小雨", version=rejected.version)
    visitor, member = visit("林小雨"), fujian.person("林小雨")
    fujian.liaison_of(SOURCE).reject(member.resubmit(rejected, reason="照顾父母"))
    for changed in ({"reason": ""}, {"seen": ""}):
        page = visitor.post(f"/transfers/{rejected.key}/resubmit", **{**form, **changed})
        kept = next(found for found in page_of(page).forms if "reason" in found)
        response = visitor.post(f"/transfers/{rejected.key}/resubmit", **{**kept, "reason": "随迁"})
        assert "未能“上报”" in text_of(visitor.get(response.location))
    assert fujian.fresh(rejected).reason == "照顾父母"


def test_r45_where_there_is_no_route_the_destination_says_why(fill, fujian, visit):
    for name in ("福建省委", "龙岩市委", "上杭县委", TOWN):
        fujian.set_level(name, None)
    response = visit("林小雨").post("/transfers/apply", **fill("林小雨", seen=""))
    beside = re.search(r'class="help bad" role="alert">([^<]+)', response.text)
    assert response.status_code == 422 and beside and "没有任何组织设置了" in beside[1]
    assert transfers() == 0


def test_sending_again_what_is_under_way_is_told(fill, fujian, visit):
    transfer = fujian.apply("林小雨", VILLAGE)
    visitor = visit("林小雨")
    assert visitor.get(f"/transfers/{transfer.key}/resubmit").location == f"/transfers/{transfer.key}"
    response = visitor.post(f"/transfers/{transfer.key}/resubmit", **fill("林小雨", version=transfer.version))
    assert response.status_code == 303
    assert "未能“上报”" in text_of(visitor.get(response.location))


def test_sending_again_for_somebody_else_is_told(rejected, fill, fujian, visit):
    visitor = visit(f"{STREET}联络员")
    response = visitor.post(
        f"/transfers/{rejected.key}/resubmit", **fill("林小雨", "古田镇机关支部", version=rejected.version)
    )
    assert "未能“上报”" in text_of(visitor.get(response.location))
    assert fujian.fresh(rejected).version == rejected.version


# --- 我的申请 ---


def test_a_member_sees_where_it_stands_and_what_they_may_do(fujian, visit):
    transfer = fujian.apply("林小雨", VILLAGE)
    page = visit("林小雨").get("/mine/")
    assert f"待{SOURCE}审批" in text_of(page)
    assert f"/transfers/{transfer.key}/ask/withdraw" in page.text and f'href="/transfers/{transfer.key}"' in page.text


def test_what_came_back_can_be_sent_again_or_voided(rejected, visit):
    page = visit("林小雨").get("/mine/")
    assert "已驳回至申请人" in text_of(page) and "再次上报" in text_of(page)
    assert f"/transfers/{rejected.key}/ask/void" in page.text and f"/transfers/{rejected.key}/resubmit" in page.text


def test_only_the_own_are_there(fujian, visit):
    fujian.apply("林小雨", VILLAGE)
    assert "还没有申请" in text_of(visit("陈国强").get("/mine/"))


def test_who_is_no_member_has_no_applications(visit):
    assert visit(f"{STREET}联络员").get("/mine/").status_code == 403


def test_a_liaison_who_is_a_member_applies_for_themself_from_there(fujian, visit):
    fujian.grant("林小雨", RoleCode.LIAISON, "军门第二支部")
    key = fujian.member("林小雨").key
    visitor = visit("林小雨")
    assert f'href="{APPLY}?member={key}"' in visitor.get("/mine/").text
    assert f'name="member" value="{key}"' in visitor.get(f"{APPLY}?member={key}").text


def test_the_list_of_the_own_costs_the_same_for_one_and_for_many(fujian, visit):
    visitor = visit("林小雨")
    fujian.person("林小雨").withdraw(fujian.apply("林小雨", VILLAGE))
    with statements() as few:
        visitor.get("/mine/")
    for _time in range(6):
        fujian.person("林小雨").void(latest())
        fujian.person("林小雨").withdraw(fujian.apply("林小雨", VILLAGE))
    with statements() as many:
        visitor.get("/mine/")
    assert len(many) == len(few)
