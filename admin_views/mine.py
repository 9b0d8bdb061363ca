"""【我的申请】: a member's own transfers, where each stands, and what the member may do now (R33)."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from admin_views import record, transfer_list
from admin_views.access import PanelView, current_actor
from models import Transfer
from workflow.actors import Actor


class MyTransfersView(PanelView):
    """A member's own transfers, newest first."""

    def may_open(self, actor: Actor) -> bool:
        return actor.member_id is not None

    @expose("/")
    def index(self) -> ResponseReturnValue:
        actor = current_actor()
        own = select(Transfer).where(Transfer.member_id == actor.member_id)
        page = transfer_list.page(own, request.args)
        return self.render(
            "transfers/mine.html",
            page=page,
            rows=[record.row(transfer, actor) for transfer in page.rows],
            apply_url=url_for("transfers.apply", member=actor.member_key),
            back=url_for(".index"),
        )
