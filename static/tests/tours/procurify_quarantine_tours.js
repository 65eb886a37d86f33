/** What a reviewer does at month end: read, resolve, map in bulk, verify. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

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
            trigger: ".o_procurify_issues li:contains(department)",
        },
        {
            trigger: ".o_procurify_issues li:contains(7450)",
        },
        {
            trigger: ".o_main_navbar [data-menu-xmlid='procurify_connector.procurify_connector_menu_quarantine']",
            run: "click",
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
            trigger: ".o_main_navbar [data-menu-xmlid='procurify_connector.procurify_connector_menu_quarantine']",
            run: "click",
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

tours.add("procurify_read_a_bill_on_hold", {
    steps: () => [
        {
            content: "What Procurify wrote is text",
            trigger: ".o_procurify_lines td[data-name=label]:contains(<img src=x)",
        },
        {
            trigger: ".o_procurify_header [data-name=note]:contains(<script>)",
        },
        {
            content: "The invoice is beside it",
            trigger: ".o_procurify_viewer iframe[title='INV-1.pdf']",
        },
        {
            content: "Nobody but a developer reads JSON",
            trigger: ".o_notebook:not(:has(a[name=payload]))",
        },
        moment("bill_on_hold"),
        moment("lines_on_hold", ".o_procurify_lines"),
        moment("totals_on_hold", ".o_procurify_totals"),
        {
            content: "Map in place what is wrong with the line",
            trigger: ".o_procurify_reason:contains(7450) button:contains(Map)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reference_res_id] input",
            run: "edit 9000",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(9000)",
            run: "click",
        },
        {
            trigger: ".modal footer button[name=action_resolve]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Documents in Odoo: 1)",
        },
        {
            content: "It is on hold no more, and the page says so",
            trigger: ".o_statusbar_status .o_arrow_button_current:not(:contains(On hold))",
        },
        {
            trigger: "body:not(:has(.o_procurify_reason)) .o_procurify_lines",
        },
        moment("bill_imported"),
    ],
});

tours.add("procurify_filter_until_nothing_is_left", {
    steps: () => [
        {
            trigger: ".o_view_nocontent:contains(Nothing is on hold)",
        },
        {
            content: "Search for what is not there",
            trigger: ".o_searchview_input",
            run: "edit no such document",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            content: "That nothing is on hold would be too much to say now",
            trigger: ".o_view_nocontent:contains(Nothing matches these filters)",
        },
        {
            trigger: ".o_searchview_facet .o_facet_remove",
            run: "click",
        },
        {
            trigger: ".o_view_nocontent:contains(Nothing is on hold)",
        },
    ],
});
