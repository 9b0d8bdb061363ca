"""Runs the code of docs/extending.md in a process of its own: `python -m tests.docs.extending DATABASE_URL`.

A process of its own, because a model once declared stays declared.
"""

# The page's code is executed with what these names mean.
# ruff: noqa: F401

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path

from sqlalchemy import ForeignKey, Index, Numeric, insert, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from wtforms import DecimalField, SelectField

import admin_views
from admin_views import MEMBERS, Entry, reads_a_scope
from admin_views.forms import PickerField, TextField, labels
from admin_views.listing import Column, Search, by_label, starting_with
from admin_views.plain import PlainView, form_of
from models import AuditEntry, LabelledEnum, Organization, StageRule, TransferKind, db
from models.base import enum_type, ordered_text
from tests.support.client import SeparateClient
from tests.support.databases import ROOT, open_app
from tests.views.transfer_panel import Visitor, text_of
from tests.world import Fujian
from workflow import planning
from workflow.policy import organizations_visible

BLOCKS = re.findall(r"```python\n(.*?)```", Path(ROOT / "docs/extending.md").read_text(encoding="utf-8"), re.S)
MOST_LINES = 15


def visitor(app, fujian, username) -> Visitor:
    account = fujian.account(username)
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(_user_id=f"{account.key}:{account.session_token}", _fresh=True)
    return Visitor(client)


def main(url: str) -> None:
    model, view, entry, kind = BLOCKS
    declared = [line for line in view.splitlines()[2:] if line.strip()]
    assert len(declared) <= MOST_LINES, len(declared)
    names = globals()
    exec(model, names)
    exec(view, names)
    admin_views.ENTRIES = (*admin_views.ENTRIES, eval(entry.strip(), names))
    app = open_app(url)
    app.test_client_class = SeparateClient
    with app.app_context():
        names["Dues"].__table__.create(db.engine)
        the_entity_works(app, Fujian())
        exec(kind, names)
        the_kind_works(Fujian(), names["KIND"], names["RULES"])


def the_entity_works(app, fujian) -> None:
    admin = visitor(app, fujian, "省级管理员")
    branch = fujian.org("军门第一支部")
    form = {"organization_id": branch.id, "month": "2026-11", "payer": "林小雨", "amount": "35.00", "method": "cash"}
    assert "还没有缴纳记录" in text_of(admin.get("/dues/"))
    refused = admin.post("/dues/new/", **{**form, "payer": ""})
    assert refused.status_code == 422 and "请填写这一项" in text_of(refused)
    made = admin.post("/dues/new/", **form)
    assert made.status_code == 303, text_of(made)
    assert "林小雨 35.00 军门第一支部 现金" in text_of(admin.get("/dues/?q=林&method=cash"))
    assert "没有符合条件的数据" in text_of(admin.get("/dues/?method=transfer"))
    assert "军门第一支部" in admin.get("/dues/edit/?id=1").text
    changed = admin.post("/dues/edit/?id=1", **{**form, "amount": "40", "version": "1"})
    assert changed.status_code == 303, text_of(changed)
    assert "林小雨,40.00" in admin.post("/dues/export/csv/").text

    near, far = visitor(app, fujian, "军门第一支部联络员"), visitor(app, fujian, "五龙村支部联络员")
    assert "林小雨" in text_of(near.get("/dues/details/?id=1"))
    assert near.get("/dues/edit/?id=1").status_code == 403
    assert near.post("/dues/delete/", id="1").status_code == 403
    assert "还没有缴纳记录" in text_of(far.get("/dues/"))
    assert far.get("/dues/details/?id=1").status_code == 404
    assert visitor(app, fujian, "林小雨").get("/dues/").status_code == 403
    assert admin.post("/dues/delete/", id="1").status_code == 303
    db.session.commit()
    events = db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.id)).all()
    assert events == ["record_created", "record_changed", "exported", "record_deleted"], events


def the_kind_works(fujian, kind, rules) -> None:
    db.session.execute(insert(TransferKind), [kind])
    for rule in rules:
        db.session.add(StageRule(**rule))
    db.session.commit()
    db.session.expire_all()
    found = planning.kind_by_code("to_unknown")
    stops, lookup = planning.plan_route(found, fujian.org("军门第一支部"), fujian.org("未知党组织"))
    route = [(stop.stage.value, lookup[stop.organization_id].name) for stop in stops]
    assert route[-2:] == [("leaving_approval", "鼓楼区委"), ("leaving_confirmation", "鼓楼区委")], route


if __name__ == "__main__":
    main(sys.argv[1])
