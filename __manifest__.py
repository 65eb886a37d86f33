{
    "name": "Procurify Connector",
    "summary": "Procurify's bills in Odoo, mapped, or held with every reason",
    "version": "19.0.1.0.0",
    "category": "Supply Chain/Purchase",
    "license": "LGPL-3",
    "author": "Procurify Connector contributors",
    "website": "https://procurify-connector.example",
    "depends": ["account", "purchase"],
    "external_dependencies": {"python": ["requests", "cryptography"]},
    "data": [
        # Groups come first: access rights and rules name them.
        "security/procurify_connector_groups.xml",
        "security/ir.model.access.csv",
        "security/procurify_connector_security.xml",
        "data/ir_cron_data.xml",
        "data/product_data.xml",
        "views/procurify_cause_views.xml",
        "views/procurify_record_views.xml",
        "views/procurify_attachment_views.xml",
        "views/procurify_stream_views.xml",
        "views/procurify_connection_views.xml",
        "views/account_move_views.xml",
        "views/res_partner_views.xml",
        "views/res_config_settings_views.xml",
        # Menus last: they name the actions above.
        "views/procurify_connector_menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["procurify_connector/static/tests/tours/**/*"],
    },
    "application": True,
}
