/** What a record of Procurify may be in Odoo, each with a button that takes it. */

import { Component, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

export class ProcurifyCandidatesField extends Component {
    static template = "procurify_connector.CandidatesField";
    static props = {
        ...standardFieldProps,
        method: { type: String },
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ busy: false });
    }

    get candidates() {
        return this.props.record.data[this.props.name] || [];
    }

    /** Take a candidate: one click maps, replays, and shows what is next. */
    async use(candidate) {
        const { record, method } = this.props;
        this.state.busy = true;
        try {
            if ((await record.isDirty()) && !(await record.save())) {
                return;
            }
            const ids = [record.resId];
            const action = await this.orm.call(record.resModel, method, [
                ids,
                candidate.res_id,
            ]);
            await this.action.doAction(action);
            if (this.env.inDialog) {
                await this.action.doAction({ type: "ir.actions.act_window_close" });
            } else {
                await record.model.load();
            }
        } finally {
            this.state.busy = false;
        }
    }

    open(candidate) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: candidate.res_model,
            res_id: candidate.res_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("lazy_components").add("procurify_connector.Candidates", ProcurifyCandidatesField);
