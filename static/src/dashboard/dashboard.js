/** The dashboard: cards that reload when something of Procurify changed. */

import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { ProcurifyAlarms } from "../alarms/alarms";
import { useProcurifyChanges } from "../changes";

class ProcurifyDashboardController extends KanbanController {
    setup() {
        super.setup();
        useProcurifyChanges(() => this.model.load());
    }
}

class ProcurifyDashboardRenderer extends KanbanRenderer {
    static template = "procurify_connector.DashboardRenderer";
    static components = { ...KanbanRenderer.components, ProcurifyAlarms };
}

registry.category("views").add("procurify_dashboard", {
    ...kanbanView,
    Controller: ProcurifyDashboardController,
    Renderer: ProcurifyDashboardRenderer,
});
