/** A document of Procurify as a document: header, lines, totals, files and approvals. */

import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { hidePDFJSButtons } from "@web/core/utils/pdfjs";
import { url } from "@web/core/utils/urls";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A document may have two thousand lines. Those with an issue are always shown. */
const LINES_AT_FIRST = 100;

const COLUMNS = [
    { name: "label", label: _t("Description") },
    { name: "quantity", label: _t("Quantity"), isNumber: true },
    { name: "price", label: _t("Price"), isNumber: true },
    { name: "received", label: _t("Received"), isNumber: true },
    { name: "received_on", label: _t("Received on") },
    { name: "accounts", label: _t("Account"), isReference: true },
    { name: "departments", label: _t("Department"), isReference: true },
    { name: "locations", label: _t("Location"), isReference: true },
    { name: "orders", label: _t("Order"), isReference: true },
    { name: "taxes", label: _t("Tax"), isReference: true },
    { name: "custom", label: _t("Custom fields") },
    { name: "tax_amount", label: _t("Tax amount"), isNumber: true },
    { name: "amount", label: _t("Amount"), isNumber: true },
];

const TRAIL_COLUMNS = [
    { name: "date", label: _t("Date") },
    { name: "what", label: _t("Step") },
    { name: "person", label: _t("Person") },
    { name: "limit", label: _t("May approve up to"), isNumber: true },
    { name: "comment", label: _t("Comment") },
];

function issuesOf(line) {
    const references = COLUMNS.filter((column) => column.isReference).flatMap(
        (column) => line[column.name]
    );
    return new Set([line, ...references].map((part) => part.issue).filter(Boolean));
}

/** What both parts of a document's form do. */
class DocumentPart extends Component {
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    get page() {
        return this.props.record.data[this.props.name];
    }

    get trailColumns() {
        const { trail } = this.page;
        return TRAIL_COLUMNS.filter(({ name }) => trail.some((step) => step[name]));
    }

    /** Open the dialog that maps; what it released is on the page afterwards. */
    async map(issueId) {
        const action = await this.orm.call("procurify.issue", "action_map", [[issueId]]);
        const { model } = this.props.record;
        // Odoo waits for this before it removes a dialog, and a page that is left gets
        // no answer any more.
        const onClose = (left) => (left?.noReload ? null : model.load());
        return this.action.doAction(action, { onClose });
    }

    open(resModel, resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: resModel,
            res_id: resId,
            views: [[false, "form"]],
        });
    }
}

export class ProcurifyIssuesField extends DocumentPart {
    static template = "procurify_connector.IssuesField";
}

/** Who approved, on the document in Odoo. */
export class ProcurifyTrailField extends DocumentPart {
    static template = "procurify_connector.TrailField";
}

export class ProcurifyDocumentField extends DocumentPart {
    static template = "procurify_connector.DocumentField";

    setup() {
        super.setup();
        this.state = useState({ showsAll: false, fileId: false });
        this.viewer = useRef("viewer");
        useEffect(
            (el) => el && hidePDFJSButtons(el),
            () => [this.viewer.el]
        );
    }

    /** The columns in which a line has something. */
    get columns() {
        const { lines } = this.page;
        return COLUMNS.filter(({ name }) => lines.some((line) => line[name]?.length));
    }

    /** Each with its issues: those that no line above has are explained beneath it. */
    get lines() {
        const explained = new Set();
        const lines = this.page.lines.map((line, index) => {
            const issues = issuesOf(line);
            const news = [...issues].filter((id) => !explained.has(id));
            news.forEach((id) => explained.add(id));
            return { ...line, key: index, hasIssue: issues.size > 0, news };
        });
        if (this.state.showsAll) {
            return lines;
        }
        return lines.filter((line) => line.key < LINES_AT_FIRST || line.hasIssue);
    }

    get hiddenCount() {
        return this.page.lines.length - this.lines.length;
    }

    /** Record that the user has checked a signal; the answer loads the page again. */
    async check(id) {
        const action = await this.orm.call("procurify.signal", "action_check", [[id]]);
        return this.action.doAction(action);
    }

    issue(id) {
        return this.page.issues.find((issue) => issue.id === id) || {};
    }

    get viewed() {
        const shown = this.page.files.filter((file) => file.viewer);
        return shown.find((file) => file.id === this.state.fileId) || shown[0];
    }

    contentUrl(file) {
        return url(`/web/content/${file.attachment_id}`);
    }

    openFile(file) {
        return this.action.doAction({
            type: "ir.actions.act_url",
            url: this.contentUrl(file),
            target: "new",
        });
    }

    pdfUrl(file) {
        const content = encodeURIComponent(this.contentUrl(file));
        return `/web/static/lib/pdfjs/web/viewer.html?file=${content}#pagemode=none`;
    }
}

const lazyComponents = registry.category("lazy_components");
lazyComponents.add("procurify_connector.Document", ProcurifyDocumentField);
lazyComponents.add("procurify_connector.Issues", ProcurifyIssuesField);
lazyComponents.add("procurify_connector.Trail", ProcurifyTrailField);
