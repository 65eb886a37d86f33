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

function addField(name, component, displayName, options) {
    registry.category("fields").add(`procurify_${name}`, {
        component: lazy(`procurify_connector.${component}`),
        displayName,
        supportedTypes: ["json"],
        ...options,
    });
}

addField("candidates", "Candidates", _t("Candidates"), {
    extractProps: ({ options }) => ({ method: options.method }),
});
addField("document", "Document", _t("Procurify document"));
addField("issues", "Issues", _t("Procurify issues"));
addField("month_end", "MonthEnd", _t("Month end"), { supportedTypes: ["text"] });
addField("trail", "Trail", _t("Procurify approvals"));

registry.category("view_widgets").add("procurify_dry_run", {
    component: lazy("procurify_connector.DryRun"),
    fieldDependencies: [
        { name: "dry_run_id", type: "many2one", relation: "procurify.dry.run" },
        { name: "dry_run_state", type: "selection" },
    ],
});
