/** The main job as its user does it: connect, read, and map what is on hold. */

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("procurify_connect", {
    steps: () => [
        {
            content: "Enter the client ID",
            trigger: ".o_field_widget[name=procurify_client_id] input",
            run: "edit demo-client",
        },
        {
            content: "Enter the client secret",
            trigger: ".o_field_widget[name=procurify_client_secret] input",
            run: "edit demo-secret-not-a-real-one",
        },
        {
            trigger: "button[name=action_procurify_test]",
            run: "click",
        },
        {
            content: "The connection says who it is and what it sees",
            trigger: ".o_notification:contains(Connected as)",
        },
        {
            trigger: ".o_field_widget[name=procurify_state]:contains(Connected)",
        },
        {
            content: "The secret is not shown again",
            trigger: ".o_field_widget[name=procurify_client_secret] input:value()",
        },
        {
            trigger: "button[name=action_procurify_sync]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Procurify is being read)",
        },
    ],
});

registry.category("web_tour.tours").add("procurify_map_and_replay", {
    steps: () => [
        {
            content: "Open the bill that an unknown account holds",
            trigger: ".o_data_row:contains(7450) td[name=name]",
            run: "click",
        },
        {
            content: "Map what the issue is about",
            trigger:
                ".o_procurify_issues li:contains(7450) button:contains(Map)",
            run: "click",
        },
        {
            content: "Choose the account that 7450 stands for",
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
            content: "The bill is a draft in Odoo",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Draft)",
        },
        {
            trigger: "button[name=action_open_target]",
            run: "click",
        },
        {
            content: "The vendor bill is on the chosen account",
            trigger: ".o_field_widget[name=invoice_line_ids] td[name=account_id]:contains(9000)",
        },
        {
            content: "And leads back to Procurify's document",
            trigger: "button[name=action_open_procurify_record]",
        },
    ],
});

registry.category("web_tour.tours").add("procurify_resolve_and_ignore", {
    steps: () => [
        {
            content: "Open the issue, which shows the documents affected",
            trigger: ".o_data_row:contains(7450) td[name=message]",
            run: "click",
        },
        {
            content: "Take the account whose code differs by its zeros",
            trigger: ".o_procurify_candidates .list-group-item:contains(similar) button:contains(Use this)",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Documents in Odoo: 1)",
        },
        {
            content: "The issue is resolved",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Resolved)",
        },
        {
            trigger: ".o_main_navbar [data-menu-xmlid='procurify_connector.procurify_connector_menu_quarantine']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='procurify_connector.procurify_record_menu_quarantine']",
            run: "click",
        },
        {
            content: "Ignore the other bill",
            trigger: ".o_data_row td[name=name]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_buttons button:contains(Ignore)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Paid by hand in July",
        },
        {
            trigger: ".modal footer button[name=action_ignore]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Ignored)",
        },
        {
            trigger: ".o_field_widget[name=ignored_reason]:contains(Paid by hand in July)",
        },
    ],
});
