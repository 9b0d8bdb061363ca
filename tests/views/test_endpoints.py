"""Who may do what where: every endpoint and action of the panel by every kind of asker, against one declared table.

The table is written by hand from the rules, spec §1 above all. An endpoint that is not in it fails. One sign a request:

    refused  > to the sign-in page   ! 401   - not theirs to do (403)   ? not found: out of scope, or no such door (404)
             x not by this method (405)   v refused by a rule, at the form (422)   e refused by a rule, sent back
    allowed  o answered   + and the answer names the row   r sent on   a with an audit entry   A and names the row too
             d done: the data has changed

Only `d` changes data; `a` and `A` leave an audit entry and nothing else; whatever else leaves nothing at all.
"""

import sys
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from models import (
    Account,
    AttachmentKind,
    AuditEntry,
    AuditEvent,
    Gender,
    MessageKind,
    MessageState,
    PermissionLevel,
    RoleCode,
    RoleGrant,
    Transfer,
    clock,
    db,
)
from tests.attachments.files import picture
from tests.views.panel import more_members, more_organizations
from tests.views.walking import Door, Walk, endpoint_of, endpoints
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR, NEW_NUMBER, NEWCOMER, PASSWORD, Fujian, id_number
from workflow import accounts, attachments, audit, outbox, storage

BRANCH, SISTER, GENERAL, STREET, COUNTY = "军门第一支部", "军门第二支部", "军门社区总支", "东街街道工委", "鼓楼区委"
QIXUN, BESIDE, TOWN, VILLAGE, AWAY = "旗汛口社区支部", "安泰街道工委", "古田镇党委", "五龙村支部", "漳平市委"
AWAY_AUDITOR = "漳平市审计员"

# What is asked about is 林小雨's: she belongs to 军门第一支部 ({branch}), which lies in 东街街道工委 ({street}), and is
# on her way to 五龙村支部 ({village}). Each asker, a column of the table, with what their answers must never name.
ASKERS = {
    "": ("林小雨", "陈国强", "何俊杰", "军门", "0591-8700"),  # nobody: not signed in
    #
    "林小雨": ("王丽华", "何俊杰", "郑晓东", "罗永福"),  # herself
    "王丽华": ("林小雨", "陈国强", "何俊杰", "罗永福"),  # another member
    "郑晓东": ("林小雨", "陈国强", "何俊杰", "王丽华"),  # 书记 of the street: a record, never a permission
    "吴建平": ("林小雨", "陈国强", "何俊杰", "郑晓东"),  # a liaison who sleeps
    #
    f"{BRANCH}联络员": ("王丽华", "何俊杰", "郑晓东", "罗永福"),  # inside, and below the street
    f"{STREET}联络员": ("何俊杰", "罗永福", "郭雅婷", "黄志明"),  # above her branch, and where her transfer waits
    f"{COUNTY}联络员": ("高伟", "谢婉清", "黄志明"),  # above the street
    f"{BESIDE}联络员": ("林小雨", "陈国强", "王丽华", "郑晓东"),  # beside the street
    f"{VILLAGE}联络员": ("王丽华", "何俊杰", "郑晓东"),  # where she is going
    #
    AUDITOR: (),
    CITY_AUDITOR: ("高伟", "黄志明", "张秀英"),
    AWAY_AUDITOR: ("林小雨", "陈国强", "何俊杰", "黄志明"),  # of another city
    #
    ADMIN: (),
    # the last column of ACTS alone
    f"{GENERAL}联络员": ("何俊杰", "郑晓东", "罗永福"),  # who approved her transfer last
}


def closed(view: str, ends: str) -> tuple[Door, ...]:
    """The doors of Flask-Admin's that no view of ours has: bulk actions, look-ups, inline edits."""
    return (
        Door(f"POST /{view}/action/", ends, {"action": "delete", "rowid": "1"}),
        Door(f"GET /{view}/ajax/lookup/?name=member&query=林", ends),
        Door(f"POST /{view}/ajax/update/", ends, {"list_form_pk": "1", "name": "改名"}),
    )


# fmt: off
NEW_ORGANIZATION = {
    "name": "新设支部", "code": "new-branch", "kind": "branch", "parent_id": "{street}", "level_rank": "",
}
ORGANIZATION = {
    "name": "{name}", "code": "{code}", "kind": "{kind}", "parent_id": "{parent}", "level_rank": "7",
    "contact_name": "张干事", "contact_phone": "", "is_active": "y", "version": "{organization_version}",
}
STREET_ITSELF = {
    **ORGANIZATION, "name": STREET, "code": "{street_code}", "kind": "working_committee", "parent_id": "{county}",
    "level_rank": "6", "version": "{street_version}",
}
MEMBER = {
    "name": "林小雨", "gender": "female", "ethnicity": "畲族", "category": "full", "status": "normal",
    "phone": "{her_phone}", "joined_on": "2010-07-01", "version": "{her_version}",
}
NEIGHBOUR = {
    **MEMBER, "name": "林志强", "gender": "male", "phone": "{neighbour_phone}", "version": "{neighbour_version}",
}
NEW_MEMBER = {**MEMBER, "name": "新同志", "id_number": "{new_number}", "phone": "", "organization_id": "{branch}"}
LEVEL = {"name": "六级党委", "approves_committee": "y", "version": "{level_version}"}
CORRECTION = {"organization_id": "{sister}", "reason": "录入时选错支部"}
APPLICATION = {
    "kind": "intra", "destination": "{village}", "reason": "工作调动",
    "applied_on": "{today}", "dues_paid_until": "{month}",
}
OUT_OF_PROVINCE = {
    "kind_code": "out_of_province", "addressee": "中共杭州市委组织部", "destination_unit": "浙江省杭州市",
}
ENTRY = {
    "province": "44", "city": "4403", "county": "440305", "branch": "科技园社区第一支部", "addressee": "南山区委组织部",
    "destination": "{sister}", "reason": "回榕工作", "applied_on": "{today}", "dues_paid_until": "{month}",
    "seen": "{county}:{sister}",
}
BULK = {"chosen": ["{moving}:{moving_version}"]}

