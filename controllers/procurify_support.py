"""What goes with a question to support, as a file."""

import json
from datetime import date

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request


class ProcurifySupportController(http.Controller):
    @http.route(
        "/procurify/support/<int:connection_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def bundle(self, connection_id, names=""):
        """Download a connection's support bundle.

        :param names: not empty: with names and messages
        """
        connection = request.env["procurify.connection"].browse(connection_id)
        try:
            found = connection.exists()
            content = found and found._support_bundle(with_names=bool(names))
        except AccessError:
            content = None
        if not content:
            return request.not_found()
        file_name = f"procurify-support-{date.today():%Y-%m-%d}.json"
        text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Disposition", content_disposition(file_name)),
        ]
        return request.make_response(f"{text}\n", headers)
