/** What is on screen follows what the scheduled actions do. */

import { onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";

const CHANGED = "procurify_connector/changed";
/** A long import commits every few seconds: nobody wants a screen that flickers. */
const AT_MOST_EVERY_MS = 2000;

/**
 * Call `reload` soon after something of Procurify changed, while it is shown.
 *
 * However long the changes go on, it is called: once for all that came meanwhile.
 */
export function useProcurifyChanges(reload) {
    const bus = useService("bus_service");
    let timer = null;
    const soon = () => {
        timer ??= browser.setTimeout(() => {
            timer = null;
            reload();
        }, AT_MOST_EVERY_MS);
    };
    bus.subscribe(CHANGED, soon);
    onWillUnmount(() => {
        bus.unsubscribe(CHANGED, soon);
        browser.clearTimeout(timer);
    });
}
