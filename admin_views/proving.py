"""【留痕核验】: walking all hash chains a part a request, and what is wrong with one entry's chain (R48).

Walking changes nothing, so it is a GET. How far a walk has come and what it has found travels in a signed mark in its
address: nobody can be shown an address that claims a walk which never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import abort, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin_views.access import current_actor
from admin_views.translating import gettext as _
from models import HistoryEntry, Transfer, db
from workflow import history, policy
from workflow.actors import Actor
from workflow.history import Break

TRANSFERS_A_PART = 3000
"""Some 20,000 entries: a second's work."""
NAMED = 50
"""So many broken entries are named; those behind them are only counted."""


@dataclass(frozen=True)
class Walk:
    """How far a walk has come: up to the transfer `after`, with what it has found so far."""

    after: int = 0
    checked: int = 0
    broken: int = 0
    named: tuple[Break, ...] = ()
    done: bool = False

    def on(self) -> Walk:
        """The walk after its next part."""
        part = history.verify_batch(self.after, TRANSFERS_A_PART)
        return Walk(
            after=part.last or self.after,
            checked=self.checked + part.checked,
            broken=self.broken + len(part.breaks),
            named=(*self.named, *part.breaks)[:NAMED],
            done=part.last is None or part.last >= history.newest_transfer(),
        )

    @classmethod
    def of(cls, mark: str) -> Walk:
        """The walk that an address names; a new one where it names none of ours."""
        try:
            after, checked, broken, named = _signer().loads(mark)
        except BadSignature:
            return cls()
        return cls(after, checked, broken, tuple(Break(*found) for found in named))

    @property
    def mark(self) -> str:
        return str(_signer().dumps([self.after, self.checked, self.broken, self.named]))

    @property
    def percent(self) -> int:
        return 100 if self.done else min(99, 100 * self.after // max(1, history.newest_transfer()))


class Finding(NamedTuple):
    """A broken entry as the actor may see it."""

    number: str
    sequence: int
    problem: str
    url: str


class Proof(NamedTuple):
    """What verifying says of an entry, and of the whole chain that it stands in."""

    entry: list[str]
    chain: list[tuple[int, str]]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="history walk")


def proof_of(entry: HistoryEntry) -> Proof:
    """Verify the chain of the entry's transfer."""
    chain = [(sequence, _(problem)) for _transfer, sequence, problem in history.verify(entry.transfer_id)]
    return Proof([problem for sequence, problem in chain if sequence == entry.sequence], chain)


def findings(walk: Walk, actor: Actor) -> list[Finding]:
    """The named breaks that lie in the actor's scope, in the order of the walk; the rest is counted only."""
    if not walk.named:
        return []
    entries = {
        entry.id: entry
        for entry in db.session.scalars(
            select(HistoryEntry)
            .where(HistoryEntry.id.in_([found.entry_id for found in walk.named]), policy.history_visible(actor))
            .options(joinedload(HistoryEntry.transfer))
        )
    }
    without = [found.transfer_id for found in walk.named if found.entry_id is None]
    empty = {
        transfer.id: transfer
        for transfer in db.session.scalars(
            select(Transfer).where(Transfer.id.in_(without), policy.transfers_visible(actor))
        )
    }
    shown = []
    for found in walk.named:
        if found.entry_id in entries:
            entry = entries[found.entry_id]
            url = url_for("history.details_view", id=entry.id)
            shown.append(Finding(entry.transfer.number, found.sequence, _(found.problem), url))
        elif found.transfer_id in empty:
            transfer = empty[found.transfer_id]
            url = url_for("transfers.record", key=transfer.key)
            shown.append(Finding(transfer.number, found.sequence, _(found.problem), url))
    return shown


class ProvesHistory:
    """Mixed into the view of the history: 【核验全部留痕】."""

    @expose("/verify")
    def verify(self: Any) -> ResponseReturnValue:
        """Walk the next part, and show how far it is and what was found: a page, or its panel where a script asks."""
        actor = current_actor()
        if not policy.may_audit(actor):
            abort(403)
        walk = Walk.of(request.args.get("walk", "")).on()
        shown = findings(walk, actor)
        template = (
            "history/_proof.html" if request.headers.get("X-Requested-With") == "fetch" else "history/verify.html"
        )
        return self.render(template, walk=walk, findings=shown, elsewhere=walk.broken - len(shown))