DOORS = (
    #    nobody | herself, another, secretary, sleeping | branch, street, county, beside, village | auditors | admin
    Door("GET /",                                              "> +ooo o+ooo ooo o", names="林小雨"),
    # 介绍信: 郭雅婷's, who leaves the province; her transfer waits at the county.
    Door("GET /letters/",                                      "> ---- ooooo ooo o"),
    Door("GET /letters/{leaver}",                              "> ---- ??+?? ??? +", names="郭雅婷"),
    Door("GET /letters/{leaver}/preview.pdf",                  "> ---- ??o?? ??? o"),
    Door("POST /letters/{leaver}/save",                        "> ---- ??e?? ??? e", {"version": "0"}),
    Door("POST /letters/{leaver}/print",                       "> ---- ??d?? ??? e"),
    Door("POST /letters/{leaver}/reissue",                     "> ---- ??e?? ??? e", {"reason": "遗失"}),
    Door("POST /letters/print",                                "> ---- eeeee eee e", {"chosen": "{leaver}"}),
    Door("POST /letters/seal",                                 "> ---- eeree eee e", {"org": "{county}"}),
    Door("GET /verify/20261100001?s=x",                        "? ???? ????? ??? ?"),

    # 附件: the stub of her letter, which the county has attached.
    Door("GET /attachments/{stub}",                            "> ???? ??oo? oo? o"),
    Door("GET /attachments/{stub}/thumbnail",                  "> ???? ??oo? oo? o"),
    Door("POST /attachments/{leaver}",                         "! ???? ??ee? ee? e", {"kind": "stub"}),
    Door("POST /attachments/{stub}/remove",                    "! ???? ??de? ee? e"),
    Door("GET /attachments/{leaver}",                          "> ???? ????? ??? ?"),
    Door("GET /attachments/held/{held}",                       "> ???? ??o?? ??? ?"),
    Door("GET /attachments/held/{stub}",                       "> ???? ????? ??? ?"),
    Door("GET /attachments/{held}",                            "> ???? ????? ??? ?"),
    Door("POST /attachments/{held}/remove",                    "! ???? ????? ??? ?"),

    # 个人工作
    Door("GET /me/",                                           "> +ooo ----- --- -", names="林小雨"),
    Door("POST /me/",                                          "> dddd ----- --- -",
         {"version": "{her_version}", "ethnicity": "畲族", "joined_on": "2010-07-01"}),
    Door("POST /me/",                                          "> eeee ----- --- -", {"version": "0"}),
    Door("GET /identity/",                                     "> +ooo ooooo ooo o", names="林小雨"),
    Door("GET /phone/",                                        "> +ooo ooooo ooo o", names="林小雨"),
    Door("GET /phone/?of={her}",                               "> +??? +++?? --? +", names="林小雨"),
    Door("POST /phone/code",                                   "> v??? vvv?? --? v", {"of": "{her}", "phone": "139"}),
    Door("POST /phone/bind",                                   "> v??? vvv?? --? v",
         {"of": "{her}", "phone": "13912345678", "code": "000000"}),
    Door("POST /phone/clear",                                  "> e??? eee?? --? e", {"of": "{her}"}),
    Door("GET /mine/",                                         "> +ooo ----- --- -", names="林小雨"),
    Door("GET /desk/",                                         "> ---- o+ooo --- -", names="林小雨"),
    Door("GET /desk/?list=passed",                             "> ---- +oooo --- -", names="林小雨"),
    Door("GET /desk/?list=coming",                             "> ---- oooo+ --- -", names="林小雨"),
    Door("POST /desk/digest",                                  "> ---- ?d??? --- -",
         {"org": "{street}", "digest": "1"}),
    Door("GET /desk/approve?chosen={moving}:{moving_version}", "> ---- +++o+ --- -", names="林小雨"),

    # 组织关系转接
    Door("GET /transfers/",                                    "> rrrr +++oo ++o +", names="林小雨"),
    Door("GET /transfers/?tab=in",                             "> rrrr oooo+ +oo +", names="林小雨"),
    Door("GET /transfers/?org={branch}",                       "> rrrr +++?? ++? +", names="林小雨"),
    Door("GET /transfers/?org={street}",                       "> rrrr ?++?? ++? +", names="林小雨"),
    Door("GET /transfers/?person={her_index}",                 "> rrrr +++oo ++o +", names="林小雨"),
    Door("POST /transfers/search",                             "> ---- rrrrr rrr r", {"id_number": "{her_number}"}),
    Door("GET /transfers/{moving}",                            "> +??? +++?+ ++? +", names="林小雨"),
    Door("GET /transfers/{elsewhere}",                         "> ???? ??++? ++? +", names="何俊杰"),
    Door("GET /transfers/{moving}/organizations/{street}",     "> +??? +++?+ ++? +", names="0591-8700"),
    Door("GET /transfers/{moving}/organizations/{beside}",     "> ???? ????? ??? ?"),
    Door("GET /transfers/{moving}/ask/approve",                "> e??? e+e?e ee? e", names="林小雨"),
    Door("GET /transfers/{moving}/ask/urge",                   "> +??? +e+?e ee? e", names="林小雨"),
    Door("GET /transfers/{moving}/ask/replan",                 "> e??? +++?+ ee? +", names="林小雨"),
    Door("GET /transfers/preview?kind=intra&transfer={moving}&destination={village}",
                                                               "> +??? +++?+ ++? +", names=VILLAGE),
    Door("GET /transfers/preview?kind=intra&member={her}&destination={village}",
                                                               "> +??? +++?? ??? ?", names=VILLAGE),
    Door("GET /transfers/apply",                               "> oooo ooooo --- -"),
    Door("GET /transfers/apply?member={her}",                  "> +ooo +++oo --- -", names="林小雨"),
    Door("GET /transfers/{moving}/resubmit",                   "> e??? eee?e ee? e"),
    Door("GET /transfers/{returned}/resubmit",                 "> ?+?? ?+e?? ee? e", names="王丽华"),
    # 跨省转入: registered by the county alone (R40). 马海涛 can be claimed, 孙丽娜's came back, another's has ended.
    Door("GET /transfers/enter",                               "> ---- --o-- --- -"),
    Door("POST /transfers/enter",                              "> ---- --A-- --- -",
         {"registering": "{county}", "id_number": "{outside_number}"}, names="马海涛"),
    Door("POST /transfers/enter",                              "> ---- ----- --- -",
         {"registering": "{city}", "id_number": "{outside_number}"}),
    Door("POST /transfers/enter",                              "> ---- --v-- --- -",
         {"registering": "{county}", "id_number": "1"}),
    Door("POST /transfers/enter/send",                         "> ---- --v-- --- -",
         {"registering": "{county}", "ticket": "made up"}),
    Door("POST /transfers/enter/send",                         "> ---- ----- --- -",
         {"registering": "{city}", "ticket": "{ticket}"}),
    Door("GET /transfers/preview?kind=entering&registering={county}&destination={sister}",
                                                               "> ???? ??+?? ??? ?", names=SISTER),
    Door("GET /transfers/{entering}/resubmit",                 "> ???? ?e+?? ee? e", names="孙丽娜"),
    Door("POST /transfers/{entered}/receipt.pdf",              "> ???? ?de?? ee? e"),
    Door("GET /transfers/new/",                                "> ???? ????? ??? ?"),
    Door("POST /transfers/new/",                               "> ???? ????? ??? ?", {"member_id": "1"}),
    Door("GET /transfers/details/?id={moving}",                "> ???? ????? ??? ?"),
    Door("GET /transfers/edit/?id={moving}",                   "> ???? ????? ??? ?"),
    Door("POST /transfers/edit/?id={moving}",                  "> ???? ????? ??? ?",
         {"state": "completed", "version": "1"}),
    Door("POST /transfers/delete/",                            "> -??? ---?- --? -", {"id": "{moving}"}),
    Door("POST /transfers/export/csv/",                        "> ???? ????? ??? ?"),
    *closed("transfers",                                       "> ???? ????? ??? ?"),

    # 台账
    Door("GET /ledger/",                                       "> ---- ooooo ooo o"),
    Door("GET /ledger/?org={branch}",                          "> ---- +++?? ++? +", names="林小雨"),
    Door("GET /ledger/?org={street}",                          "> ---- ?++?? ++? +", names="林小雨"),
    Door("GET /ledger/?org={village}&tab=in",                  "> ---- ????+ +?? +", names="林小雨"),
    Door("POST /ledger/export",                                "> ---- ????? ??? ?"),
    Door("POST /ledger/export?org={branch}",                   "> ---- AAA?? AA? A", names="林小雨"),
    Door("POST /ledger/export?org={street}",                   "> ---- ?AA?? AA? A", names="林小雨"),

    # 党员信息维护
    Door("GET /members/",                                      "> ---- +++oo ++o +", names="林小雨"),
    Door("GET /members/?org={street}",                         "> ---- ?++?? ++? +", names="林小雨"),
    Door("GET /members/?person={her_index}",                   "> ---- +++oo ++o +", names="林小雨"),
    Door("POST /members/find",                                 "> ---- rrrrr rrr r", {"id_number": "{her_number}"}),
    Door("GET /members/details/?id={her}",                     "> ---- +++?? ++? +", names="林小雨"),
    Door("GET /members/details/?id={neighbour}",               "> ---- ?++?? ++? +", names="林志强"),
    Door("GET /members/new/",                                  "> ---- ----- --- o"),
    Door("POST /members/new/",                                 "> ---- ----- --- d", NEW_MEMBER),
    Door("GET /members/edit/?id={her}",                        "> ---- ooo?? --? o"),
    Door("GET /members/edit/?id={neighbour}",                  "> ---- ?oo?? --? o"),
    Door("POST /members/edit/?id={her}",                       "> ---- ddd?? --? d", MEMBER),
    Door("POST /members/edit/?id={neighbour}",                 "> ---- ?dd?? --? d", NEIGHBOUR),
    Door("POST /members/delete/",                              "> ---- ---?? --? e", {"id": "{her}"}),
    Door("POST /members/delete/",                              "> ---- ---?? --? d", {"id": "{spare}"}),
    Door("POST /members/export/csv/",                          "> ---- AAAaa AAa A", names="林小雨"),
    Door("POST /members/export/json/",                         "> ---- ????? ??? ?"),
    Door("POST /members/id-number",                            "> ---- AAA?? --? A",
         {"id": "{her}"}, "{her_number}"),
    Door("POST /members/id-number",                            "> ---- ?AA?? --? A",
         {"id": "{neighbour}"}, "{neighbour_number}"),
    Door("GET /members/correct?id={her}",                      "> ---- ---?? --? o"),
    Door("POST /members/correct?id={her}",                     "> ---- ---?? --? v",
         {**CORRECTION, "version": "{her_version}"}),
    Door("POST /members/correct?id={spare}",                   "> ---- ---?? --? d",
         {**CORRECTION, "version": "{spare_version}"}),
    *closed("members",                                         "> ---- ????? ??? ?"),

    # 角色赋权管理
    Door("GET /grants/virtual?org={branch}",                   "> ---- +++?? --? +", names=BRANCH),
    Door("POST /grants/virtual?org={branch}",                  "> ---- vvv?? --? v", {"username": "两 段"}),
    Door("POST /grants/virtual?org={branch}",                  "> ---- ddd?? --? d", {"username": "新虚拟管理员"}),
    Door("GET /grants/",                                       "> ---- ooooo ooo o"),
    Door("GET /grants/?org={branch}",                          "> ---- +++?? ++? +", names="陈国强"),
    Door("GET /grants/?org={street}",                          "> ---- ?++?? ++? +", names="林志强"),
    Door("GET /grants/details/?id={branch_grant}",             "> ---- ????? ??? ?"),
    Door("GET /grants/new/?org={branch}",                      "> ---- ooo?? --? o"),
    Door("GET /grants/new/?org={street}",                      "> ---- ?oo?? --? o"),
    Door("POST /grants/new/?org={branch}",                     "> ---- ddd?? --? d",
         {"holder": "{her}", "roles": ["liaison"]}),
    Door("POST /grants/new/?org={street}",                     "> ---- ?dd?? --? d",
         {"holder": "{secretary}", "roles": ["liaison"]}),
    Door("POST /grants/new/?org={branch}",                     "> ---- vvv?? --? d",
         {"holder": "{her}", "roles": ["auditor"]}),
    Door("POST /grants/new/?org={branch}",                     "> ---- vvv?? --? d",
         {"holder": "{villager}", "roles": ["liaison"]}),
    Door("POST /grants/new/?org={street}",                     "> ---- ?vv?? --? v",
         {"holder": "{sleeper}", "roles": ["liaison"]}),
    Door("POST /grants/new/",                                  "> ---- vvvvv --- d",
         {"holder": "{her}", "roles": ["provincial_admin"]}),
    Door("GET /grants/edit/?id={branch_grant}",                "> ---- ---?? --? -"),
    Door("POST /grants/edit/?id={branch_grant}",               "> ---- ---?? --? -",
         {"roles": ["auditor"], "version": "1"}),
    Door("POST /grants/delete/",                               "> ---- ---?? --? -", {"id": "{branch_grant}"}),
    Door("POST /grants/revoke",                                "> ---- ddd?? --? d", {"id": "{branch_grant}"}),
    Door("POST /grants/revoke",                                "> ---- ?dd?? --? d", {"id": "{street_grant}"}),
    Door("POST /grants/revoke",                                "> ---- ?--?? --? d", {"id": "{secretary_grant}"}),
    Door("POST /grants/revoke",                                "> ---- ????? ??? e", {"id": "{admin_grant}"}),
    Door("POST /grants/export/csv/",                           "> ---- ????? ??? ?"),
    *closed("grants",                                          "> ---- ????? ??? ?"),

    # 账号
    Door("GET /accounts/",                                     "> ---- +++oo ++o +", names="林小雨"),
    Door("GET /accounts/?org={street}",                        "> ---- ?++?? ++? +", names="林小雨"),
    Door("GET /accounts/details/?id={her_account}",            "> ---- +++?? ++? +", names="林小雨"),
    Door("GET /accounts/details/?id={street_account}",         "> ---- ?++?? ++? +", names=f"{STREET}联络员"),
    Door("GET /accounts/details/?id={admin_account}",          "> ---- ????? ??? o"),
    Door("GET /accounts/new/",                                 "> ---- ----- --- o"),
    Door("POST /accounts/new/",                                "> ---- ----- --- d",
         {"username": "新账号", "organization_id": "{branch}"}),
    Door("GET /accounts/edit/?id={her_account}",               "> ---- ---?? --? -"),
    Door("POST /accounts/edit/?id={her_account}",              "> ---- ---?? --? -",
         {"username": "改名", "version": "1"}),
    Door("POST /accounts/delete/",                             "> ---- ---?? --? -", {"id": "{her_account}"}),
    Door("POST /accounts/close",                               "> ---- ---?? --? d", {"id": "{her_account}"}),
    Door("POST /accounts/close",                               "> ---- ????? ??? e", {"id": "{admin_account}"}),
    Door("POST /accounts/reopen",                              "> ---- ---?? --? e", {"id": "{her_account}"}),
    Door("POST /accounts/end-sessions",                        "> ---- ---?? --? d", {"id": "{her_account}"}),
    Door("POST /accounts/password",                            "> ---- ---?? --? d", {"id": "{her_account}"}),
    Door("POST /accounts/password",                            "> ---- ?--?? --? d", {"id": "{street_account}"}),
    Door("POST /accounts/export/csv/",                         "> ---- ????? ??? ?"),
    *closed("accounts",                                        "> ---- ????? ??? ?"),

    # 组织VPN权限设置, 组织权限级别
    Door("GET /level-setting/",                                "> ---- ooooo --- o"),
    Door("GET /level-setting/?org={branch}",                   "> ---- ooo?? --- o"),
    Door("GET /level-setting/?org={street}",                   "> ---- ?oo?? --- o"),
    Door("POST /level-setting/save?org={branch}",              "> ---- ddd?? --- d",
         {"level_rank": "", "version": "{organization_version}"}),
    Door("POST /level-setting/save?org={street}",              "> ---- ?dd?? --- d",
         {"level_rank": "", "version": "{street_version}"}),
    Door("GET /levels/",                                       "> ---- ooooo ooo o"),
    Door("GET /levels/details/?id=6",                          "> ---- ????? ??? ?"),
    Door("GET /levels/new/",                                   "> ---- ----- --- -"),
    Door("POST /levels/new/",                                  "> ---- ----- --- -", {"name": "八级", "rank": "8"}),
    Door("GET /levels/edit/?id=6",                             "> ---- ----- --- o"),
    Door("POST /levels/edit/?id=6",                            "> ---- ----- --- d", LEVEL),
    Door("POST /levels/delete/",                               "> ---- ----- --- e", {"id": "6"}),
    Door("POST /levels/export/csv/",                           "> ---- ????? ??? ?"),
    *closed("levels",                                          "> ---- ????? ??? ?"),

    # 组织, 转接类型, 数据体检
    Door("GET /organizations/",                                "> ---- +++oo ++o +", names=BRANCH),
    Door("GET /organizations/?org={street}",                   "> ---- ?++?? ++? +", names=BRANCH),
    Door("GET /organizations/details/?id={branch}",            "> ---- +++?? ++? +", names="0591-8700"),
    Door("GET /organizations/details/?id={street}",            "> ---- ?++?? ++? +", names="0591-8700"),
    Door("GET /organizations/new/",                            "> ---- ----- --- o"),
    Door("POST /organizations/new/",                           "> ---- ----- --- d", NEW_ORGANIZATION),
    Door("GET /organizations/edit/?id={branch}",               "> ---- ---?? --? o"),
    Door("POST /organizations/edit/?id={branch}",              "> ---- ---?? --? d", ORGANIZATION),
    Door("POST /organizations/edit/?id={street}",              "> ---- ?--?? --? d", STREET_ITSELF),
    Door("POST /organizations/delete/",                        "> ---- ---?? --? e", {"id": "{branch}"}),
    Door("POST /organizations/delete/",                        "> ---- ?--?? --? d", {"id": "{empty}"}),
    Door("POST /organizations/export/csv/",                    "> ---- AAAaa AAa A", names=BRANCH),
    *closed("organizations",                                   "> ---- ????? ??? ?"),
    Door("GET /kinds/",                                        "> ---- ooooo ooo o"),
    Door("GET /kinds/details/?id=intra",                       "> ---- ooooo ooo o"),
    Door("GET /kinds/new/",                                    "> ---- ????? ??? ?"),
    Door("POST /kinds/new/",                                   "> ---- ????? ??? ?", {"code": "new"}),
    Door("GET /kinds/edit/?id=intra",                          "> ---- ????? ??? ?"),
    Door("POST /kinds/edit/?id=intra",                         "> ---- ????? ??? ?", {"step_days": "9"}),
    Door("POST /kinds/delete/",                                "> ---- ----- --- -", {"id": "intra"}),
    Door("POST /kinds/export/csv/",                            "> ---- ????? ??? ?"),
    *closed("kinds",                                           "> ---- ????? ??? ?"),
    Door("GET /checkup/",                                      "> ---- +++o+ ++o +", names="林小雨"),
    Door("POST /checkup/replan",                               "> ---- dddrd --- d"),

    # 操作留痕, 审计日志
    Door("GET /history/",                                      "> ---- +++oo ++o +", names="林小雨"),
    Door("GET /history/?org={street}",                         "> ---- ?++?? ++? +", names="林小雨"),
    Door("GET /history/?number={moving_number}",               "> ---- +++o+ ++o +", names="林小雨"),
    Door("GET /history/?person={her_index}",                   "> ---- +++o+ ++o +", names="林小雨"),
    Door("POST /history/find",                                 "> ---- rrrrr rrr r", {"id_number": "{her_number}"}),
    Door("GET /history/details/?id={entry}",                   "> ---- +++?+ ++? +", names="林小雨"),
    Door("GET /history/details/?id={entry_elsewhere}",         "> ---- ??++? ++? +", names="何俊杰"),
    Door("GET /history/verify",                                "> ---- ----- ooo o"),
    Door("GET /history/new/",                                  "> ---- ????? ??? ?"),
    Door("POST /history/new/",                                 "> ---- ????? ??? ?", {"opinion": "x"}),
    Door("GET /history/edit/?id={entry}",                      "> ---- ????? ??? ?"),
    Door("POST /history/edit/?id={entry}",                     "> ---- ????? ??? ?",
         {"opinion": "x", "version": "1"}),
    Door("POST /history/delete/",                              "> ---- ---?- --? -", {"id": "{entry}"}),
    Door("POST /history/export/csv/",                          "> ---- AAAaa AAa A", names="林小雨"),
    *closed("history",                                         "> ---- ????? ??? ?"),
    Door("GET /audit/",                                        "> ---- ----- ++o +", names="一次导出"),
    Door("GET /audit/?org={street}",                           "> ---- ----- ++? +", names="一次导出"),
    Door("GET /audit/details/?id={audited}",                   "> ---- ----- ++? +", names="一次导出"),
    Door("GET /audit/details/?id={signed_in}",                 "> ---- ----- +?? +", names="一次登录"),
    Door("GET /audit/new/",                                    "> ---- ----- ??? ?"),
    Door("POST /audit/new/",                                   "> ---- ----- ??? ?", {"subject": "x"}),
    Door("GET /audit/edit/?id={audited}",                      "> ---- ----- ??? ?"),
    Door("POST /audit/edit/?id={audited}",                     "> ---- ----- ??? ?",
         {"subject": "x", "version": "1"}),
    Door("POST /audit/delete/",                                "> ---- ----- --? -", {"id": "{audited}"}),
    Door("POST /audit/export/csv/",                            "> ---- ----- AAa A", names="一次导出"),
    *closed("audit",                                           "> ---- ----- ??? ?"),

    # 短信
    Door("GET /messages/",                                     "> ---- ----- --- +", names="138****4321"),
    Door("GET /messages/details/?id={dead_message}",           "> ---- ----- --- +", names="138****4321"),
    Door("GET /messages/new/",                                 "> ---- ----- --- ?"),
    Door("POST /messages/new/",                                "> ---- ----- --- ?", {"phone": "13800004321"}),
    Door("GET /messages/edit/?id={dead_message}",              "> ---- ----- --- ?"),
    Door("POST /messages/edit/?id={dead_message}",             "> ---- ----- --- ?",
         {"phone": "13800004321", "version": "1"}),
    Door("POST /messages/delete/",                             "> ---- ----- --- -", {"id": "{dead_message}"}),
    Door("POST /messages/resend",                              "> ---- ----- --- d", {"id": "{dead_message}"}),
    Door("POST /messages/resend",                              "> ---- ----- --- e", {"id": "{waiting_message}"}),
    Door("POST /messages/export/csv/",                         "> ---- ----- --- ?"),
    *closed("messages",                                        "> ---- ----- --- ?"),

    # what pickers and the tree ask for
    Door("GET /lookup/tree",                                   "! oooo +oooo ooo o", names=BRANCH),
    Door("GET /lookup/tree?parent={general}",                  "! oooo o++oo ++o +", names=SISTER),
    Door("GET /lookup/organizations?q=军门第二",                 "! oooo o++oo ++o +", names=SISTER),
    Door("GET /lookup/organizations?for=destination&q=军门第二", "! ++++ +++++ +++ +", names=SISTER),
    Door("GET /lookup/organizations?for=reassign&q=军门第二",    "! oooo o++oo ooo o", names=SISTER),
    Door("GET /lookup/organizations?for=entering&org={county}&q=军门第二", "! oooo oo+oo ooo o", names=SISTER),
    Door("GET /lookup/areas?in=44",                            "! oooo ooooo ooo o"),
    Door("GET /lookup/areas?in=35",                            "! ???? ????? ??? ?"),
    Door("GET /lookup/organizations?for=parent&q=东街",          "! oooo o++oo ++o +", names=STREET),
    Door("GET /lookup/organizations?for=home&q=军门第二",        "! oooo o++oo ++o +", names=SISTER),
    Door("GET /lookup/organizations?for=account&q=东街",         "! oooo o++oo ++o +", names=STREET),
    Door("GET /lookup/organizations?for=everything",           "! ???? ????? ??? ?"),
    Door("GET /lookup/members?q=林小雨",                        "! +ooo +++oo ooo o", names="林小雨"),
    Door("GET /lookup/people?q=林小雨",                         "! oooo +++oo ooo +", names="林小雨"),
    Door("GET /lookup/accounts?org={branch}&q=军门",            "! oooo +++oo ooo +", names=f"{BRANCH}联络员"),
    Door("GET /lookup/accounts?org={street}&q=东街",            "! oooo o++oo ooo +", names=f"{STREET}联络员"),

    # for everybody
    Door("GET /session/phone",                                 "o rrrr rrrrr rrr r"),
    Door("POST /session/phone",                                "v vvvv vvvvv vvv v",
         {"phone": "13912345678", "code": "1"}),
    Door("POST /session/phone/code",                           "v vvvv vvvvv vvv v", {"phone": "139"}),
    Door("POST /session/phone/choose",                         "e eeee eeeee eee e", {"account": "{her_account}"}),
    Door("GET /session/password",                              "> oooo ooooo ooo o"),
    Door("POST /session/password",                             "> vvvv vvvvv vvv v",
         {"current": "wrong", "password": "x", "again": "x"}),
    Door("GET /session/sign-in",                               "o rrrr rrrrr rrr r"),
    Door("POST /session/sign-in",                              "d dddd ddddd ddd d",
         {"username": "林小雨", "password": PASSWORD}),
    Door("POST /session/sign-out",                             "> aaaa aaaaa aaa a"),
    Door("POST /session/sign-out-everywhere",                  "> dddd ddddd ddd d"),
    Door("POST /language/",                                    "r rrrr rrrrr rrr r", {"language": "en"}),
    Door("GET /health",                                        "o oooo ooooo ooo o"),
    Door("GET /static/css/app.css",                            "o oooo ooooo ooo o"),
    Door("GET /static/admin/admin/css/bootstrap4/admin.css",   "o oooo ooooo ooo o"),
)
NOWHERE = (
    Door("GET /nowhere",                                       "? ???? ????? ??? ?"),
    Door("GET /members/export/csv/",                           "x xxxx xxxxx xxx x"),
)

