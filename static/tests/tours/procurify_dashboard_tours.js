/** From the dashboard to the books: resolve an issue of thirty bills, decide a revision. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

const tours = registry.category("web_tour.tours");

tours.add("procurify_heal_thirty", {
    steps: () => [
        {
            content: "The dashboard says how many bills are on hold",
            trigger:
                ".o_procurify_dashboard [data-number=on_hold] .o_procurify_count:contains(30)",
        },
        moment("dashboard_on_hold"),
        {
            content: "And by what",
            trigger: ".o_procurify_dashboard button[name=action_open_issue]:contains(7450)",
            run: "click",
        },
        {
            content: "One issue, with the documents affected",
            trigger: ".o_form_view .o_field_widget[name=record_count]:contains(30)",
        },
        moment("issue"),
        {
            content: "Accept the suggested account",
            trigger: ".o_procurify_candidates button:contains(Use this)",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Documents in Odoo: 30)",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Resolved)",
        },
        {
            content: "Go back to the dashboard",
            trigger: ".breadcrumb-item a, .o_back_button a",
            run: "click",
        },
        {
            content: "Nothing is on hold",
            trigger: ".o_procurify_dashboard .o_kanban_record:contains(Nothing is on hold)",
        },
        moment("dashboard_healed"),
        {
            content: "The number of drafts opens its list",
            trigger: ".o_procurify_dashboard [data-number=draft] button",
            run: "click",
        },
        {
            trigger: ".o_list_view tfoot td.o_list_number:not(:empty)",
            run() {
                const rows = document.querySelectorAll(".o_list_view .o_data_row").length;
                if (rows !== 30) {
                    throw new Error(`${rows} bills are shown, not 30`);
                }
            },
        },
    ],
});

/** Open the first bill on hold, decide with a button, and go back to the rest. */
function decide(button, left) {
    return [
        {
            content: "Open a bill that changed after it was posted",
            trigger: ".o_list_view .o_data_row td[name=name]",
            run: "click",
        },
        {
            content: "What differs is shown field by field",
            trigger:
                ".o_field_widget[name=difference_table]:contains(Odoo now):contains(Procurify now)",
        },
        moment(button),
        {
            trigger: `.o_statusbar_buttons button[name=${button}]`,
            run: "click",
        },
        {
            content: "It is said what will happen",
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Posted)",
        },
        {
            trigger: ".breadcrumb-item a, .o_back_button a",
            run: "click",
        },
        left
            ? { trigger: `.o_list_view:not(:has(.o_data_row:nth-of-type(${left + 1})))` }
            : { trigger: ".o_view_nocontent:contains(Nothing is on hold)" },
    ];
}

tours.add("procurify_revise_posted", {
    steps: () => [
        { trigger: ".o_list_view .o_data_row:nth-of-type(3)" },
        ...decide("action_reset_and_update", 2),
        ...decide("action_credit_and_rebill", 1),
        ...decide("action_keep_odoo", 0),
    ],
});
