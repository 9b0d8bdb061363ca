"""Every screen, wide and at 390 px: it fits, keeps nobody out (axe), the browser refuses nothing, a picture is kept."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from admin_views import lookups
from admin_views.base import ScopedView
from models import (
    Account,
    AuditEntry,
    AuditEvent,
    Gender,
    Member,
    MemberCategory,
    Message,
    Organization,
    OrganizationKind,
    RoleCode,
    Transfer,
    clock,
    db,
)
from tests.browser.panel import barriers, look, overflow, sign_in
from tests.support.browser import DESKTOP, PHONE
from tests.world import ADMIN, AUDITOR, ENTRY, NEW_NUMBER, NEWCOMER, id_number
from workflow import grants, letters, organizations, outbox, verification
from workflow.people_data import ETHNICITIES
from workflow.transaction import transaction

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
SOURCE, STREET, TOWN, VILLAGE = "军门第一支部", "东街街道工委", "古田镇党委", "五龙村支部"
LIAISON = "林志强"

# who -> picture -> address; `places` fills in the braces
SCREENS = {
    "林小雨": {
        "home": "/",
        "mine": "/mine/",
        "record": "/transfers/{moving}",
        "apply": "/transfers/apply",
        "apply-out": "/transfers/apply?kind=out_of_province",
        "particulars": "/me/",
        "identity": "/identity/",
        "phone": "/phone/",
        "password": "/session/password",
    },
    "黄志明": {"home": "/", "mine": "/mine/", "apply": "/transfers/apply"},
    "何俊杰": {
        "home": "/",
        "mine": "/mine/",
        "record": "/transfers/{returned}",
        "resubmit": "/transfers/{returned}/resubmit",
        "void": "/transfers/{returned}/ask/void",
    },
    "军门第二支部联络员": {
        "home": "/",
        "record": "/transfers/{arriving}",
        "confirm": "/transfers/{arriving}/ask/confirm",
        "object": "/transfers/{arriving}/ask/object",
    },
    LIAISON: {
        "home": "/",
        "todo": "/desk/",
        "late": "/desk/?list=late",
        "passed": "/desk/?list=passed",
        "coming": "/desk/?list=coming",
        "bulk": "/desk/approve?chosen={moving}:{version}",
        "bulk-none": "/desk/approve",
        "mine": "/mine/",
        "out": "/transfers/",
        "in": "/transfers/?tab=in",
        "found-none": "/transfers/?name=无此人",
        "apply": "/transfers/apply",
        "apply-for": "/transfers/apply?member={waiting}",
        "record": "/transfers/{moving}",
        "organization": "/transfers/{moving}/organizations/{street}",
        "approve": "/transfers/{moving}/ask/approve",
        "reject": "/transfers/{moving}/ask/reject",
        "reassign": "/transfers/{objected}/ask/reassign",
        "ledger": "/ledger/?org={street}",
        "ledger-choose": "/ledger/",
        "history": "/history/",
    },
    "鼓楼区委联络员": {
        "home": "/",
        "letters": "/letters/",
        "letter": "/letters/{leaver}",
        "letter-frozen": "/letters/{away}",
        "leaver": "/transfers/{leaver}",
        "away": "/transfers/{away}",
        "todo": "/desk/",
        "members": "/members/",
        "level-setting": "/level-setting/",
        "organizations": "/organizations/",
        "levels": "/levels/",
        "checkup": "/checkup/",
        "in": "/transfers/?tab=in",
        "enter": "/transfers/enter",
        "entering": "/transfers/{entering}",
        "enter-again": "/transfers/{entering}/resubmit",
        "overdue": "/transfers/{late}",
        "urge": "/transfers/{late}/ask/urge",
    },
    ADMIN: {
        "home": "/",
        "letter": "/letters/{leaver}",
        "letters-none": "/letters/",
        "genuine": "/verify/{number}?s={signature}",
        "out": "/transfers/?org={street}",
        "record": "/transfers/{stale}",
        "replan": "/transfers/{stale}/ask/replan",
        "ended": "/transfers/{ended}",
        "members": "/members/?org={branch}",
        "member-new": "/members/new/",
        "member": "/members/details/?id={member}",
        "member-edit": "/members/edit/?id={member}",
        "member-correct": "/members/correct?id={member}",
        "organizations": "/organizations/?org={street}",
        "organization-new": "/organizations/new/",
        "organization": "/organizations/details/?id={street}",
        "organization-edit": "/organizations/edit/?id={street}",
        "level-setting": "/level-setting/?org={street}",
        "levels": "/levels/",
        "level-edit": "/levels/edit/?id=6",
        "accounts": "/accounts/",
        "accounts-none": "/accounts/?state=closed",
        "account": "/accounts/details/?id={asleep}",
        "account-province": "/accounts/details/?id={admin}",
        "account-new": "/accounts/new/",
        "account-new-formal": "/accounts/new/?kind=formal",
        "grants": "/grants/",
        "grants-street": "/grants/?org={street}",
        "grants-asleep": "/grants/?org={quiet}",
        "grants-holding": "/grants/?org={elsewhere}",
        "grant-new": "/grants/new/?org={street}",
        "grant-new-virtual": "/grants/new/?org={street}&kind=virtual",
        "virtual-new": "/grants/virtual?org={street}",
        "phone-of": "/phone/?of={member}",
        "messages": "/messages/",
        "message": "/messages/details/?id={message}",
        "kinds": "/kinds/",
        "kind": "/kinds/details/?id=intra",
        "kind-entering": "/kinds/details/?id=entering",
        "entering": "/transfers/{entering}",
        "checkup": "/checkup/",
    },
    AUDITOR: {
        "home": "/",
        "out": "/transfers/",
        "record": "/transfers/{moving}",
        "ledger": "/ledger/?org={province}",
        "history": "/history/",
        "history-none": "/history/?q=无此人",
        "entry": "/history/details/?id={entry}",
        "verify": "/history/verify",
        "audit": "/audit/",
        "audit-entry": "/audit/details/?id={audited}",
    },
}
IN_ENGLISH = (LIAISON, ADMIN, AUDITOR)

NO_PAGES = re.compile(
    r"static|admin\.static|health\.health|lookup\..*|.*\.ajax_lookup|transfers\.preview|letters\.preview|attachments\..*"
)
"""What answers a script or is a file, not a page."""
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]+")
SAID = """() => [document.title, document.body.innerText, ...[...document.querySelectorAll("*")].flatMap((element) =>
    ["aria-label", "placeholder", "title", "data-slot-title", "data-slot-say"].map((name) => element.getAttribute(name))
)].join("\\n")"""
"""All that a page says, to the ear too."""
GIVEN = {
    "中文", "王干事", "陈干事", "工作调动", "材料不全", "党费未缴清，请补缴到本月后再报。", "无此人", *ETHNICITIES,
    "杭州市委组织部", "北山街道", "广东省深圳市南山区", *map(str, ENTRY.values()), "介绍信.jpg",
}  # fmt: skip
"""What people have written, the other language's own name, and the names of peoples, which are data."""