# What may be done with a transfer, and by whom (R18, R23-R30). The asker at the end is 军门社区总支's liaison.
ACT = "POST /transfers/{moving}/act"
RETURNED = "POST /transfers/{returned}/act"
ARRIVING = "POST /transfers/{arriving}/act"
LEAVING = "POST /transfers/{leaving}/act"
OBJECTED = "POST /transfers/{objected}/act"
REASON = {"reason": "材料不全"}
ACTS = (
    # 林小雨's waits at the street; the way ahead has changed since it was planned.
    Door(ACT, "> e??? ede?e ee? e e", {"action": "approve", "version": "{moving_version}"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "approve", "version": "1"}),
    Door(ACT, "> e??? ede?e ee? e e", {"action": "reject", **REASON}),
    Door(ACT, "> e??? eve?e ee? e e", {"action": "reject"}),
    Door(ACT, "> e??? eee?e ee? e d", {"action": "withdraw"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "void"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "resubmit"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "confirm"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "object", "opinion": "不接收"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "reassign", "destination": "{sister}"}),
    Door(ACT, "> e??? eee?e ee? e e", {"action": "delete"}),
    Door(ACT, "> e??? ddd?d ee? d d", {"action": "replan"}),
    Door(ACT, "> d??? ded?e ee? e d", {"action": "urge"}),
    Door("POST /transfers/{moving}/resubmit", "> e??? eee?e ee? e e", APPLICATION),
    Door("POST /desk/approve", "> ---- odooo --- - o", BULK),
    # 王丽华's is back at her side: the street's liaison had applied for her.
    Door(RETURNED, "> ?d?? ?de?? ee? e e", {"action": "void"}),
    Door(RETURNED, "> ?e?? ?ee?? ee? e e", {"action": "approve"}),
    Door(RETURNED, "> ?e?? ?ee?? ee? e e", {"action": "withdraw"}),
    Door(RETURNED, "> ?e?? ?ee?? ee? e e", {"action": "replan"}),
    Door("POST /transfers/{returned}/resubmit", "> ?d?? ?de?? ee? e e", APPLICATION),
    # 罗永福's waits for 确认报到 at the village.
    Door(ARRIVING, "> ???? ??e?d ee? e ?", {"action": "confirm"}),
    Door(ARRIVING, "> ???? ??e?d ee? e ?", {"action": "object", "opinion": "不接收"}),
    Door(ARRIVING, "> ???? ??e?v ee? e ?", {"action": "object"}),
    Door(ARRIVING, "> ???? ??e?d ee? e ?", {"action": "withdraw"}),
    Door(ARRIVING, "> ???? ??e?e ee? e ?", {"action": "reject", **REASON}),
    # Another's came back to the street: 旗汛口社区支部 has objected (R44).
    Door(OBJECTED, "> ???? ede?? ee? e e", {"action": "reassign", "destination": "{sister}"}),
    Door(OBJECTED, "> ???? eve?? ee? e e", {"action": "reassign", "destination": "{village}"}),
    Door(OBJECTED, "> ???? eve?? ee? e e", {"action": "reassign"}),
    # 郑晓东's, the secretary's own, waits at his branch, whose liaison 吴建平 sleeps.
    Door(LEAVING, "> ??e? ?ee?? ee? e ?", {"action": "approve"}),
    Door(LEAVING, "> ??d? ?ee?? ee? e ?", {"action": "withdraw"}),
    # R18: a member applies for themself, whatever member the form names; a liaison for those of the own subtree.
    Door("POST /transfers/apply", "> vvvd dddvv --- - d",
         {**APPLICATION, "member": "{spare}", "seen": "{spare}:{village}"}),
    # R40: what the county has looked up, and nobody else.
    Door("POST /transfers/enter/send", "> ---- --d-- --- - -",
         {**ENTRY, "registering": "{county}", "ticket": "{ticket}", "photo": "{held}"}),
    Door("POST /transfers/{entering}/resubmit", "> ???? ?ed?? ee? e e", ENTRY),
)
# fmt: on


