"""A certificate as a spreadsheet."""

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ProcurifyCertificateController(http.Controller):
    @http.route(
        "/procurify/certificate/<int:certificate_id>/xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def spreadsheet(self, certificate_id):
        """Download a certificate with all its documents and sums."""
        certificate = request.env["procurify.certificate"].browse(certificate_id)
        try:
            found = certificate.exists()
            found.check_access("read")
        except AccessError:
            found = certificate.browse()
        if not found:
            return request.not_found()
        return request.make_response(
            found._spreadsheet(),
            [
                ("Content-Type", _XLSX),
                ("Content-Disposition", content_disposition(f"{found.name}.xlsx")),
            ],
        )