@pytest.fixture
def places(fujian):
    """A world where each list has something to show; what the addresses of the screens name in it."""
    moving = fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)
    fujian.liaison_of(STREET).reject(moving, reason="党费未缴清，请补缴到本月后再报。")
    fujian.bring(moving, STREET)
    late = fujian.transfer("王丽华", "军门第二支部", to=VILLAGE, at=STREET)
    fujian.transfer("陈国强", SOURCE, to=VILLAGE, at="军门社区总支")
    fujian.transfer("郑晓东", "旗汛口社区支部", to=VILLAGE, at=TOWN)
    returned = fujian.transfer("何俊杰", "鼓楼区委直属支部", to=VILLAGE)
    fujian.liaison_of("鼓楼区委直属支部").reject(returned, reason="材料不全")
    arriving = fujian.transfer("罗永福", "鼓楼区医院第一支部", to="军门第二支部", at="军门第二支部", confirming=True)
    objected = fujian.transfer("张秀英", "古田镇机关支部", to="旗汛口社区支部", at="旗汛口社区支部")
    fujian.liaison_of("旗汛口社区支部").object(objected)
    ended = fujian.complete(fujian.transfer("谢婉清", "市直机关第一支部", to="旗汛口社区支部"))
    stale = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=VILLAGE, at="安泰街道工委")
    fujian.set_level("安泰街道工委", 6)
    admin = fujian.actor_of(ADMIN)
    with transaction():
        organizations.set_level(admin, fujian.org("永福镇党委"), 6)
        grants.grant(admin, fujian.account("黄志明"), RoleCode.LIAISON, fujian.org(VILLAGE))
        organizations.create_organization(
            admin, code="359999", name="新设支部", kind=OrganizationKind.BRANCH, parent_id=fujian.org(STREET).id,
            level_rank=7, contact_name="陈干事", contact_phone="13912345678", is_active=True,
        )  # fmt: skip
        grants.grant(admin, fujian.account("吴建平"), RoleCode.AUDITOR, fujian.org("鼓楼区委"))
    for number, name in enumerate(("许文斌", "江海涛"), 80):
        home = fujian.org("旗汛口社区支部")
        db.session.add(
            Member(
                name=name, gender=Gender.MALE, id_number=id_number(Gender.MALE, number), ethnicity="汉族",
                category=MemberCategory.FULL, organization_id=home.id, org_path=home.path,
            )
        )  # fmt: skip
    db.session.commit()
    leaver, away = (
        fujian.liaison_of("鼓楼区委").apply(
            name, to="省外组织", kind_code="out_of_province", addressee="杭州市委组织部", destination_unit="北山街道"
        )
        for name in ("许文斌", "江海涛")
    )
    for transfer in (leaver, away):
        fujian.bring(transfer, "鼓楼区委")
    letter = letters.freeze(away.key, fujian.liaison_of("鼓楼区委").actor)
    fujian.liaison_of("鼓楼区委").approve(away)
    county = fujian.liaison_of("鼓楼区委")
    entering = county.reject(county.enter(NEW_NUMBER, "鼓楼区委", to=SOURCE, person=NEWCOMER), reason="材料不全")
    days_ago = clock.now() - timedelta(days=5)
    db.session.execute(update(Transfer).where(Transfer.id == late.id).values(arrived_at=days_ago))
    created = select(AuditEntry.id).where(AuditEntry.event == AuditEvent.ORGANIZATION_CREATED)
    places = {
        "moving": moving.key,
        "version": fujian.fresh(moving).version,
        "returned": returned.key,
        "objected": objected.key,
        "arriving": arriving.key,
        "ended": ended.key,
        "leaver": leaver.key,
        "entering": entering.key,
        "away": away.key,
        "number": letter.number,
        "signature": verification.signature(letter.number),
        "late": late.key,
        "message": db.session.scalar(select(Message.key).order_by(Message.id)),
        "stale": stale.key,
        "member": fujian.member("陈国强").key,
        "waiting": fujian.member("许美玲").key,
        "admin": fujian.account(ADMIN).key,
        "asleep": fujian.account("吴建平").key,
        "entry": fujian.entries(moving)[3].id,
        "audited": db.session.scalar(created),
        "province": fujian.org("福建省委").id,
        "street": fujian.org(STREET).id,
        "branch": fujian.org(SOURCE).id,
        "quiet": fujian.org("旗汛口社区支部").id,
        "elsewhere": fujian.org("省外组织").id,
    }
    db.session.commit()
    return places


