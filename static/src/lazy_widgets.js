/** Widgets whose code is loaded when a page first shows them: other apps don't pay. */

import { Component, xml } from "@odoo/owl";
import { LazyComponent } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** A stand-in for the component of this name in the lazy bundle. */
function lazy(name) {
    return class extends Component {
        static components = { LazyComponent };
        static props = ["*"];
        static template = xml`<LazyComponent bundle="'procurify_connector.assets_lazy'" Component="'${name}'" props="props"/>`;
    };
}

const fields = registry.category("fields");

fields.add("procurify_candidates", {
    component: lazy("procurify_connector.Candidates"),
    displayName: _t("Candidates"),
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ method: options.method }),
});

fields.add("procurify_document", {
    component: lazy("procurify_connector.Document"),
    displayName: _t("Procurify document"),
    supportedTypes: ["json"],
});

fields.add("procurify_issues", {
    component: lazy("procurify_connector.Issues"),
    displayName: _t("Procurify issues"),
    supportedTypes: ["json"],
});

fields.add("procurify_month_end", {
    component: lazy("procurify_connector.MonthEnd"),
    displayName: _t("Month end"),
    supportedTypes: ["text"],
});

fields.add("procurify_trail", {
    component: lazy("procurify_connector.Trail"),
    displayName: _t("Procurify approvals"),
    supportedTypes: ["json"],
});

registry.category("view_widgets").add("procurify_dry_run", {
    component: lazy("procurify_connector.DryRun"),
    fieldDependencies: [
        { name: "dry_run_id", type: "many2one", relation: "procurify.dry.run" },
        { name: "dry_run_state", type: "selection" },
    ],
});
