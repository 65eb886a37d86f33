/** A dry run on the page of its connection: a bar that moves, then what came of it. */

import { Component, onWillStart, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

export class ProcurifyDryRun extends Component {
    static template = "procurify_connector.DryRun";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ progress: null });
        this.dryRunId = false;
        onWillStart(() => this.follow(this.props));
        onWillUpdateProps((props) => this.follow(props));
        onWillUnmount(() => (this.dryRunId = false));
    }

    /** Does not wait for the end: the page is there meanwhile. */
    follow({ record }) {
        const id = record.data.dry_run_id?.id || false;
        if (id === this.dryRunId) {
            return;
        }
        this.dryRunId = id;
        this.state.progress = null;
        if (id) {
            this.run(id, record, record.data.dry_run_state === "running");
        }
    }

    /** One call after the other, as none may take long; it stops with the page. */
    async run(id, record, wasRunning) {
        let progress = null;
        do {
            progress = await this.orm.silent.call("procurify.dry.run", "action_step", [id]);
            if (this.dryRunId !== id) {
                return;
            }
            this.state.progress = progress;
        } while (progress.state === "running");
        if (wasRunning) {
            await record.load();
        }
    }

    openLines(row) {
        return this.open("procurify_connector.procurify_dry_run_line_action", [
            ["resource", "=", row.resource],
            ["outcome", "=", row.outcome],
            ["origin", "=", row.origin || false],
        ]);
    }

    openDuplicates() {
        return this.open("procurify_connector.procurify_dry_run_line_action", [
            ["is_duplicate", "=", true],
        ]);
    }

    openItems() {
        return this.open("procurify_connector.procurify_dry_run_item_action", []);
    }

    async open(name, domain) {
        const action = await this.action.loadAction(name);
        return this.action.doAction({
            ...action,
            domain: [["dry_run_id", "=", this.dryRunId], ...domain],
        });
    }
}

registry.category("lazy_components").add("procurify_connector.DryRun", ProcurifyDryRun);
