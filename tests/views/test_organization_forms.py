"""【组织】 kept by a provincial admin: new, changed, moved, deactivated, deleted (R1, R5, R12)."""

import pytest

from tests.views.panel import (
    audited,
    fields,
    flashed,
    latest_audit,
    listed,
    not_refused,
    post,
    save,
    send,
    snapshot,
    told,
)
from tests.views.transfer_panel import text_of
from tests.world import ADMIN

NEW = "/organizations/new/"
STREET, GENERAL, SOURCE, UNSET, TOWN = "东街街道工委", "军门社区总支", "军门第一支部", "安泰街道工委", "古田镇党委"


@pytest.fixture
def admin(visit):
    return visit(ADMIN)


@pytest.fixture
def new(fujian, admin):
    """`new(kind="branch")`: the form of a new branch under 军门社区总支, sent with some fields changed."""

    form = {"name": "军门第三支部", "code": "X1", "kind": "branch", "parent_id": GENERAL}
    return lambda **changes: save(admin, NEW, "name", **by_id(fujian, {**form, **changes}))


@pytest.fixture
def edit(fujian, admin):
    """`edit("军门社区总支", kind="branch")`: an organization's form, sent with some fields changed."""

    def sent(organization, /, **changes):
        return save(admin, f"/organizations/edit/?id={fujian.org(organization).id}", **by_id(fujian, changes))

    return sent


def by_id(fujian, changes):
    """The fields as a form sends them: a parent that is named, by its id."""
    return {name: fujian.org(value).id if name == "parent_id" else value for name, value in changes.items()}


# --- A new one ---


def test_r1_a_new_organization_stands_under_its_parent_and_in_the_audit_log(new, admin, fujian):
    answer = new(level_rank="7", contact_name="李干事", contact_phone="0591-1")
    made = fujian.org("军门第三支部")
    assert answer.status_code == 303 and answer.location == f"/organizations/details/?id={made.id}"
    assert "已新增“军门第三支部”。" in text_of(admin.get(answer.location))
    assert made.path.startswith(fujian.org(GENERAL).path) and made.level_rank == 7 and made.is_active
    assert audited() == [("organization_created", ADMIN, "军门第三支部", "")]
    assert latest_audit().details["values"]["code"] == "X1"


def test_r1_a_holding_organization_stands_under_nothing(admin, fujian):
    assert save(admin, NEW, "name", name="驻外单位", code="X1", kind="special").status_code == 303
    assert fujian.org("驻外单位").parent_id is None


def test_the_form_opens_where_one_came_from(admin, fujian):
    page = admin.get(f"{NEW}?org={fujian.org(GENERAL).id}")
    form = fields(page, "parent_id")
    assert form["parent_id"] == str(fujian.org(GENERAL).id) and form["is_active"] == "y" and form["level_rank"] == ""
    assert f'value="{GENERAL}"' in page.text and "福建省委 / 福州市委" in page.text


REFUSED = [
    ({"name": ""}, "name", "请填写组织名称。"),
    ({"name": "   "}, "name", "请填写组织名称。"),
    ({"name": "长" * 121}, "name", "内容过长，请控制在120字以内。"),
    ({"code": ""}, "code", "请填写组织代码。"),
    ({"code": "350009"}, "code", "组织代码350009已被“东街街道工委”使用。"),
    ({"code": "9" * 41}, "code", "内容过长，请控制在40字以内。"),
    ({"contact_name": "长" * 61}, "contact_name", "内容过长，请控制在60字以内。"),
    ({"contact_phone": "9" * 41}, "contact_phone", "内容过长，请控制在40字以内。"),
    ({"kind": "committee"}, "parent_id", "下面不能设党委或党工委。"),
    ({"kind": "branch", "parent_id": SOURCE}, "parent_id", "是党支部，下面不能再设组织。"),
    ({"kind": "branch", "parent_id": "特殊组织"}, "parent_id", "是特殊组织，下面不能再设组织。"),
    ({"kind": "special"}, "parent_id", "特殊组织不设上级组织，请清空上级组织。"),
    ({"level_rank": "6"}, "level_rank", "党支部只能设置为7级"),
    ({"level_rank": "5", "kind": "committee", "parent_id": STREET}, "level_rank", "必须低于其上级“东街街道工委”"),
    ({"level_rank": "6", "kind": "committee", "parent_id": STREET}, "level_rank", "必须低于其上级“东街街道工委”"),
]
HAND_MADE = [
    ({"parent_id": ""}, "parent_id", "必须有上级组织。"),
    ({"parent_id": "999999"}, "parent_id", "上级组织不存在，请重新选择。"),
    ({"parent_id": "", "kind": "committee"}, "parent_id", "只能有一个根组织（已有“福建省委”）"),
    ({"kind": "nonsense"}, "kind", "选"),
    ({"level_rank": "99"}, "level_rank", "选"),
]


