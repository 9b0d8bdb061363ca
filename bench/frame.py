"""What stands around every page, by hand: who is asking, their menu, how much waits for them."""

from __future__ import annotations

from markupsafe import Markup

from bench.byhand import Raw, marks, template

_WHO = (
    "SELECT a.username, m.name, o.name, m.phone_activated_at, g.role_code, g.organization_id, p.name, p.path, "
    "p.is_active, a.member_id FROM account a LEFT JOIN member m ON m.id = a.member_id "
    "LEFT JOIN organization o ON o.id = a.organization_id LEFT JOIN role_grant g ON g.account_id = a.id "
    "LEFT JOIN organization p ON p.id = g.organization_id "
    "WHERE a.key = %s AND a.session_token = %s AND a.is_active ORDER BY g.id"
)
_MENU = (
    ("组织关系管理", (("待办", "/desk/"), ("组织关系转接", "/transfers/"), ("台账", "/ledger/"))),
    ("党员管理", (("党员信息维护", "/members/"),)),
    ("权限管理", (("角色赋权管理", "/grants/"), ("账号", "/accounts/"), ("组织VPN权限设置", "/level-setting/"))),
    ("基础数据", (("组织", "/organizations/"), ("转接类型", "/kinds/"), ("数据体检", "/checkup/"))),
    ("审计", (("操作留痕", "/history/"),)),
)
_FRAME = template("frame")


def asking(raw: Raw, session: tuple[str, str]) -> list[tuple]:
    """Who a session (account key, session token) names, a row a grant; nothing is shown to anybody else."""
    found = raw.rows(_WHO, *session, prepare=True)
    assert found
    return found


def framed(raw: Raw, session: tuple[str, str], body: str) -> str:
    """The page of a session around a body."""
    found = asking(raw, session)
    username, member, owner = found[0][:3]
    mine = [row[5] for row in found if row[4] == "liaison" and row[8] and (row[9] is None or row[3])]
    todo = 0
    if mine:
        waiting = f"SELECT 1 FROM transfer WHERE waiting_organization_id IN ({marks(mine)}) LIMIT 100"  # noqa: S608
        todo = raw.rows(f"SELECT count(*) FROM ({waiting}) t", *mine, prepare=True)[0][0]  # noqa: S608
    return _FRAME.render(
        name=member or owner or username,
        posts=[f"{row[4]} · {row[6]}" for row in found if row[4]],
        menu=_MENU,
        todo=todo,
        token=session[1],
        body=Markup(body),  # noqa: S704
    )
