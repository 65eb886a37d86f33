"""The figures for monitors."""

from odoo import http
from odoo.http import request

from ..models.procurify_monitoring import MEDIA_TYPE


class ProcurifyMonitoringController(http.Controller):
    @http.route(
        "/procurify/metrics",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def metrics(self):
        """Return the figures of all connections; as long as that is off, nothing."""
        monitoring = request.env["procurify.monitoring"]
        if not monitoring._is_on():
            return request.not_found()
        headers = [("Cache-Control", "no-store")]
        if not monitoring._accepts(request.httprequest.headers.get("Authorization")):
            headers.append(("WWW-Authenticate", "Bearer"))
            return request.make_response("", headers, status=401)
        headers.append(("Content-Type", MEDIA_TYPE))
        return request.make_response(monitoring._text(), headers)
