"""查看: one record with its chart and its history, the window that asks before an action, an organization's card."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench.byhand import Raw, marks, moment, short, template
from bench.pages.transfers import line
from bench.sample import Sample
from bench.site import Page
from models import Stage

_RECORD = template("records_record")
_WINDOW = template("records_window")
_CARD = template("records_card")
_HEAD = (
    "SELECT t.id, t.key, t.version, t.state, t.arrived_at, t.created_at, t.ended_at, t.applied_on, m.name, "
    "m.id_number_masked, s.name, d.name, k.name, c.name, NULL, NULL, t.current_organization_id, t.dues_paid_until, "
    "m.category, m.phone, t.reason, o.name, n.name FROM transfer t JOIN member m ON m.id = t.member_id "
    "JOIN organization s ON s.id = t.source_id JOIN organization d ON d.id = t.destination_id "
    "JOIN transfer_kind k ON k.code = t.kind_code JOIN account a ON a.id = t.submitted_by_id "
    "LEFT JOIN organization c ON c.id = t.current_organization_id "
    "LEFT JOIN organization o ON o.id = t.submitting_organization_id "
    "LEFT JOIN member n ON n.id = a.member_id WHERE t.key = %s"
)
_STOPS = (
    "SELECT p.stage, p.state, p.level_unset, p.handled_at, p.handled_by, o.id, o.name, o.kind, o.contact_name, "
    "o.contact_phone FROM step p JOIN organization o ON o.id = p.organization_id WHERE p.transfer_id = %s "
    "ORDER BY p.position"
)
_ENTRIES = (
    "SELECT at, action, rule, actor_name, actor_organization_name, from_organization_name, to_organization_name, "
    "opinion, details FROM history_entry WHERE transfer_id = %s ORDER BY sequence DESC"
)
LIAISONS = (
    "SELECT g.organization_id, m.name FROM role_grant g JOIN account a ON a.id = g.account_id "
    "JOIN organization o ON o.id = g.organization_id LEFT JOIN member m ON m.id = a.member_id "
    "WHERE g.role_code = 'liaison' AND a.is_active AND o.is_active "
    "AND (a.member_id IS NULL OR m.phone_activated_at IS NOT NULL) AND g.organization_id IN ({})"
)


def record(raw: Raw, key: str, mine: int | None) -> str:
    """The page of one transfer: four statements."""
    head = raw.row(_HEAD, key)
    row = line(head[:17], mine)
    steps = raw.rows(_STOPS, head[0])
    ids = sorted({step[5] for step in steps})
    counts = dict.fromkeys(ids, 0)
    for organization_id, _name in raw.rows(LIAISONS.format(marks(ids)), *ids):
        counts[organization_id] += 1
    stops = [
        {
            "stage": Stage(stage).label,
            "state": state,
            "unset": unset,
            "at": short(at) if at else "",
            "by": by,
            "id": identity,
            "name": name,
            "kind": kind,
            "contact": contact,
            "phone": phone,
            "liaisons": counts[identity],
        }
        for stage, state, unset, at, by, identity, name, kind, contact, phone in steps
    ]
    names = ("at", "action", "rule", "who", "place", "origin", "target", "opinion")
    entries = [dict(zip(names, entry, strict=False)) for entry in raw.rows(_ENTRIES, head[0])]
    for entry in entries:
        entry["at"] = short(moment(entry["at"]))
    facts = {"applied": head[7], "dues": head[17], "category": head[18], "phone": f"{head[19][:3]}****{head[19][-4:]}"}
    facts |= {"reason": head[20], "applicant": f"{head[21]} 联络员 {head[22] or '虚拟管理员'}" if head[21] else "本人"}
    return _RECORD.render(row=row, stops=stops, entries=entries, facts=facts)


def window(raw: Raw, key: str, mine: int) -> str:
    """The window before 通过."""
    head = raw.row(_HEAD, key)
    place = raw.row(
        "SELECT o.name FROM step p JOIN organization o ON o.id = p.organization_id WHERE p.transfer_id = %s "
        "AND p.state = 'coming' ORDER BY p.position LIMIT 1",
        head[0],
    )
    return _WINDOW.render(row=line(head[:17], mine), place=place[0])


def card(raw: Raw, key: str, identity: int) -> str:
    """The card of an organization on the route."""
    found = raw.row(
        "SELECT o.name, o.kind, l.name, o.contact_name, o.contact_phone, o.path FROM transfer t "
        "JOIN step p ON p.transfer_id = t.id JOIN organization o ON o.id = p.organization_id "
        "LEFT JOIN permission_level l ON l.rank = o.level_rank WHERE t.key = %s AND o.id = %s",
        *(key, identity),
    )
    path = found[5]
    ids = [int(path[start : start + 8]) for start in range(0, len(path) - 8, 8)]
    above = raw.rows(f"SELECT name FROM organization WHERE id IN ({marks(ids)}) ORDER BY path", *ids)  # noqa: S608
    liaisons = [name or "虚拟管理员" for _id, name in raw.rows(LIAISONS.format("%s"), identity)]
    names = ("name", "kind", "level", "contact", "phone")
    facts = dict(zip(names, found, strict=False))
    return _CARD.render(**facts, above=" / ".join(name for (name,) in above), liaisons=liaisons)


def pages(sample: Sample) -> Iterator[Page]:
    """Every record that is measured."""
    branch, town, above = (sample.spots[level] for level in ("branch", "town", "province"))
    waiting, ended = sample.waiting_key(town), sample.ended_key(branch)
    step = r'href="/transfers/[\w-]{16}/organizations/(\d+)"'
    yield Page("record, ended", branch.username, f"/transfers/{ended}", partial(record, key=ended, mine=None), step)
    yield Page(
        "record, one's turn", town.username, f"/transfers/{waiting}", partial(record, key=waiting, mine=town.id), step
    )
    path = f"/transfers/{waiting}"
    yield Page("record, from above", above.username, path, partial(record, key=waiting, mine=None), step)
    yield Page(
        "record, window to approve", town.username, f"{path}/ask/approve", partial(window, key=waiting, mine=town.id)
    )
    place = f"{path}/organizations/{town.id}"
    yield Page("record, card of an organization", town.username, place, partial(card, key=waiting, identity=town.id))