def walk(page, places, username):
    """Open each screen once: the name of each, with the page at the desktop's size."""
    for name, path in SCREENS[username].items():
        page.set_viewport_size(DESKTOP)
        assert page.goto(path.format(**places)).status == 200, path
        yield name


@pytest.fixture
def names(fujian):
    """All names in the world, and each SMS as it goes out, the longest first."""
    columns = (Organization.name, Member.name, Account.username)
    found = {name for column in columns for name in db.session.scalars(select(column))}
    found |= {verification.masked_name(name) for name in db.session.scalars(select(Member.name))}
    found |= {outbox.text_of(message) for message in db.session.scalars(select(Message))}
    return sorted(found | GIVEN, key=len, reverse=True)


@pytest.mark.parametrize("username", SCREENS)
def test_every_screen_fits_and_keeps_nobody_out(new_page, places, username):
    page = sign_in(new_page(), username)
    problems = []
    for number, screen in enumerate(walk(page, places, username)):
        problems += overflow(page, f"{username}-{screen}") + barriers(page, screen)
        page.set_viewport_size(PHONE)
        problems += overflow(page, f"{username}-{screen}")
        problems += barriers(page, screen) if number % 3 == 0 else []  # the parts are the same, so a few are enough
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("username", IN_ENGLISH)
def test_every_screen_is_english_to_whom_asked_for_it(new_page, places, names, username):
    page = sign_in(new_page(), username)
    page.locator("details.me > summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    problems, ours = [], re.compile("|".join(map(re.escape, names)))
    for screen in walk(page, places, username):
        left = CHINESE.findall(ours.sub("", page.evaluate(SAID)))
        problems += [f"{screen}: {' '.join(dict.fromkeys(left))}"] if left else []
        problems += overflow(page, f"en-{username}-{screen}")
        page.set_viewport_size(PHONE)
        problems += overflow(page, f"en-{username}-{screen}")
    assert not problems, "\n".join(problems)


def test_no_page_is_forgotten(live_server):
    app = live_server.app
    addresses = app.url_map.bind("localhost")
    places = dict.fromkeys(re.findall(r"\{(\w+)\}", str(SCREENS)), 1)
    seen = {
        addresses.match(path.format(**places).partition("?")[0])[0]
        for screens in SCREENS.values()
        for path in screens.values()
    }
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    pages = {endpoint for endpoint in pages if not NO_PAGES.fullmatch(endpoint)}
    views = [view for view in app.extensions["admin"][0]._views if isinstance(view, ScopedView)]
    shut = {f"{view.endpoint}.{door}" for view in views for door in shut_doors(view)}
    assert pages - seen - shut == {"session.sign_in", "by_phone.phone"}, "test_the_sign_in_page shows those"


def shut_doors(view):
    """The pages that Flask-Admin gives every view and that this one opens to nobody."""
    kind = type(view)
    doors = {"details_view": view.facts, "create_view": kind.may_create is not ScopedView.may_create,
             "edit_view": kind.editable is not ScopedView.editable}  # fmt: skip
    return [door for door, opens in doors.items() if not opens]


@SIZES
def test_the_sign_in_page(new_page, size):
    page = new_page(size)
    page.goto("/")
    expect(page.get_by_label("用户名")).to_be_focused()
    look(page, "sign-in")
    page.get_by_label("用户名").fill("林小雨")
    page.get_by_label("密码").fill("wrong-password")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "sign-in-refused")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("Username")).to_be_visible()
    look(page, "en-sign-in")
    page.get_by_role("link", name="Sign in by phone").click()
    expect(page.get_by_label("Mobile number")).to_be_focused()
    look(page, "en-sign-in-phone")
    page.problems.clear()  # the browser notes the 401 of the refusal


