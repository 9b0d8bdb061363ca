"""Two people at once: each in a thread, with an application of their own, in what a POST request would be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier

from flask import Flask
from sqlalchemy import event, func, select

from models import Account, Member, Organization, Transfer, db, path_segment, sqlite
from workflow.errors import RuleError

Deed = Callable[[], object]
Refusal = RuleError | None

PATIENCE = 0.3
"""How long who came first gives the second to come as far as the database lets them, in seconds."""


def together(make_app: Callable[..., Flask], *deeds: Deed) -> list[Refusal]:
    """Let the deeds begin at the same moment; what each was told, None where it succeeded."""
    db.session.commit()
    barrier = Barrier(len(deeds))
    with ThreadPoolExecutor(len(deeds)) as pool:
        running = [pool.submit(_request, make_app(), deed, barrier.wait) for deed in deeds]
    return [each.result() for each in running]


def overtaken(make_app: Callable[..., Flask], first: Deed, second: Deed, *, once: str) -> list[Refusal]:
    """Let `second` begin when `first` has sent a statement that begins with `once`, and has not committed yet.

    What both were told, None where they succeeded.
    """
    db.session.commit()
    apps = make_app(), make_app()
    late: list[Future[Refusal]] = []

    def begin_second(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(once) and not late:
            late.append(pool.submit(_request, apps[1], second))
            wait(late, timeout=PATIENCE)

    with apps[0].app_context():
        event.listen(db.engine, "after_cursor_execute", begin_second)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(_request, apps[0], first)
        wait([early])
    assert late, f"the first never sent {once}"
    return [early.result(), late[0].result()]


def _request(app: Flask, deed: Deed, start: Callable[[], object] = lambda: None) -> Refusal:
    with app.app_context():
        sqlite.begin_as_writer(True)
        start()
        try:
            deed()
        except RuleError as refusal:
            return refusal
        return None


_member_home = select(Member.organization_id).where(Member.id == Account.member_id).scalar_subquery()
_home = func.coalesce(_member_home, Account.organization_id)


def misplaced() -> list[str]:
    """Organizations, members, accounts and transfers whose kept path is not the one that the parent links make."""
    db.session.commit()
    links = {row.id: row for row in db.session.execute(select(Organization.id, Organization.parent_id))}

    def path(identity: int | None, depth: int = 0) -> str:
        assert depth < len(links), "the organizations stand in a circle"
        return path(links[identity].parent_id, depth + 1) + path_segment(identity) if identity else ""

    kept = [
        *db.session.execute(select(Organization.name, Organization.path, Organization.id)),
        *db.session.execute(select(Member.name, Member.org_path, Member.organization_id)),
        *db.session.execute(select(Account.username, Account.org_path, _home)),
        *db.session.execute(select(Transfer.key, Transfer.source_path, Transfer.source_id)),
        *db.session.execute(select(Transfer.key, Transfer.destination_path, Transfer.destination_id)),
    ]
    db.session.commit()
    return [name for name, where, organization in kept if where != path(organization)]
