"""Before a level, a parent or a qualification is saved, the page shows what it will change (R5, R16)."""

import re

import pytest

from models import PermissionLevel, db
from tests.views.transfer_panel import text_of

STREET = "东街街道工委"


@pytest.fixture
def transfer(fujian):
    """林小雨's, waiting at 军门社区总支."""
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="军门社区总支")


def hidden(page) -> dict[str, str]:
    """The hidden fields of the page that asks, to be sent again."""
    form = page.text.split('<form method="post" class="body line">')[1].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def unset_level(visitor, fujian, **more):
    street = fujian.org(STREET)
    address = f"/level-setting/save?org={street.id}"
    return visitor.post(address, **{"version": street.version, "level_rank": "", **more})


def test_r16_the_page_names_branches_and_transfers_and_nothing_is_saved(transfer, fujian, visit):
    page = unset_level(visit("省级管理员"), fujian)
    said = text_of(page)
    assert "还没有保存" in said and "3 个支部今后的转接流程会改变" in said
    assert "军门社区总支 · 东街街道工委 · 鼓楼区委 · 古田镇党委" in said
    assert fujian.org(STREET).level_rank == 6


def test_r16_yes_saves_and_leaves_the_running_transfer_for_its_next_move(transfer, fujian, visit):
    visitor = visit("省级管理员")
    asked = hidden(unset_level(visitor, fujian))
    assert unset_level(visitor, fujian, **asked).status_code == 303
    assert fujian.org(STREET).level_rank is None
    assert "鼓楼区委" not in fujian.route_names(fujian.fresh(transfer))


def test_r16_one_click_saves_and_plans_again(transfer, fujian, visit):
    visitor = visit("省级管理员")
    asked = hidden(unset_level(visitor, fujian))
    unset_level(visitor, fujian, **asked, then="replan")
    assert "已重新规划 1 条转接的流程" in text_of(visitor.get("/"))
    assert "鼓楼区委" in fujian.route_names(fujian.fresh(transfer))
    assert fujian.history(transfer)[-1] == "重新规划流程"


def test_a_yes_to_something_else_is_asked_again(transfer, fujian, visit):
    visitor = visit("省级管理员")
    asked = hidden(unset_level(visitor, fujian))
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert "还没有保存" in text_of(unset_level(visitor, fujian, **asked))
    assert fujian.org(STREET).level_rank == 6


def test_what_changes_no_route_is_saved_at_once(fujian, visit):
    place = fujian.org("福建省委省直机关工委")
    page = visit("省级管理员").post(f"/level-setting/save?org={place.id}", version=place.version, level_rank="2")
    assert page.status_code == 303


def organization_form(organization, **more):
    return {
        "name": organization.name,
        "code": organization.code,
        "kind": organization.kind,
        "parent_id": organization.parent_id or "",
        "level_rank": organization.level_rank or "",
        "contact_name": organization.contact_name,
        "contact_phone": organization.contact_phone,
        "is_active": "y",
        "version": organization.version,
        **more,
    }


def test_r5_a_new_parent_is_shown_before_it_is_saved(transfer, fujian, visit):
    fujian.set_level(STREET, None)
    visitor, street = visit("省级管理员"), fujian.org(STREET)
    address, form = (
        f"/organizations/edit/?id={street.id}",
        organization_form(street, parent_id=fujian.org("上杭县委").id),
    )
    page = visitor.post(address, **form)
    assert "3 个支部今后的转接流程会改变" in text_of(page)
    assert fujian.org(STREET).path.startswith(fujian.org("鼓楼区委").path)
    assert visitor.post(address, **hidden(page)).status_code == 303
    assert fujian.org(STREET).path.startswith(fujian.org("上杭县委").path)


def test_a_new_name_needs_no_second_look(transfer, fujian, visit):
    street = fujian.org(STREET)
    page = visit("省级管理员").post(
        f"/organizations/edit/?id={street.id}", **organization_form(street, name="东街街道党工委")
    )
    assert page.status_code == 303


def test_r5_a_change_that_is_refused_is_refused_at_its_field(transfer, fujian, visit):
    street = fujian.org(STREET)
    page = visit("省级管理员").post(f"/organizations/edit/?id={street.id}", **organization_form(street, level_rank="5"))
    assert page.status_code == 422 and "必须低于其上级“鼓楼区委”" in text_of(page)


def test_r2_a_qualification_is_shown_with_everybody_whom_it_concerns(transfer, fujian, visit):
    level = db.session.get(PermissionLevel, 6)
    visitor, form = visit("省级管理员"), {"name": level.name, "version": level.version}
    page = visitor.post("/levels/edit/?id=6", **form)
    assert "6 个支部今后的转接流程会改变" in text_of(page)
    assert visitor.post("/levels/edit/?id=6", **hidden(page)).status_code == 303
    db.session.commit()
    assert not db.session.get(PermissionLevel, 6, populate_existing=True).approves_committee