@SIZES
def test_what_went_wrong(new_page, live_server, size, monkeypatch):
    monkeypatch.setitem(live_server.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(live_server.app.view_functions, "checkup.index", lambda **_named: 1 / 0)
    page = new_page(size)
    page.goto("/nowhere")
    look(page, "wrong-alone")
    sign_in(page, "林小雨")
    for path, code in (("/nowhere", 404), ("/members/", 403), ("/checkup/", 500)):
        assert page.goto(path).status == code
        look(page, f"wrong-{code}")
    page.problems.clear()


def test_the_menu_of_the_phone_opens_and_closes(new_page, fujian):
    page = sign_in(new_page(PHONE), "鼓楼区委联络员")
    expect(page.locator("nav.menu")).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    expect(page.get_by_role("link", name="组织VPN权限设置")).to_be_visible()
    look(page, "menu")
    page.keyboard.press("Escape")
    expect(page.locator("nav.menu")).to_be_hidden()


def test_slash_goes_to_the_search_and_the_tree_is_walked_by_keys(new_page, fujian):
    page = sign_in(new_page(), "鼓楼区委联络员")
    page.goto("/organizations/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="组织名称", exact=True)).to_be_focused()
    top = page.get_by_role("treeitem", name="鼓楼区委")
    top.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", name="东街街道工委")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2").first).to_have_text("鼓楼区委直属支部")


