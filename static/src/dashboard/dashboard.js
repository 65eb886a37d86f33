/** The dashboard, and what else on screen follows what the scheduled actions do. */

import { onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { ProcurifyAlarms } from "../alarms/alarms";

const CHANGED = "procurify_connector/changed";
/** A long import commits every few seconds: nobody wants a screen that flickers. */
const AT_MOST_EVERY_MS = 2000;

/** Call `reload` soon after something of Procurify changed, while it is shown. */
export function useProcurifyChanges(reload) {
    const bus = useService("bus_service");
    const soon = useDebounced(reload, AT_MOST_EVERY_MS);
    bus.subscribe(CHANGED, soon);
    onWillUnmount(() => bus.unsubscribe(CHANGED, soon));
}

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