def test_each_refusal_stands_at_its_field_and_nothing_is_saved(new):
    before = snapshot()
    assert not_refused(new, REFUSED) == []
    assert snapshot() == before


def test_a_hand_made_form_is_told_at_its_field_too(admin, fujian):
    before = snapshot()
    form = {"name": "新支部", "code": "X1", "kind": "branch", "parent_id": fujian.org(GENERAL).id, "is_active": "y"}
    assert not_refused(lambda **changes: post(admin, NEW, **{**form, **changes}), HAND_MADE) == []
    assert snapshot() == before


def test_what_was_typed_is_still_there_after_a_refusal(new, fujian):
    answer = new(code="350009", name="军门第三支部", contact_name="李干事", level_rank="7")
    form = fields(answer, "code")
    assert (form["name"], form["code"], form["contact_name"]) == ("军门第三支部", "350009", "李干事")
    assert (form["kind"], form["level_rank"]) == ("branch", "7")
    assert form["parent_id"] == str(fujian.org(GENERAL).id) and f'value="{GENERAL}"' in answer.text


# --- Changed ---


def test_a_change_is_saved_told_and_audited_from_what_to_what(edit, admin, fujian):
    answer = edit(SOURCE, contact_name=" 李干事 ", contact_phone="0591-1")
    assert "已保存“军门第一支部”。" in text_of(admin.get(answer.location))
    assert fujian.org(SOURCE).contact_name == "李干事"
    entry = latest_audit()
    assert (entry.event, entry.organization_name, entry.actor_name) == ("organization_changed", SOURCE, ADMIN)
    assert entry.details["changes"]["contact_name"] == ["王干事", "李干事"]


def test_saving_without_a_change_leaves_no_audit_entry(edit):
    before = snapshot()
    assert edit(STREET).status_code == 303
    assert audited() == [] and snapshot() == before


CHANGES_REFUSED = [
    ({"organization": STREET, "parent_id": GENERAL}, "parent_id", "上级组织成环：“东街街道工委”不能是自己的上级。"),
    ({"organization": STREET, "parent_id": STREET}, "parent_id", "上级组织成环"),
    ({"organization": "鼓楼区委", "parent_id": TOWN}, "level_rank", "必须低于其上级“古田镇党委”（6级）"),
    ({"organization": STREET, "level_rank": "5"}, "level_rank", "必须低于其上级“鼓楼区委”（5级）"),
    ({"organization": "鼓楼区委", "level_rank": "6"}, "level_rank", "必须低于其上级“鼓楼区委”（6级）"),
    ({"organization": GENERAL, "kind": "branch"}, "kind", "下面不能再设组织。"),
    ({"organization": SOURCE, "kind": "general_branch"}, "kind", "还有党员，不能改为党总支。"),
    ({"organization": SOURCE, "code": "350009"}, "code", "已被“东街街道工委”使用。"),
    ({"organization": SOURCE, "name": ""}, "name", "请填写组织名称。"),
]


def test_a_change_that_a_rule_refuses_is_told_at_its_field(edit):
    before = snapshot()
    assert not_refused(lambda organization, **changes: edit(organization, **changes), CHANGES_REFUSED) == []
    assert snapshot() == before


def test_r5_moving_is_told_where_it_is_wrong_and_moves_nothing(edit, fujian):
    answer = edit("鼓楼区委", parent_id="龙岩市委", level_rank="3")
    assert "必须低于其上级“龙岩市委”（3级）" in told(answer)["level_rank"]
    assert fujian.org("鼓楼区委").parent_id == fujian.org("福州市委").id


def test_r1_moving_takes_the_subtree_its_members_and_their_transfers_along(edit, fujian):
    transfer = fujian.apply("林小雨", "五龙村支部")
    edit(GENERAL, parent_id=TOWN)
    below = fujian.org(TOWN).path
    assert fujian.org(SOURCE).path.startswith(below) and fujian.member("林小雨").org_path == fujian.org(SOURCE).path
    assert fujian.fresh(transfer).source_path == fujian.org(SOURCE).path
    assert ("organization_moved", ADMIN, GENERAL, "") in audited()


