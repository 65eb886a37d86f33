/** A whole close: issues, drafts, an accrual, the certificate, until nothing is open. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

const tours = registry.category("web_tour.tours");

function click(trigger, content) {
    return { content, trigger, run: "click" };
}

/** Come back to the month that is closed, where a check is done now. */
function isDone(check) {
    return [
        click(".breadcrumb-item a", "Back to the dashboard"),
        {
            content: `${check} is done, in the month that is closed`,
            trigger: `.o_procurify_month_end:has(.o_procurify_next:not([disabled])) [data-check=${check}]:has(.text-success)`,
        },
    ];
}

function post(number) {
    return [
        click("button[name=action_post]", `Post draft ${number}`),
        { trigger: ".o_statusbar_status .o_arrow_button_current[data-value=posted]" },
    ];
}

/** A click that posts, accrues or certifies may take long on a busy machine. */
function patient(steps) {
    return steps.map((step) => ({ timeout: 60000, ...step }));
}

tours.add("procurify_close", {
    steps: () => patient([
        { trigger: ".o_procurify_month_end canvas" },
        click(".o_procurify_previous", "The month that is over"),
        { trigger: ".o_procurify_next:not([disabled])" },
        moment("close_open"),
        click("[data-check=issues] button", "Something is on hold"),
        click(".o_list_view .o_data_row td[name=message]"),
        { trigger: ".o_procurify_candidates button.btn-secondary" },
        moment("close_issue"),
        click(".o_procurify_candidates button.btn-secondary", "Take the candidate"),
        { trigger: ".o_notification" },
        ...isDone("issues"),
        click("[data-check=drafts] button", "Post what is a draft"),
        { trigger: ".o_list_view .o_data_row:nth-of-type(3)" },
        moment("close_drafts"),
        click(".o_list_view .o_data_row .o_data_cell"),
        ...post(1),
        click(".o_pager_next"),
        ...post(2),
        click(".o_pager_next"),
        ...post(3),
        ...isDone("drafts"),
        click("[data-check=accruals] button", "Accrue what is not billed"),
        { trigger: ".o_list_view .o_data_row" },
        moment("close_accruals"),
        click(".o_control_panel button.btn-primary"),
        { trigger: ".modal .o_field_widget[name=preview] td" },
        moment("close_accrue"),
        click(".modal button[name=action_accrue]"),
        { trigger: ".o_list_view .o_data_row:nth-of-type(2)" },
        ...isDone("accruals"),
        click("[data-check=certificate] button", "Keep the result"),
        click(".modal button[name=action_certify]"),
        { trigger: "body:not(:has(.modal)) .o_form_view button[name=action_verify]" },
        moment("close_certificate"),
        click("button[name=action_verify]"),
        { trigger: ".o_notification" },
        ...isDone("certificate"),
        {
            content: "Nothing is open any more",
            trigger: ".o_procurify_month_end:not(:has([data-check] .fa-circle-o))",
        },
        moment("close_done"),
    ]),
});
