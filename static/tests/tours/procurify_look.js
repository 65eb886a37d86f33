import { rpcBus } from "@web/core/network/rpc";

/**
 * Lets a test look at a screen: at each width, in each theme, with axe, and for words
 * that nobody has translated.
 *
 * A tour says when: `steps: () => [..., moment("quarantine"), ...]`. It only does
 * something where `tests/looks.py` watches; a tour that a person starts runs on.
 */

const WIDTHS = {
    desktop: { width: 1366, height: 768 },
    phone: { width: 400, height: 800 },
};
/** What of a screen is a view's; the bars around it are Odoo's, whatever app is open. */
const SCREEN = ".o_action_manager .o_content, .o_action_manager .o_statusbar_buttons, .modal-body";
const SERIOUS = ["serious", "critical"];
/** Where numbers are: in lists, cards and forms. */
const NUMBERS = ".o_list_number, .o_field_monetary, .o_field_float, .o_field_integer, .o_pivot_cell_value";
/** What is shown to a person, besides text. */
const SPOKEN = ["title", "placeholder", "aria-label", "alt", "data-tooltip"];

const waiting = new Map();
let asked = 0;

/** Ask the browser's own controls, which a page does not reach, for something. */
function ask(what) {
    const id = ++asked;
    return new Promise((resolve) => {
        waiting.set(id, resolve);
        window.procurifyAsk(JSON.stringify({ id, ...what }));
    });
}

/** Called by the watching test when what was asked for is done. */
window.procurifyDone = (id) => {
    waiting.get(id)();
    waiting.delete(id);
};

/** Requests to the server, scripts and style sheets that are on their way. */
const awaited = new Set();
let changedAt = 0;
/** Milliseconds without a change after which a screen is drawn; Odoo's charts grow for longer. */
const STILL = 120;
const STILL_WITH_CHART = 700;
/** Odoo's menu bar follows a new width a quarter of a second later. */
const WIDTH_FOLLOWED = 500;
let resizedAt = -WIDTH_FOLLOWED;

window.addEventListener("resize", () => {
    resizedAt = performance.now();
});
rpcBus.addEventListener("RPC:REQUEST", ({ detail }) => awaited.add(detail.data.id));
rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => awaited.delete(detail.data.id));
new MutationObserver((changes) => {
    changedAt = performance.now();
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
        if (node.matches?.("script[src], link[href]")) {
            awaited.add(node);
            for (const end of ["load", "error"]) {
                node.addEventListener(end, () => awaited.delete(node), { once: true });
            }
        }
    }
}).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });

/** Whether something is still on its way to the screen, or moves on it. */
function isBusy() {
    const still = document.querySelector("canvas") ? STILL_WITH_CHART : STILL;
    return (
        awaited.size > 0 ||
        performance.now() - changedAt < still ||
        performance.now() - resizedAt < WIDTH_FOLLOWED ||
        document.querySelector(".o_loading_indicator, .o_blockUI") ||
        [...document.images].some(({ complete }) => !complete) ||
        document.getAnimations().some(
            ({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime < Infinity
        )
    );
}

/** Wait until nothing loads any more and what has changed is drawn. */
async function idle() {
    const until = performance.now() + 10000;
    changedAt = performance.now();
    while (isBusy() && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await drawn();
}

async function drawn() {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}

function isShown(element) {
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

/** Whether Odoo does that in every app, so that we cannot correct it. */
function isOdoosOwn(rule, element) {
    const selectors = window.procurifyWatch.accepted[rule] || [];
    return selectors.some((one) => element?.closest(one) || element?.querySelector(`:scope > ${one}`));
}

/** What kinds of views the screen has: a phone shows cards where others show a list. */
function kindsOfViews() {
    const renderers = document.querySelectorAll("[class*='_renderer']");
    const names = [...renderers].filter(isShown).flatMap(({ classList }) => [...classList]);
    return names.filter((name) => /^o_\w+_renderer$/.test(name));
}

/** What axe has looked at: {screen: kinds of its views}. */
const reached = {};

/** What axe finds serious in the view itself: ["rule: what is wrong (element)"].
 * A screen that only has another width is not looked at twice. */
async function unreachable(name) {
    const roots = [...document.querySelectorAll(SCREEN)].filter(isShown);
    const kinds = ["screen", ...kindsOfViews()];
    if (!roots.length || !window.procurifyWatch.axe || [...kinds].every((kind) => reached[name]?.has(kind))) {
        return [];
    }
    reached[name] = new Set(kinds);
    const { violations } = await window.axe.run(
        { include: roots },
        // What is in a frame is Odoo's viewer of files.
        { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"], iframes: false }
    );
    return violations
        .filter(({ impact }) => SERIOUS.includes(impact))
        .flatMap(({ id, help, nodes }) =>
            nodes
                .filter(({ target }) => !isOdoosOwn(id, document.querySelector(target.at(-1))))
                .map(({ html }) => `${id}: ${help} (${html.slice(0, 300)})`)
        );
}

/** Words of ours that are still shown in English: ["'Held' in <th>"]. */
function untranslated() {
    const english = new Set(window.procurifyWatch.english);
    const found = [];
    for (const root of document.querySelectorAll(".o_action_manager, .modal, .o_main_navbar")) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const texts = node.attributes
                ? SPOKEN.map((name) => node.getAttribute(name))
                : [isShown(node.parentElement) && node.textContent];
            for (const text of texts) {
                if (text && english.has(text.trim())) {
                    found.push(`'${text.trim()}' in ${(node.attributes ? node : node.parentElement).outerHTML.slice(0, 120)}`);
                }
            }
        }
    }
    return found;
}

/** What Odoo says when something went wrong, where a person expected a screen. */
function errors() {
    return [...document.querySelectorAll(".o_error_dialog")].map((dialog) => `error: ${dialog.innerText.slice(0, 300)}`);
}

/** A number that is cut off reads as another number. Odoo's sums over several currencies
 * have a question mark that does not fit. */
function cutOff() {
    return [...document.querySelectorAll(NUMBERS)]
        .filter((part) => isShown(part) && !part.querySelector("sup") && part.scrollWidth > part.clientWidth + 1)
        .map((part) => `"${part.textContent.trim()}" is cut off: ${part.outerHTML.slice(0, 200)}`);
}

/** What is wider than the screen. Lists and pivots scroll within themselves, and the margin
 * of all Odoo's cards is wider than a phone. */
function tooWide() {
    const parts = "html, .o_form_sheet_bg, .modal-body";
    return [...document.querySelectorAll(parts)]
        .filter((part) => isShown(part) && part.scrollWidth > part.clientWidth + 1)
        .map((part) => `<${part.className}> is ${part.scrollWidth} px wide where ${part.clientWidth} px are: ${widest(part)}`);
}

/** What reaches farthest to the right within a part. */
function widest(part) {
    const reach = (element) => element.getBoundingClientRect().right;
    const elements = [...part.querySelectorAll("*")].filter(isShown);
    return elements.sort((one, other) => reach(other) - reach(one))[0]?.outerHTML.slice(0, 200);
}

/** Both themes' style sheets stay on the page: to read one again takes longest. */
let darkSheet;

async function inTheme(href, look) {
    const light = document.querySelector("link[href*='web.assets_web.'][href*='.css']");
    darkSheet ??= await new Promise((resolve, reject) => {
        const sheet = light.cloneNode();
        sheet.addEventListener("load", () => resolve(sheet), { once: true });
        sheet.addEventListener("error", reject, { once: true });
        sheet.href = href;
        light.after(sheet);
    });
    const use = async ({ sheet }, { sheet: other }) => {
        sheet.disabled = false;
        other.disabled = true;
        await idle();
    };
    await use(darkSheet, light);
    try {
        await look();
    } finally {
        await use(light, darkSheet);
    }
}

/** Look at one width: return what is wrong, and take the pictures. */
async function lookAt(name, device) {
    const watch = window.procurifyWatch;
    await idle();
    const found = [...errors(), ...(await unreachable(name)), ...untranslated(), ...tooWide(), ...cutOff()];
    await ask({ picture: `${name}-${device}-light` });
    if (watch.dark) {
        await inTheme(watch.dark, () => ask({ picture: `${name}-${device}-dark` }));
    }
    return found.map((text) => `${name}, ${device}: ${text}`);
}

/**
 * Look at what is on the screen, in each width; what is wrong fails the test at its end.
 *
 * @param {string} name of the moment: the pictures bear it
 * @param {Function} show brings it into sight, after each change of width
 */
async function look(name, show) {
    if (!window.procurifyWatch) {
        return;
    }
    for (const [device, size] of Object.entries(WIDTHS)) {
        await ask(size);
        await show();
        await ask({ wrong: await lookAt(name, device) });
    }
    await ask(WIDTHS.desktop);
    await idle();
}

/**
 * A step of a tour at which the test looks at the screen.
 *
 * @param {string} name of the moment
 * @param {string} [part] what of the page is to be in sight
 */
export function moment(name, part = ".o_content") {
    const show = () => document.querySelector(part).scrollIntoView();
    return { content: `Look at ${name}`, trigger: "body", run: () => look(name, show), timeout: 60000 };
}

/**
 * Open one of the addon's actions after another, and look at each of them.
 *
 * @param {Object} actions {name of the moment: what `doAction` takes}
 */
window.procurifyLookAtAll = async (actions) => {
    const { action } = odoo.__WOWL_DEBUG__.root.env.services;
    for (const [device, size] of Object.entries(WIDTHS)) {
        await ask(size);
        for (const [name, what] of Object.entries(actions)) {
            await action.doAction(what, { clearBreadcrumbs: true });
            await ask({ wrong: await lookAt(name, device) });
        }
    }
    console.log("test successful");
};
