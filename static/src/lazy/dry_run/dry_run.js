/** A dry run on the page of its connection: a bar that moves, then what came of it.
 *
 * Before the first one it shows how far Procurify is read.
 */

import { browser } from "@web/core/browser/browser";
import { Component, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const READING_MS = 2000;

export class ProcurifyDryRun extends Component {
    static template = "procurify_connector.DryRun";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ progress: null, reading: null });
        this.dryRunId = undefined;
        useRecordObserver((record) => this.follow(record));
        onWillUnmount(() => (this.dryRunId = undefined));
    }

    /** Does not wait for the end: the page is there meanwhile. */
    follow(record) {
        const id = record.data.dry_run_id?.id || false;
        if (id === this.dryRunId) {
            return;
        }
        this.dryRunId = id;
        this.state.progress = this.state.reading = null;
        if (id) {
            this.run(id, record, record.data.dry_run_state === "running");
        } else if (record.resId) {
            this.read(record);
        }
    }

    /** Until all is read: the dry run then starts by itself. */
    async read(record) {
        let reading = null;
        do {
            if (reading) {
                await new Promise((resolve) => browser.setTimeout(resolve, READING_MS));
            }
            const before = reading?.state;
            reading = await this.orm.silent.call("procurify.connection", "action_follow_reading", [
                record.resId,
            ]);
            if (this.dryRunId !== false) {
                return;
            }
            this.state.reading = reading;
            if (reading.state === "failed" && before !== "failed") {
                await record.load(); // says why
            }
        } while (reading.state !== "read");
        await record.load();
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