def test_the_tree_finds_an_organization_by_name_with_the_way_to_it(new_page, fujian):
    page = sign_in(new_page(), "福州市委联络员")
    page.goto("/transfers/")
    page.get_by_label("筛选组织名称").fill("军门第一")
    hit = page.locator(".tree .found a")
    expect(hit).to_contain_text("鼓楼区委 / 东街街道工委 / 军门社区总支")
    hit.click()
    expect(page.locator(".tree .node.on")).to_contain_text("军门第一支部")


def test_a_picker_says_that_there_are_more_and_how_to_find_them(new_page, fujian, monkeypatch):
    monkeypatch.setattr(lookups, "LIMIT", 3)
    page = sign_in(new_page(), "林小雨")
    page.goto("/transfers/apply")
    box = page.get_by_role("combobox", name="目的支部")
    box.fill("支部")
    expect(page.get_by_role("option")).to_have_count(4)
    expect(page.get_by_role("option").last).to_have_text("还有更多：空一格，再输入上级组织的名称。")
    look(page, "picker-more")
    page.get_by_role("option").last.click(force=True)
    for _ in range(4):
        box.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    box.fill("支部 古田")
    expect(page.get_by_role("option")).to_have_count(2)
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("五龙村支部")


def test_who_types_before_the_script_of_the_picker_is_there_is_answered(new_page, fujian):
    page = sign_in(new_page(), "林小雨")
    held = []
    page.route("**/picker.js*", lambda route: held.append(route))
    page.goto("/transfers/apply", wait_until="commit")
    page.get_by_role("combobox", name="目的支部").press_sequentially("五龙村")
    expect(page.get_by_role("option")).to_have_count(0)
    held[0].continue_()
    page.get_by_role("option", name="五龙村支部").click()
    expect(page.get_by_role("combobox", name="目的支部")).to_have_value("五龙村支部")


def test_who_types_over_what_was_chosen_before_the_script_is_there_has_chosen_nothing_yet(new_page, fujian):
    back = fujian.liaison_of("军门第一支部").reject(fujian.apply("林小雨", "五龙村支部"))
    page = sign_in(new_page(), "林小雨")
    held = []
    page.route("**/picker.js*", lambda route: held.append(route))
    page.goto(f"/transfers/{back.key}/resubmit", wait_until="commit")
    box = page.get_by_role("combobox", name="目的支部")
    expect(box).to_have_value("五龙村支部")
    box.fill("古田镇机关")
    held[0].continue_()
    expect(page.locator("[name=destination]")).to_have_value("")
    page.get_by_role("option", name="古田镇机关支部").click()
    expect(page.locator("[name=destination]")).to_have_value(str(fujian.org("古田镇机关支部").id))


def test_a_data_keeper_sets_a_level_and_is_told_why_not(new_page, fujian):
    page = sign_in(new_page(), "省级管理员")
    page.goto(f"/level-setting/?org={fujian.org('安泰街道工委').id}")
    page.get_by_label("组织权限级别").select_option("5")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".help.bad")).to_contain_text("必须低于其上级“鼓楼区委”")
    page.problems.clear()  # the browser notes the 422 of the refusal
    page.get_by_label("组织权限级别").select_option("6")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("2 个支部今后的转接流程会改变")
    look(page, "review")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash.success")).to_contain_text("已保存“安泰街道工委”的权限级别")
    expect(page.get_by_label("组织权限级别")).to_have_value("6")
