/** Month end: each amount opens a list whose footer says the same, on every width. */

import { registry } from "@web/core/registry";
import { moment } from "./procurify_look";

const tours = registry.category("web_tour.tours");
const shown = {};

/** Open what is behind an amount, compare the list's footer, and come back. */
function compare(name, place) {
    return [
        {
            content: `The amount of ${name}`,
            trigger: place,
            run({ anchor }) {
                const amount = anchor.querySelector(".o_procurify_amount") || anchor;
                shown[name] = amount.textContent.replace(/\(.*/, "").trim();
            },
        },
        { trigger: `${place} button`, run: "click" },
        {
            content: `The list of ${name} adds up to it`,
            trigger: ".o_list_view tfoot td.o_list_number:not(:empty)",
            run() {
                const sums = [...document.querySelectorAll(".o_list_view tfoot td")].map((cell) =>
                    cell.textContent.trim()
                );
                if (!sums.includes(shown[name])) {
                    throw new Error(`${name}: ${shown[name]} is none of ${sums.join(", ")}`);
                }
            },
        },
        moment(`month_end_${name.replace(/\W/g, "_")}`),
        { trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a", run: "click" },
        { trigger: ".o_procurify_month_end" },
    ];
}

tours.add("procurify_close_month", {
    steps: () => [
        { trigger: ".o_procurify_month_end canvas" },
        moment("month_end"),
        ...["posted", "draft", "on_hold", "not_billed"].flatMap((name) =>
            compare(name, `[data-number=${name}]`)
        ),
        {
            content: "The same by location",
            trigger: ".o_procurify_locations",
            run: "click",
        },
        {
            trigger: ".o_procurify_locations.active",
            run: () => document.querySelector(".o_procurify_matrix").scrollIntoView(),
        },
        moment("month_end_places"),
        {
            content: "A number of the matrix opens its list",
            trigger: ".o_procurify_matrix tbody button",
            run: "click",
        },
        { trigger: ".o_list_view tfoot td.o_list_number:not(:empty)" },
        { trigger: ".o_breadcrumb .o_back_button a, .breadcrumb-item a", run: "click" },
        {
            content: "An earlier month",
            trigger: ".o_procurify_previous",
            run: "click",
        },
        { trigger: ".o_procurify_next:not([disabled])" },
        moment("month_end_before"),
        {
            content: "A check leads to where it gets done",
            trigger: "[data-check=issues] button",
            run: "click",
        },
        { trigger: ".o_list_view .o_data_row" },
    ],
});
