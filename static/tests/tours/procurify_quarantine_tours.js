/** What a reviewer does at month end: read, resolve, map in bulk, verify. */

import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("procurify_read_and_resolve", {
    steps: () => [
        {
            content: "Open a bill with two issues",
            trigger: ".o_data_row:contains(7450):contains(Department) td[name=name]",
            run: "click",
        },
        {
            content: "Both are shown at once",
            trigger: ".o_field_widget[name=issue_ids] .o_data_row:contains(Department)",
        },
        {
            trigger: ".o_field_widget[name=issue_ids] .o_data_row:contains(7450)",
        },
        {
            content: "See each issue once",
            trigger: "[data-menu-xmlid='procurify_connector.procurify_issue_menu']",
            run: "click",
        },
        {
            content: "The account code affects three bills",
            trigger: ".o_data_row:contains(7450) td[name=record_count]:contains(3)",
        },
        {
            trigger: ".o_data_row:contains(7450) td[name=message]",
            run: "click",
        },
        {
            content: "Accept the suggestion",
            trigger: ".o_procurify_candidates button:contains(Use this)",
            run: "click",
        },
        {
            content: "Two are in Odoo, one waits for its department",
            trigger: ".o_notification:contains(Documents in Odoo: 2)",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Resolved)",
        },
        {
            trigger: ".breadcrumb-item a, .o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Unknown department) td[name=message]",
            run: "click",
        },
        {
            content: "Create the missing analytic account",
            trigger: "button[name=action_create_missing]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Resolved)",
        },
        {
            content: "Nothing is left",
            trigger: "[data-menu-xmlid='procurify_connector.procurify_record_menu_quarantine']",
            run: "click",
        },
        {
            trigger: ".o_view_nocontent:contains(Nothing is on hold)",
        },
    ],
});

tours.add("procurify_map_in_bulk", {
    steps: () => [
        {
            content: "What it may be stands beside what is not mapped",
            trigger: ".o_data_row:contains(7450) td[name=suggestion]:contains(7450)",
        },
        {
            trigger: ".o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button[name=action_accept_suggestions]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Mapped:)",
        },
        {
            content: "What is mapped leaves the list",
            trigger: "body:not(:has(.o_data_row:contains(7450)))",
        },
    ],
});

tours.add("procurify_verify_audit", {
    steps: () => [
        {
            content: "The import is recorded",
            trigger: ".o_data_row td[name=event]:contains(Imported)",
        },
        {
            trigger: ".o_control_panel button[name=action_verify_audit]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Audit log verified)",
        },
    ],
});

tours.add("procurify_see_alarm", {
    steps: () => [
        {
            content: "Above the quarantine, although nothing is on hold",
            trigger: ".o_list_view .o_procurify_alarms [data-code=cron_off] button",
            run: "click",
        },
        {
            content: "And on the connection",
            trigger: ".o_form_view .o_procurify_alarms [data-code=cron_off]",
        },
    ],
});
