"""Looking at screens in a browser: pictures, axe, words that are still in English.

A test case inherits from :class:`LooksCase`; a tour says at which moments to look::

    import { moment } from "./procurify_look";
    steps: () => [..., moment("quarantine")]

    with self._watching(language="fr_FR"):
        self.start_tour("/odoo/procurify-quarantine", "procurify_...", login=...)

At each moment the screen is looked at in 1366 and in 400 pixels of width. Serious and
critical findings of axe in our own views, words that are not translated, error dialogs,
pages that are wider than the screen and numbers that are cut off fail the test,
together at its end. A console error fails at once: Odoo's own browser sees to that. The
pictures lie in the folder that is logged.
"""

import base64
import importlib.util
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import polib

from odoo.tests import common
from odoo.tests.common import ChromeBrowser, HttpCase, get_db_name, run
from odoo.tools import config

ADDON = "procurify_connector"
ROOT = Path(__file__).resolve().parent.parent
#: What Odoo's own widgets and palette do in every app, and no view can change: {rule of
#: axe: elements that it should not check}.
ODOOS_OWN = {
    "aria-allowed-attr": [".o-dropdown", ".o_field_many2many_tags .o_tag"],
    "aria-prohibited-attr": [".o_field_daterange .fa-long-arrow-right"],
    "aria-required-parent": [".o_notebook_headers", ".settings_tab"],
    "button-name": [
        ".o_list_renderer .o-dropdown",
        ".o_search_panel",
        ".oi-panel-right",
    ],
    "color-contrast": [".o_form_label", ".text-muted", ".badge"],
    "label": [".o_list_renderer .o-checkbox", ".ace_editor"],
    "role-img-alt": [".oi-search", ".fa-user-o", ".fa-clock-o"],
    "scrollable-region-focusable": [".o_list_renderer", ".o_pivot"],
}


class WatchingBrowser(ChromeBrowser):
    """A browser whose page can ask for what only its controls can do.

    ``procurifyAsk`` of the page takes JSON: a ``width`` and a ``height``, a ``picture``
    to be taken and its name, or what is ``wrong``, and answers ``procurifyDone(id)``.
    """

    watch: dict
    pictures: Path
    wrong: list

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._handlers["Runtime.bindingCalled"] = self._handle_wish
        self._websocket_request("Runtime.addBinding", params={"name": "procurifyAsk"})
        watch = f"window.procurifyWatch = {json.dumps(self.watch)};"
        for source in (_axe(), watch):
            self._websocket_request(
                "Page.addScriptToEvaluateOnNewDocument", params={"source": source}
            )

    def _handle_wish(self, name, payload, **_kwargs):
        wish = json.loads(payload)
        self.wrong.extend(wish.get("wrong", ()))

        # On the thread that receives, nothing may wait: each answer calls what follows.
        @run
        def _fulfil():
            if "width" in wish:
                yield self._send("Emulation.setDeviceMetricsOverride", **_device(wish))
            if "picture" in wish:
                shot = yield self._send("Page.captureScreenshot", optimizeForSpeed=True)
                picture = self.pictures / f"{wish['picture']}.png"
                picture.write_bytes(base64.b64decode(shot["data"]))
            done = f"window.procurifyDone({wish['id']})"
            yield self._send("Runtime.evaluate", expression=done)

    def _send(self, method, **params):
        return self._websocket_send(method, params=params, with_future=True)


class LooksCase(HttpCase):
    """A case whose tours are watched: see this module's text."""

    @contextmanager
    def _watching(self, language="en_US", dark=False, data=(), axe=True):
        """Look at each moment of the tours in this block.

        :param language: of the user; other than English, words of the addon that are
            shown in English fail, where a translation of them differs
        :param data: texts that are stored as they are, whatever language they are in
        :param axe: look for what it finds, too, in English: it takes longest
        :param dark: take pictures with Odoo's dark style sheets, too
        """
        watch = {
            "english": sorted(self._english(language) - set(data)),
            "dark": self._dark_style_sheet() if dark else "",
            "axe": axe and language == "en_US",
            "accepted": ODOOS_OWN,
        }
        folder = Path(config["screenshots"]) / get_db_name() / "looks"
        pictures = folder / self._testMethodName / language
        # None of an earlier run is taken for one of this.
        shutil.rmtree(pictures, ignore_errors=True)
        pictures.mkdir(parents=True)
        wrong = []
        browser = type(
            "Browser",
            (WatchingBrowser,),
            {"watch": watch, "pictures": pictures, "wrong": wrong},
        )
        with patch.object(common, "ChromeBrowser", browser):
            yield pictures
        self._logger.info("Pictures: %s", pictures)
        if wrong:
            self.fail("\n".join(dict.fromkeys(wrong)))

    def _look_at(self, screens, user=None):
        """Open each of {name: action} as a user, and look at it at each width."""
        self.browser_js(
            "/odoo",
            f"window.procurifyLookAtAll({json.dumps(screens)})",
            ready="window.procurifyLookAtAll !== undefined && odoo.isReady === true",
            login=(user or self.env.user).login,
            timeout=600,
        )

    def _speak(self, user, language):
        """Let a user read Odoo in another language."""
        self.env["res.lang"]._activate_lang(language)
        names = ["base", "web", "mail", "account", "purchase", ADDON]
        modules = self.env["ir.module.module"].search([("name", "in", names)])
        modules._update_translations(language)
        user.lang = language

    @staticmethod
    def _english(language):
        """Return the words that nobody should see who reads in this language."""
        file = ROOT / "i18n" / f"{language.partition('_')[0]}.po"
        if language == "en_US":
            return set()
        entries = polib.pofile(str(file))
        translations = {entry.msgstr for entry in entries}
        return {entry.msgid for entry in entries} - translations

    def _dark_style_sheet(self):
        bundle = self.env["ir.qweb"]._get_asset_bundle("web.assets_web_dark")
        (link,) = (link for link in bundle.get_links() if link.endswith(".css"))
        return link


def _device(wish):
    return {
        "width": wish["width"],
        "height": wish["height"],
        "deviceScaleFactor": 1,
        "mobile": False,
    }


def _axe():
    """Return axe-core's source, which a package for another test tool ships."""
    package = importlib.util.find_spec("axe_playwright_python")
    return (Path(package.origin).parent / "axe.min.js").read_text("utf-8")
