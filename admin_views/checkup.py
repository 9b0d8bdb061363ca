"""【数据体检】: what in the data sends files astray, each line leading to where it is mended (R3, R5, R12, R16)."""

from __future__ import annotations

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views import reviewing
from admin_views.access import PanelView, current_actor, told
from workflow import health, outlook, policy
from workflow.actors import Actor
from workflow.health import Finding


class CheckupView(PanelView):
    """The checks over the actor's subtrees; an auditor reads them and mends nothing."""

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    @expose("/")
    def index(self) -> ResponseReturnValue:
        actor = current_actor()
        return self.render(
            "checkup/index.html",
            checks=health.check(policy.visible_paths(actor)),
            counted=health.COUNTED,
            may_mend=_may_mend(actor),
            place=_where_to_mend if _may_mend(actor) else _where_to_read,
            told=told,
        )

    @expose("/replan", methods=("POST",))
    def replan(self) -> ResponseReturnValue:
        """Plan again what is not on the way that would be planned today, as many as one click bears."""
        actor = current_actor()
        if not _may_mend(actor):
            abort(403)
        ways = outlook.stale(policy.visible_paths(actor))
        reviewing.tell_replanned(*outlook.replan_all([way.key for way in ways if way.planned is not None], actor))
        return redirect(url_for(".index"), 303)


def _may_mend(actor: Actor) -> bool:
    return policy.may_keep_data(actor) or policy.is_liaison(actor)


def _where_to_mend(code: str, finding: Finding) -> str:
    """The page on which a finding can be put right."""
    if finding.transfer_key:
        return url_for("transfers.record", key=finding.transfer_key)
    if finding.member_key:
        return url_for("members.details_view", id=finding.member_key)
    if code == "no_liaison":
        return url_for("organizations.details_view", id=finding.organization_id)
    return url_for("level-setting.index_view", org=finding.organization_id)


def _where_to_read(_code: str, finding: Finding) -> str:
    """The page that shows what a finding is about."""
    if finding.transfer_key or finding.member_key:
        return _where_to_mend("", finding)
    return url_for("organizations.details_view", id=finding.organization_id)
