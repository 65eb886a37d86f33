/** A person checks the signals of a document on hold. */

import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("procurify_check_signals", {
    steps: () => [
        {
            content: "The document says what is unusual",
            trigger: ".o_procurify_signals li:contains(Same vendor and amount)",
        },
        {
            content: "A person has looked at it",
            trigger: ".o_procurify_signals li:contains(Same vendor) button:contains(Mark as checked)",
            run: "click",
        },
        {
            content: "It says who has",
            trigger: ".o_procurify_signals li:contains(Same vendor):contains(checked this on)",
        },
    ],
});