# --- The world behind the doors ---

ACCOUNTS = {"her": "林小雨", "street": f"{STREET}联络员", "admin": ADMIN}
GRANTS = {"branch": "陈国强", "street": "林志强", "secretary": "郑晓东", "admin": ADMIN}


@pytest.fixture(scope="module")
def walk(backend, new_app):
    """The world with what the table asks about: once for all, since every request's changes are put back."""
    with new_app(backend) as app, app.app_context():
        walk = Walk(app, make_ready(Fujian()))
        with walk.here():
            yield walk


def make_ready(fujian: Fujian) -> dict[str, object]:
    """Transfers at their places, spare rows that may be deleted, audit entries; what the doors call all of it."""
    places = {"branch": BRANCH, "sister": SISTER, "general": GENERAL, "street": STREET, "county": COUNTY}
    places |= {"beside": BESIDE, "village": VILLAGE, "city": "福州市委"}
    people = {"her": "林小雨", "neighbour": "林志强", "secretary": "郑晓东", "sleeper": "吴建平", "villager": "黄志明"}
    current_app.config["ATTACHMENTS_URL"] = "memory://doors"
    # First, so that what the doors ask about is the latest that has happened.
    county_liaison = fujian.liaison_of(COUNTY)
    entering = county_liaison.reject(county_liaison.enter(fujian.member("孙丽娜").id_number, COUNTY, SISTER))
    entered = fujian.complete(county_liaison.enter(NEW_NUMBER, COUNTY, SISTER, person=NEWCOMER))
    transfers = {
        "moving": fujian.transfer("林小雨", BRANCH, to=VILLAGE, at=STREET),
        "elsewhere": fujian.transfer("何俊杰", "鼓楼区委直属支部", to="朱紫坊社区支部"),
        "returned": fujian.liaison_of(STREET).apply("王丽华", to="旗汛口社区支部"),
        "arriving": fujian.transfer("罗永福", "鼓楼区医院第一支部", to=VILLAGE, at=VILLAGE, confirming=True),
        "leaving": fujian.apply("郑晓东", to="鼓楼区委直属支部"),
        "leaver": fujian.apply("郭雅婷", to="省外组织", **OUT_OF_PROVINCE),
    }
    fujian.liaison_of(SISTER).reject(transfers["returned"])
    fujian.bring(transfers["leaver"], COUNTY)
    county, kept = fujian.liaison_of(COUNTY).actor, storage.storage(current_app.config)
    stub = attachments.upload(
        transfers["leaver"].key, AttachmentKind.STUB, county, "存根.png", BytesIO(picture("PNG")), kept
    )
    fujian.set_level(TOWN, None)
    long_ago = clock.now() - timedelta(days=4)
    db.session.execute(sa.update(Transfer).where(Transfer.key == transfers["moving"].key).values(arrived_at=long_ago))
    names: dict[str, object] = {name: transfer.key for name, transfer in transfers.items()}
    moving = transfers["moving"]
    names |= {"stub": stub.key, "moving_version": moving.version, "moving_number": moving.number}
    names |= {"entry": fujian.entries(moving)[0].id, "entry_elsewhere": fujian.entries(transfers["elsewhere"])[0].id}
    [spare, unwanted], [empty] = more_members(fujian.org(BRANCH), 2), more_organizations(fujian.org(STREET), 1)
    objected = fujian.liaison_of(BRANCH).apply(unwanted.name, to=QIXUN)
    fujian.bring(objected, QIXUN)
    names["objected"] = fujian.liaison_of(QIXUN).object(objected).key
    names |= {"entering": entering.key, "entered": entered.key}
    names |= {"outside_number": fujian.member("马海涛").id_number, "held": county_liaison.hold_photo()}
    names |= {"ticket": county_liaison.look_up(str(names["outside_number"]), COUNTY).ticket}
    names |= {"spare": spare.key, "spare_version": spare.version, "empty": empty.id}
    names |= {name: fujian.org(place).id for name, place in places.items()}
    names |= {name: fujian.member(person).key for name, person in people.items()}
    branch, street = fujian.org(BRANCH), fujian.org(STREET)
    names |= {"name": branch.name, "code": branch.code, "kind": branch.kind.value, "parent": branch.parent_id}
    names |= {"organization_version": branch.version, "street_version": street.version, "street_code": street.code}
    her, neighbour = fujian.member("林小雨"), fujian.member("林志强")
    names |= {"her_number": her.id_number, "her_index": her.id_number_index, "her_phone": her.phone}
    names |= {"her_version": her.version, "neighbour_version": neighbour.version}
    names |= {"neighbour_number": neighbour.id_number, "neighbour_phone": neighbour.phone}
    names |= {
        "new_number": id_number(Gender.FEMALE, 99),
        "level_version": db.session.get_one(PermissionLevel, 6).version,
    }
    names |= {"today": clock.today().isoformat(), "month": clock.this_month()}
    fujian.account("林小雨").password_hash = accounts.hash_password(PASSWORD)
    names |= {f"{name}_account": fujian.account(username).key for name, username in ACCOUNTS.items()}
    names |= {f"{name}_grant": grant_of(fujian, username).id for name, username in GRANTS.items()}
    away = Account(username=AWAY_AUDITOR)
    db.session.add(RoleGrant(account=away, organization=fujian.org(AWAY), role_code=RoleCode.AUDITOR))
    audit.record(AuditEvent.EXPORTED, None, organization=branch, subject="一次导出")
    audit.record(AuditEvent.SIGNED_IN, None, subject="一次登录")
    for state in (MessageState.WAITING, MessageState.DEAD):
        message = outbox.put(MessageKind.UNBOUND, "13800004321", username="林小雨")
        message.state, message.key = state, f"a-{state.value}-message"
        names |= {f"{state.value}_message": message.key}
    db.session.commit()
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    names |= {"signed_in": entries[0].id, "audited": entries[1].id}
    return names