def test_r5_a_level_set_in_the_form_is_an_audit_entry_of_its_own(edit, fujian):
    edit(UNSET, level_rank="6", contact_name="李干事")
    assert fujian.org(UNSET).level_rank == 6
    assert {event for event, *_rest in audited()} == {"level_set", "organization_changed"}


def test_a_stale_form_is_told_and_overwrites_nothing(admin, fujian):
    path = f"/organizations/edit/?id={fujian.org(SOURCE).id}"
    seen = fields(admin.get(path))
    save(admin, path, contact_name="后来的人")
    answer = send(admin, path, **{**seen, "contact_name": "先来的人"})
    assert answer.status_code == 303 and answer.location == path
    page = admin.get(path)
    assert "该记录已被他人修改。下面是最新内容，请核对后重新修改。" in flashed(page)["error"]
    assert fields(page)["contact_name"] == fujian.org(SOURCE).contact_name == "后来的人"


def test_a_form_without_its_version_overwrites_nothing(edit, fujian):
    assert edit(SOURCE, version=None, contact_name="李干事").status_code == 303
    assert fujian.org(SOURCE).contact_name == "王干事"


# --- Deactivated ---


def test_r12_deactivating_lists_what_stands_in_the_way(edit, fujian):
    fujian.apply("林小雨", "五龙村支部")
    before = snapshot()
    reasons = {
        GENERAL: "启用中的下级组织2个、未办结的转接环节1个",
        SOURCE: "党员4名、未办结的转接环节1个",
        "五龙村支部": "党员1名、未办结的转接环节2个",
        TOWN: "启用中的下级组织2个、未办结的转接环节1个",
    }
    said = {name: told(edit(name, is_active=None)) for name in reasons}
    assert said == {name: {"is_active": f"不能停用“{name}”：还有{found}。"} for name, found in reasons.items()}
    assert snapshot() == before


def test_r12_an_empty_branch_is_deactivated_and_no_destination_any_more(edit, admin, fujian, visit):
    assert edit("花园弄社区支部", is_active=None).status_code == 303
    assert not fujian.org("花园弄社区支部").is_active
    assert "已停用" in text_of(admin.get(f"/organizations/details/?id={fujian.org('花园弄社区支部').id}"))
    assert visit("林小雨").get("/lookup/organizations?for=destination&q=花园弄").json == []
    assert latest_audit().details["changes"] == {"is_active": [True, False]}


def test_r12_nothing_is_activated_under_what_is_not_active(edit, fujian):
    for name in (UNSET, "朱紫坊社区支部"):
        fujian.deactivate(name)
    answer = edit("朱紫坊社区支部", is_active="y")
    assert "上级组织“安泰街道工委”已停用，请先启用上级组织。" in told(answer)["is_active"]


# --- Deleted ---


def test_deleting_lists_what_refers_to_it(admin, fujian):
    fujian.apply("林小雨", "五龙村支部")
    before, identity = snapshot(), fujian.org(SOURCE).id
    answer = post(admin, "/organizations/delete/", id=identity)
    assert answer.status_code == 303 and answer.location == f"/organizations/details/?id={identity}"
    said = flashed(admin.get(answer.location))["error"]
    assert said.startswith("不能删除“军门第一支部”：还有党员4名、转接记录1条、转接环节1个") and "可改为停用。" in said
    assert snapshot() == before


def test_deleting_what_nothing_refers_to_is_told_and_audited(new, admin, fujian):
    new()
    answer = post(admin, "/organizations/delete/", id=fujian.org("军门第三支部").id)
    page = admin.get(answer.location)
    assert flashed(page) == {"success": "已删除“军门第三支部”。"} and "军门第三支部" not in listed(page)
    assert audited()[-1] == ("organization_deleted", ADMIN, "军门第三支部", "")


def test_what_is_deleted_is_not_found_any_more(new, admin, fujian):
    new()
    identity = fujian.org("军门第三支部").id
    post(admin, "/organizations/delete/", id=identity)
    asked = [f"/organizations/{door}/?id={identity}" for door in ("details", "edit")]
    assert [admin.get(path).status_code for path in asked] == [404, 404]
    assert post(admin, "/organizations/delete/", id=identity).status_code == 404
