/** Who pays a bill that Procurify pays is asked first. */

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("procurify_pay_asks", {
    steps: () => [
        {
            content: "The bill says that Procurify pays it",
            trigger: ".alert[name=procurify_payment]:contains(is being paid)",
        },
        {
            trigger: ".alert[name=procurify_payment] button:contains(Allow payment)",
        },
        {
            content: "Pay it all the same",
            trigger: "button[name=action_register_payment]",
            run: "click",
        },
        {
            content: "The dialog asks",
            trigger: ".modal .alert[name=procurify_payment]:contains(is being paid)",
        },
        {
            trigger: ".modal .o_field_widget[name=procurify_pay_anyway] input",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_create_payments]",
            run: "click",
        },
        {
            content: "It is paid",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});