def grant_of(fujian: Fujian, username: str) -> RoleGrant:
    """The only grant of an account."""
    grants = sa.select(RoleGrant).where(RoleGrant.account_id == fujian.account(username).id)
    return db.session.scalars(grants).one()


# --- The walk ---


def differences(walk: Walk, doors: Iterable[Door]) -> list[str]:
    """What ends otherwise than the doors say, and what an answer names that its asker must not see."""
    found = []
    for door in doors:
        for asker, expected in zip(ASKERS, door.expected, strict=False):
            end, said = walk.ends(door, asker)
            here = f"{door.what} {dict(door.form) or ''} by {asker or 'nobody'}:"
            if end != expected:
                found.append(f"{here} {end} instead of {expected}")
            found += [f"{here} names {word}" for word in ASKERS[asker] if word in said]
    return found


def desk(door: Door) -> str:
    """The first word of a door's path."""
    return door.path.strip("/").partition("?")[0].partition("/")[0] or "home"


@pytest.mark.parametrize("name", sorted({desk(door) for door in DOORS}))
def test_every_door_is_open_to_whom_the_table_says(walk, backend, name):
    """What is shut for everybody is tried on one database: nothing is behind it that another could show."""
    doors = [door for door in DOORS if desk(door) == name and (backend == "sqlite" or not door.shut)]
    assert differences(walk, doors) == []


