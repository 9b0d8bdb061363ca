"""查看 (R34) and acting (R23-R31, R30) by the panel's forms: what works, what is refused, what is told."""

import pytest

from models import TransferState, clock
from tests.views.transfer_panel import statements, text_of

SOURCE, GENERAL, STREET, TOWN, VILLAGE = "军门第一支部", "军门社区总支", "东街街道工委", "古田镇党委", "五龙村支部"


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


@pytest.fixture
def at_the_applicant(fujian):
    """林小雨's own application, taken back by herself."""
    transfer = fujian.apply("林小雨", VILLAGE)
    return fujian.person("林小雨").withdraw(transfer)


@pytest.fixture
def arrived(fujian):
    """林小雨 waiting for 确认报到 at 五龙村支部."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=VILLAGE, confirming=True)


def url(transfer, *parts):
    return "/".join(["/transfers", transfer.key, *parts])


# --- Acting: each by POST ---


@pytest.mark.parametrize(
    ("who", "action", "inputs", "stands"),
    [
        (f"{STREET}联络员", "approve", {}, f"待{TOWN}审批"),
        ("林志强", "approve", {"opinion": "材料齐全"}, f"待{TOWN}审批"),
        (f"{STREET}联络员", "reject", {"reason": "党费未缴清"}, f"待{GENERAL}审批"),
        (f"{GENERAL}联络员", "withdraw", {}, f"待{GENERAL}审批"),
    ],
)
def test_acting_on_the_way(moving, visit, who, action, inputs, stands):
    visitor = visit(who)
    response = visitor.act(moving, action, **inputs)
    assert response.status_code == 303
    assert response.location == url(moving)
    said = text_of(visitor.get(response.location))
    assert stands in said
    assert all(words in said for words in inputs.values())


@pytest.mark.parametrize(
    ("action", "inputs", "stands"),
    [("confirm", {}, "已办结"), ("object", {"opinion": "不属于本支部"}, f"待{TOWN}审批")],
)
def test_acting_at_the_end(arrived, visit, action, inputs, stands):
    visitor = visit(f"{VILLAGE}联络员")
    response = visitor.act(arrived, action, **inputs)
    assert stands in text_of(visitor.get(response.location))


def test_confirming_moves_the_member(arrived, fujian, visit):
    visit(f"{VILLAGE}联络员").act(arrived, "confirm")
    assert fujian.member("林小雨").organization.name == VILLAGE


def test_the_member_voids(at_the_applicant, fujian, visit):
    visit("林小雨").act(at_the_applicant, "void")
    assert fujian.fresh(at_the_applicant).state is TransferState.VOIDED


# --- Refusals ---

OFFERED = [
    ("moving", "approve", {}),
    ("moving", "reject", {"reason": "不同意"}),
    ("moving", "withdraw", {}),
    ("arrived", "confirm", {}),
    ("arrived", "object", {"opinion": "不接收"}),
    ("at_the_applicant", "void", {}),
    ("at_the_applicant", "resubmit", {}),
    ("moving", "replan", {}),
]


@pytest.mark.parametrize(("where", "action", "inputs"), OFFERED)
def test_who_only_sees_it_is_told_no_and_nothing_changes(request, fujian, visit, where, action, inputs):
    transfer = request.getfixturevalue(where)
    auditor = visit("审计员")
    response = auditor.act(transfer, action, **inputs)
    assert response.status_code == 303 and response.location == url(transfer)
    assert "未能“" in text_of(auditor.get(response.location))
    assert fujian.fresh(transfer).version == transfer.version


@pytest.mark.parametrize(("where", "action", "inputs"), OFFERED)
def test_for_who_stands_elsewhere_it_does_not_exist(request, fujian, visit, where, action, inputs):
    transfer = request.getfixturevalue(where)
    assert visit("安泰街道工委联络员").act(transfer, action, **inputs).status_code == 404
    assert fujian.fresh(transfer).version == transfer.version


@pytest.mark.parametrize("path", ["", "ask/approve", "resubmit"])
def test_pages_of_a_transfer_out_of_scope_are_not_found(moving, visit, path):
    assert visit("安泰街道工委联络员").get(url(moving, path).rstrip("/")).status_code == 404


def test_standing_above_is_not_standing_on_the_step(moving, fujian, visit):
    visit("鼓楼区委联络员").act(moving, "approve")
    assert fujian.fresh(moving).current_organization.name == STREET


@pytest.mark.parametrize(("where", "action", "inputs"), OFFERED)
def test_without_the_token_nothing_happens(request, fujian, visit, where, action, inputs):
    transfer = request.getfixturevalue(where)
    client = visit(f"{STREET}联络员").client
    response = client.post(url(transfer, "act"), data={"action": action, "version": transfer.version, **inputs})
    assert response.status_code == 400
    assert fujian.fresh(transfer).version == transfer.version


def test_a_link_cannot_act(moving, fujian, visit):
    assert visit(f"{STREET}联络员").get(url(moving, "act") + "?action=approve").status_code == 405
    assert fujian.fresh(moving).version == moving.version


def test_looking_changes_nothing(moving, fujian, visit):
    visitor = visit(f"{STREET}联络员")
    for path in (url(moving), url(moving, "ask", "approve"), "/transfers/", "/"):
        visitor.get(path)
    assert fujian.fresh(moving).version == moving.version


def test_r30_who_comes_second_is_told_what_happened(moving, fujian, visit):
    fujian.person("林志强").approve(moving)
    second = visit(f"{STREET}联络员")
    response = second.post(url(moving, "act"), action="approve", version=moving.version - 1)
    assert response.status_code == 303 and response.location == url(moving)
    said = text_of(second.get(response.location))
    assert "未能“通过”" in said and "林志强" in said and f"待{TOWN}" in said


def test_an_action_that_there_is_not(moving, fujian, visit):
    visitor = visit(f"{STREET}联络员")
    response = visitor.act(moving, "delete")
    assert "没有“delete”这个操作" in text_of(visitor.get(response.location))
    assert fujian.fresh(moving).version == moving.version


@pytest.mark.parametrize(
    ("where", "who", "action", "field", "told"),
    [
        ("moving", STREET, "reject", "reason", "请填写驳回理由。"),
        ("arrived", VILLAGE, "object", "opinion", "请填写反馈意见。"),
    ],
)
def test_a_missing_reason_is_asked_for_again(request, fujian, visit, where, who, action, field, told):
    transfer = request.getfixturevalue(where)
    response = visit(f"{who}联络员").act(transfer, action, **{field: "  "})
    assert response.status_code == 422
    assert 'aria-describedby="ask-error"' in response.text
    assert told in text_of(response)
    assert fujian.fresh(transfer).version == transfer.version


def test_what_was_typed_is_still_there(moving, visit):
    long = "材料不全，" * 120
    response = visit(f"{STREET}联络员").act(moving, "reject", reason=long)
    assert response.status_code == 422
    assert long in response.text


# --- The window before an action ---


@pytest.mark.parametrize(
    ("action", "question", "follows"),
    [
        ("approve", "通过 林小雨 的转接？", f"通过后送 {TOWN}。"),
        ("reject", "驳回 林小雨 的转接？", f"驳回后退回 {GENERAL} 重新办理。"),
        ("replan", "重新规划 林小雨 的转接流程？", "已办理的环节不变"),
    ],
)
def test_the_window_names_the_person_and_what_follows(moving, visit, action, question, follows):
    said = text_of(visit(f"{STREET}联络员").get(url(moving, "ask", action)))
    assert question in said and follows in said


def test_a_script_gets_the_window_alone(moving, visit):
    page = visit(f"{STREET}联络员").get(url(moving, "ask", "approve"), headers={"X-Requested-With": "fetch"})
    assert "<html" not in page.text and "通过 林小雨 的转接？" in page.text


def test_a_window_that_is_not_offered_leads_to_the_record(moving, visit):
    visitor = visit("鼓楼区委联络员")
    response = visitor.get(url(moving, "ask", "approve"))
    assert response.location == url(moving)
    assert f"该记录待{STREET}审批" in text_of(visitor.get(response.location))
    assert visitor.get(url(moving, "ask", "approve"), headers={"X-Requested-With": "fetch"}).status_code == 409


def test_after_acting_one_is_back_where_one_came_from(moving, visit):
    response = visit(f"{STREET}联络员").act(moving, "approve", back="/transfers/?mine=1")
    assert response.location == "/transfers/?mine=1"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(moving, visit, elsewhere):
    visitor = visit(f"{STREET}联络员")
    window = visitor.get(url(moving, "ask", "approve") + f"?back={elsewhere}").text.split("<main", 1)[1]
    assert elsewhere not in window.replace("&amp;", "&")
    assert visitor.act(moving, "approve", back=elsewhere).location == url(moving)


# --- What the record shows ---


def boxes(response):
    """(state, name) of each box of the chart."""
    parts = response.text.split('<li class="stop ')[1:]
    names = [part.split("</a>")[0].split("</strong>")[0].rsplit(">", 1)[1].strip() for part in parts]
    return list(zip([part.split('"')[0] for part in parts], names, strict=True))


def test_the_chart_shows_done_current_and_coming(moving, visit):
    assert boxes(visit("林小雨").get(url(moving))) == [
        ("done", "林小雨"),
        ("done", SOURCE),
        ("done", GENERAL),
        ("now", STREET),
        ("coming", TOWN),
        ("coming", VILLAGE),
        ("coming", VILLAGE),
    ]


def test_the_chart_marks_where_it_was_rejected(moving, fujian, visit):
    fujian.liaison_of(STREET).reject(moving)
    assert boxes(visit("林小雨").get(url(moving)))[2:4] == [("now", GENERAL), ("back", STREET)]


def test_a_withdrawal_is_no_rejection(moving, fujian, visit):
    fujian.liaison_of(GENERAL).withdraw(moving)
    assert boxes(visit("林小雨").get(url(moving)))[2:4] == [("now", GENERAL), ("coming", STREET)]


def test_the_chart_ends_done(arrived, fujian, visit):
    fujian.liaison_of(VILLAGE).confirm(arrived)
    assert {state for state, _name in boxes(visit("林小雨").get(url(arrived)))} == {"done"}


def test_both_sides_are_named(moving, visit):
    said = text_of(visit("林小雨").get(url(moving)))
    assert said.index("转出方") < said.index(SOURCE, said.index("转出方")) < said.index("转入方")


def test_a_committee_without_level_is_marked(fujian, visit):
    transfer = fujian.apply("郭雅婷", VILLAGE)
    assert text_of(visit("郭雅婷").get(url(transfer))).count("未设置权限级别") == 1


def test_a_liaison_who_approved_their_own_is_marked(fujian, visit):
    transfer = fujian.apply("陈国强", VILLAGE)
    fujian.without_liaison(SOURCE, but="陈国强")
    fujian.person("陈国强").approve(transfer)
    assert text_of(visit("陈国强").get(url(transfer))).count("本人办理") == 2


def test_each_box_has_its_contact(moving, fujian, visit):
    page = visit("林小雨").get(url(moving))
    assert fujian.org(STREET).contact_phone in text_of(page)
    assert page.text.count('role="tooltip"') == 6
    assert all(f'aria-describedby="card-{number}"' in page.text for number in range(2, 8))


def test_the_name_of_an_organization_opens_its_basic_information(moving, fujian, visit):
    street = fujian.org(STREET)
    said = text_of(visit("林小雨").get(url(moving, "organizations", str(street.id))))
    assert f"{STREET} 组织类别 党工委" in said
    assert "福建省委 / 福州市委 / 鼓楼区委" in said
    assert street.contact_phone in said and "林志强" in said


def test_an_organization_that_is_not_on_the_route_is_not_found(moving, fujian, visit):
    assert visit("林小雨").get(url(moving, "organizations", str(fujian.org("安泰街道工委").id))).status_code == 404


def test_the_facts_are_masked(moving, fujian, visit):
    member = fujian.member("林小雨")
    page = visit(f"{STREET}联络员").get(url(moving)).text
    assert member.id_number_masked in page and member.masked_phone in page
    assert member.id_number not in page and member.phone not in page


def test_who_applied(fujian, visit):
    transfer = fujian.liaison_of(STREET).apply("林小雨", VILLAGE)
    assert f"{STREET} 联络员 虚拟管理员" in text_of(visit("林小雨").get(url(transfer)))


def test_the_history_says_who_when_what_and_why_newest_first(moving, fujian, visit):
    fujian.person("林志强").reject(moving, "党费未缴清")
    said = text_of(visit("林小雨").get(url(moving)))
    history = said[said.index("操作留痕") :]
    assert f"驳回 林志强 {STREET} 党费未缴清 {STREET} → 到 {GENERAL} R25" in history
    assert history.index("驳回") < history.index("通过") < history.index("上报")
    assert f"{clock.today()}" in history


def test_the_bar_says_where_it_goes_next(moving, visit):
    assert f"通过后送 {TOWN}。" in text_of(visit(f"{STREET}联络员").get(url(moving)))


def test_who_may_not_act_has_no_bar(moving, visit):
    assert "actbar" not in visit("审计员").get(url(moving)).text


# --- 重新规划流程 ---


def test_planning_again_follows_the_data_of_the_day(moving, fujian, visit):
    fujian.set_level(STREET, None)
    admin = visit("省级管理员")
    response = admin.act(moving, "replan")
    said = text_of(admin.get(response.location))
    assert "已重新规划流程。" in said
    assert fujian.route_names(fujian.fresh(moving))[3:5] == ["鼓楼区委", TOWN]


def test_planning_again_without_need_says_so(moving, fujian, visit):
    admin = visit("省级管理员")
    assert "没有变化" in text_of(admin.get(admin.act(moving, "replan").location))


def test_planning_again_is_offered_to_who_may_mend(moving, visit):
    assert "重新规划流程" in text_of(visit("鼓楼区委联络员").get(url(moving)))
    assert "重新规划流程" not in text_of(visit("林小雨").get(url(moving)))


# --- Cost ---


def test_a_record_costs_the_same_with_a_long_history(moving, fujian, visit):
    visitor = visit("审计员")
    with statements() as few:
        visitor.get(url(moving))
    for _round in range(5):
        fujian.liaison_of(STREET).reject(moving)
        fujian.liaison_of(GENERAL).approve(moving)
    with statements() as many:
        visitor.get(url(moving))
    assert len(many) == len(few)
