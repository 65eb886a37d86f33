/** Loads the page again after a setting that adds fields to views, as a group does.
 *
 * The browser keeps views over a reload: without this, the old ones would come back once.
 */

import { browser } from "@web/core/browser/browser";
import { rpcBus } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

const EMPTIED_MS = 200;

registry.category("actions").add("procurify_reload_views", async () => {
    rpcBus.trigger("CLEAR-CACHES");
    await new Promise((resolve) => browser.setTimeout(resolve, EMPTIED_MS));
    return { type: "ir.actions.client", tag: "reload" };
});
