/** The first five minutes: begin, leave, come back, and switch on. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

const CONTINUE =
    ".o_statusbar_buttons button[name=action_setup_next]:contains(ontinue):not(.d-none)";

/** A step of a dry run takes seconds, and longer on a busy machine. */
const DRY_RUN_MS = 60000;

function onStep(label) {
    return {
        content: `The set-up is at: ${label}`,
        trigger: `.o_statusbar_status .o_arrow_button_current:contains(${label})`,
    };
}

registry.category("web_tour.tours").add("procurify_setup_begin", {
    steps: () => [
        {
            content: "The connection leads to its set-up",
            trigger: "button[name=action_set_up]",
            run: "click",
        },
        onStep("Connect"),
        {
            content: "Try credentials that are wrong",
            trigger: CONTINUE,
            run: "click",
        },
        {
            trigger: ".alert-danger:contains(refused the client ID)",
        },
        moment("setup_refused"),
        {
            trigger: ".o_field_widget[name=client_id] input",
            run: "edit demo-client",
        },
        {
            trigger: ".o_field_widget[name=client_secret] input",
            run: "edit demo-secret-not-a-real-one",
        },
        {
            trigger: CONTINUE,
            run: "click",
        },
        onStep("Policies"),
        {
            content: "It says who answers, and what each list shows",
            trigger: ".alert-success:contains(Connected as)",
        },
        {
            trigger: ".o_field_widget[name=stream_ids] .o_data_row:contains(Bills):contains(6)",
        },
        moment("setup_policies"),
        {
            trigger: CONTINUE,
            run: "click",
        },
        onStep("Mapping"),
        {
            content: "Reading goes on in the background",
            trigger: ".o_procurify_reading:contains(lists are completely read)",
        },
    ],
});

registry.category("web_tour.tours").add("procurify_setup_end", {
    steps: () => [
        {
            trigger: "button[name=action_set_up]",
            run: "click",
        },
        onStep("Mapping"),
        {
            trigger: "button[name=action_dry_run_master_data]",
            run: "click",
        },
        {
            content: "What is not mapped comes with what to do",
            trigger: ".o_field_widget[name=missing_mapping_ids] .o_data_row button[name=action_map]",
            timeout: DRY_RUN_MS,
        },
        moment("setup_mappings"),
        {
            trigger: CONTINUE,
            run: "click",
        },
        onStep("Dry run"),
        {
            content: "What would become of the bills",
            trigger: ".o_procurify_summary tr:contains(Bills):contains(Would be created)",
            timeout: DRY_RUN_MS,
        },
        {
            content: "And why others would be on hold",
            trigger: ".o_field_widget[name=dry_run_issue_ids] .o_data_row",
        },
        moment("setup_dry_run"),
        {
            content: "The exact journal items",
            trigger: ".o_procurify_items",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row td[name=account_code]",
        },
        {
            content: "Back to the set-up",
            trigger: ".o_breadcrumb .o_back_button a",
            run: "click",
        },
        onStep("Dry run"),
        {
            trigger: CONTINUE,
            run: "click",
        },
        onStep("Switch on"),
        {
            trigger: "button[name=action_switch_on]",
            run: "click",
        },
        {
            content: "The dashboard follows what is imported",
            trigger: ".o_procurify_dashboard .o_kanban_record:contains(Five plants)",
        },
        moment("setup_switched_on"),
    ],
});
