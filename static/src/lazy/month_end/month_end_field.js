/** The month end of one connection: every amount opens the list that adds up to it. */

import { Component, onMounted, onPatched, onWillStart, onWillUnmount, onWillUpdateProps, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { browser } from "@web/core/browser/browser";
import { getColor } from "@web/core/colors/colors";
import { cookie } from "@web/core/browser/cookie";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Odoo's colours by the state of a document: enough, careful, not yet. */
const STATE_COLORS = { posted: "success", draft: "info", on_hold: "warning" };

export class ProcurifyMonthEndField extends Component {
    static template = "procurify_connector.MonthEndField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.canvas = useRef("canvas");
        this.state = useState({ card: null, dimension: "department" });
        this.bars = null;
        this.chart = null;
        this.show(this.props);
        onWillStart(() => Promise.all([loadBundle("web.chartjs_lib"), this.showLastMonth()]));
        onWillUpdateProps((props) => this.follow(props));
        onMounted(() => this.loadChart());
        onPatched(() => this.draw());
        onWillUnmount(() => this.chart?.destroy());
    }

    show(props) {
        this.resId = props.record.resId;
        this.state.card = JSON.parse(props.record.data[props.name] || "null");
    }

    /** Something changed: show it, for the month that is on screen. Another connection
     *  comes with the month at which its user left it. */
    async follow(props) {
        let month = this.state.card?.month;
        if (props.record.resId !== this.resId) {
            this.bars = null;
            this.show(props);
            month = this.lastMonth(props);
        } else {
            this.show(props);
        }
        if (month && this.state.card && month !== this.state.card.month) {
            await this.load(month, props);
        } else {
            await this.loadChart(props);
        }
    }

    /** A user who closes a month comes back to it from each list. */
    async showLastMonth() {
        const month = this.lastMonth(this.props);
        if (month && month !== this.state.card.month) {
            await this.read(month, this.props);
        }
    }

    /** The month that the user left, or the one that is being closed. */
    lastMonth(props) {
        const card = this.state.card;
        return card && (browser.sessionStorage.getItem(this.monthKey(props)) || card.opens_on);
    }

    monthKey(props) {
        return `procurify_month_${props.record.resId}`;
    }

    async load(month, props = this.props) {
        await this.read(month, props);
        await this.loadChart(props);
    }

    async read(month, props) {
        const { resId, resModel } = props.record;
        const key = this.monthKey(props);
        const [values] = await this.orm.read(resModel, [resId], [props.name], {
            context: { procurify_month: month },
        });
        if (resId !== this.resId) {
            return; // Another connection is on screen by now.
        }
        this.state.card = JSON.parse(values[props.name] || "null");
        if (this.state.card && month !== this.state.card.opens_on) {
            browser.sessionStorage.setItem(key, month);
        } else {
            browser.sessionStorage.removeItem(key);
        }
    }

    /** The chart adds up half a year: the rest of the card does not wait for it. */
    async loadChart(props = this.props) {
        if (!this.state.card) {
            return;
        }
        const { month } = this.state.card;
        const { resId, resModel } = props.record;
        const [values] = await this.orm.read(resModel, [resId], ["dashboard_chart"], {
            context: { procurify_month: month },
        });
        if (resId === this.resId && month === this.state.card?.month) {
            this.bars = JSON.parse(values.dashboard_chart);
            this.draw();
        }
    }

    get rows() {
        return this.state.card.matrix[this.state.dimension];
    }

    get columns() {
        return this.state.card.figures.filter(({ name }) => name !== "left_out");
    }

    /** What is open by age: a state of which nothing is open has no row. */
    get ages() {
        return this.state.card.ages.rows.filter(({ cells }) => cells.some(Boolean));
    }

    cellOf(row, index) {
        return row.cells[index];
    }

    async open(name) {
        const action = await this.orm.call(
            this.props.record.resModel,
            "action_open_dashboard",
            [[this.props.record.resId]],
            { context: { procurify_dashboard: name, procurify_month: this.state.card.month } }
        );
        // Odoo waits for this before it removes a dialog, and a page that is left gets
        // no answer any more.
        const onClose = (left) => (left?.noReload ? null : this.reload());
        await this.action.doAction(action, { onClose });
        if (action?.tag === "display_notification") {
            await this.reload();
        }
    }

    async reload() {
        if (this.state.card) {
            await this.load(this.state.card.month);
        }
    }

    async openIssue(issue) {
        const action = await this.orm.call(
            this.props.record.resModel,
            "action_open_issue",
            [[this.props.record.resId]],
            { context: { procurify_issue_id: issue.id } }
        );
        await this.action.doAction(action);
    }

    draw() {
        this.chart?.destroy();
        this.chart = null;
        if (!this.canvas.el || !this.bars) {
            return;
        }
        const { labels, bars, currency } = this.bars;
        const style = getComputedStyle(this.canvas.el);
        this.chart = new Chart(this.canvas.el, {
            type: "bar",
            data: {
                labels,
                datasets: bars.map(({ state, label, months }) => ({
                    label,
                    data: months.map(({ value }) => value),
                    backgroundColor:
                        style.getPropertyValue(`--${STATE_COLORS[state]}`).trim() ||
                        getColor(bars.findIndex((bar) => bar.state === state), cookie.get("color_scheme")),
                })),
            },
            options: {
                responsive: true,
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "nearest", intersect: true },
                onClick: (_event, elements) => {
                    if (elements.length) {
                        const { datasetIndex, index } = elements[0];
                        this.open(bars[datasetIndex].months[index].name);
                    }
                },
                onHover: (event, elements) => {
                    event.native.target.style.cursor = elements.length ? "pointer" : "";
                },
                plugins: {
                    legend: { position: "bottom", labels: { color: style.color } },
                    tooltip: {
                        callbacks: {
                            label: ({ datasetIndex, dataIndex, dataset }) =>
                                `${dataset.label}: ${bars[datasetIndex].months[dataIndex].amount}`,
                        },
                    },
                },
                scales: {
                    x: { stacked: true, grid: { display: false }, ticks: { color: style.color } },
                    y: {
                        stacked: true,
                        title: { display: true, text: currency, color: style.color },
                        ticks: {
                            color: style.color,
                            callback: (value) => value.toLocaleString(document.documentElement.lang || undefined),
                        },
                    },
                },
            },
        });
    }
}

registry.category("lazy_components").add("procurify_connector.MonthEnd", ProcurifyMonthEndField);
