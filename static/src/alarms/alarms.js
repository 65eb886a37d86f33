/** What is wrong with the connections right now, above whatever is looked at. */

import { Component, markup, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { useProcurifyChanges } from "../changes";

export class ProcurifyAlarms extends Component {
    static template = "procurify_connector.Alarms";
    static props = { connectionId: { type: [Number, Boolean], optional: true } };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ alarms: [] });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    /** Asked each time: what a scheduled action left behind may be out of date. */
    async load({ connectionId }) {
        const alarms = await this.orm.silent.call(
            "procurify.connection",
            "read_alarms",
            [connectionId || false]
        );
        // The form of a connection shows these with their dates.
        this.state.alarms = connectionId
            ? alarms.filter((alarm) => !["failing", "audit_broken"].includes(alarm.code))
            : alarms;
    }

    /** What somebody chose, such as a pause, is shown as an information. */
    get worst() {
        return this.state.alarms.some((alarm) => alarm.level === "danger")
            ? "danger"
            : "info";
    }

    open(alarm) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "procurify.connection",
            res_id: alarm.connection_id,
            views: [[false, "form"]],
        });
    }
}

class ProcurifyAlarmsWidget extends Component {
    static template = "procurify_connector.AlarmsWidget";
    static components = { ProcurifyAlarms };
    static props = { ...standardWidgetProps };
}

registry.category("view_widgets").add("procurify_alarms", {
    component: ProcurifyAlarmsWidget,
});

class ProcurifyAlarmListRenderer extends ListRenderer {
    static template = "procurify_connector.AlarmListRenderer";
    static components = { ...ListRenderer.components, ProcurifyAlarms };

    setup() {
        super.setup();
        this.filtersAtFirst = this.filters;
    }

    get filters() {
        return JSON.stringify(
            this.env.searchModel.facets.map(({ title, values }) => [title, values])
        );
    }

    /** What the action says of an empty list is true of its own filters only. */
    get noContentHelp() {
        if (!this.props.noContentHelp || this.filters === this.filtersAtFirst) {
            return this.props.noContentHelp;
        }
        return markup`<p class="o_view_nocontent_empty_folder">${_t("Nothing matches these filters")}</p><p>${_t("Remove a filter in the search bar to see more.")}</p>`;
    }
}

class ProcurifyAlarmListController extends ListController {
    setup() {
        super.setup();
        useProcurifyChanges(() => this.loadUnlessInUse());
    }

    /** What somebody edits or has selected stays under that person's hands. */
    async loadUnlessInUse() {
        const { editedRecord, selection } = this.model.root;
        if (!editedRecord && !selection.length) {
            await this.model.load();
        }
    }
}

registry.category("views").add("procurify_alarm_list", {
    ...listView,
    Controller: ProcurifyAlarmListController,
    Renderer: ProcurifyAlarmListRenderer,
});
