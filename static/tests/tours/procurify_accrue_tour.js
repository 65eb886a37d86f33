/** From what was received and is not billed to the draft of its accrual. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

registry.category("web_tour.tours").add("procurify_accrue", {
    steps: () => [
        { trigger: ".o_list_view .o_data_row" },
        moment("accruals"),
        {
            content: "The entry is proposed",
            trigger: "button:contains(Propose accruals)",
            run: "click",
        },
        {
            content: "The amounts are shown by account and department",
            trigger: ".modal .o_field_widget[name=preview] td:contains($)",
        },
        moment("accrue"),
        {
            trigger: ".modal button[name=action_accrue]",
            run: "click",
        },
        {
            content: "Both entries are drafts",
            trigger: ".o_list_view .o_data_row:nth-of-type(2)",
        },
        moment("accrued"),
    ],
});
