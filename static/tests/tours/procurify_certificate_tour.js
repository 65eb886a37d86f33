/** Month end with the certificate. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

registry.category("web_tour.tours").add("procurify_month_end", {
    steps: () => [
        {
            content: "Make a certificate",
            trigger: ".o_control_panel button:contains(Make a Certificate), .o_list_buttons button:contains(Make a Certificate)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_certify]",
            run: "click",
        },
        {
            content: "One bill is unexplained",
            trigger: ".o_form_view .o_field_widget[name=state]:contains(Differences)",
        },
        moment("certificate"),
        {
            trigger: ".o_form_view button[name=action_open_lines] .o_field_widget[name=unexplained_count]:contains(1)",
            run: "click",
        },
        {
            content: "The list says which, and in what it differs",
            trigger: ".o_list_view .o_data_row:contains(745999) td[name=outcome]:contains(Changed since)",
        },
        moment("certificate_unexplained"),
        {
            trigger: ".breadcrumb-item:contains(Simulator) a",
            run: "click",
        },
        {
            content: "See the documents behind a sum",
            trigger: ".o_field_widget[name=sum_ids] .o_data_row:contains(745999) button[name=action_open_lines]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row td[name=place_odoo_amount]",
        },
        {
            trigger: ".breadcrumb-item:contains(Simulator) a",
            run: "click",
        },
        {
            trigger: ".nav-link[name=documents]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(7450) td[name=outcome]:contains(On hold)",
        },
        {
            content: "Nobody changed it since",
            trigger: "button[name=action_verify]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Certificate verified)",
        },
        moment("certificate_verified"),
    ],
});