@pytest.mark.parametrize("name", sorted({door.what for door in ACTS}))
def test_every_action_is_taken_by_whom_the_table_says(walk, name):
    assert differences(walk, [door for door in ACTS if door.what == name]) == []


def test_what_is_no_door_is_none_for_anybody(walk):
    assert differences(walk, NOWHERE) == []


# --- The table ---


def unlike_the_table(app: Flask) -> tuple[set[str], list[str]]:
    """The endpoints that have no row, and the rows that lead to none."""
    rows = {door.what: endpoint_of(app, door) for door in (*DOORS, *ACTS)}
    return endpoints(app) - set(rows.values()), [what for what, endpoint in rows.items() if endpoint is None]


def test_every_endpoint_stands_in_the_table(app):
    assert unlike_the_table(app) == (set(), [])


def test_an_endpoint_without_a_row_is_found(app):
    app.add_url_rule("/transfers/<key>/attachments", "transfers.attach", methods=["POST"])
    assert unlike_the_table(app) == ({"POST transfers.attach"}, [])


def test_a_row_without_an_endpoint_is_found(app, monkeypatch):
    gone = Door("POST /members/merge", "")
    monkeypatch.setattr(sys.modules[__name__], "DOORS", (*DOORS, gone))
    assert unlike_the_table(app) == (set(), [gone.what])


@pytest.mark.parametrize(
    ("doors", "askers"), [(DOORS + NOWHERE, len(ASKERS) - 1), (ACTS, len(ASKERS))], ids=["doors", "acts"]
)
def test_each_row_has_a_sign_for_each_asker(doors, askers):
    assert [door.what for door in doors if len(door.expected) != askers] == []


def test_by_the_table_only_forms_change_anything():
    assert [door.what for door in DOORS if door.method == "GET" and {"d", "a", "A"} & set(door.ends)] == []


def test_by_the_table_auditors_and_who_is_not_signed_in_change_nothing():
    """But the own sessions: what one may do before any role."""
    columns = [number for number, asker in enumerate(ASKERS) if asker in ("", AUDITOR, CITY_AUDITOR, AWAY_AUDITOR)]
    done = {door.what for door in (*DOORS, *ACTS) if "d" in [door.expected[column] for column in columns]}
    assert done == {"POST /session/sign-in", "POST /session/sign-out-everywhere"}
