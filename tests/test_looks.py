"""Every screen of the addon, as a person sees it."""

import re

from odoo.tests import tagged

from .common import ProcurifyCommon
from .looks import ADDON, ROOT, LooksCase

THEMES = ("light", "dark")
#: A colour that is none of the palette's, in a style or a style sheet.
COLOUR = re.compile(
    r"(?:color|background|border)[\w-]*\s*:[^;\"]*(?:#[0-9a-f]{3,8}|rgba?\()", re.I
)


@tagged("post_install", "-at_install", "procurify")
class TestLooks(ProcurifyCommon, LooksCase):
    bills = 12

    def setUp(self):
        super().setUp()
        self.dataset.add_bill("plain", code="7450")
        self._synchronise()

    def test_every_screen_can_be_read_by_everybody(self):
        screens = self._screens()
        with self._watching(dark=True) as pictures:
            self._look_at(screens)
        taken = {picture.stem for picture in pictures.iterdir()}
        looks = [f"{width}-{t}" for width in ("desktop", "phone") for t in THEMES]
        self.assertEqual(
            taken, {f"{name}-{look}" for name in screens for look in looks}
        )

    def test_a_french_reader_reads_no_english(self):
        self._speak(self.env.user, "fr_FR")
        # The audit keeps its words as they were written.
        events = self.env["procurify.audit"].search([])
        written = {*events.mapped("summary"), *events.mapped("subject")}
        with self._watching("fr_FR", data=written):
            self._look_at(self._screens())

    def test_community_has_one_theme_and_ours_names_no_colour_of_its_own(self):
        # Enterprise's dark theme turns the colours of Odoo's palette around: what
        # takes its colours from there follows.
        self.assertEqual(self.env["ir.http"].color_scheme(), "light")
        sources = [*(ROOT / "static" / "src").rglob("*.*"), *ROOT.glob("views/*.xml")]
        named = {
            f"{file.name}: {match.group()}"
            for file in sources
            for match in COLOUR.finditer(file.read_text("utf-8"))
        }
        self.assertFalse(named)

    def _screens(self):
        """Return {name: action}: what the actions open, and a form of each list."""
        actions = {}
        for kind in ("ir.actions.act_window", "ir.actions.client"):
            domain = [("module", "=", ADDON), ("model", "=", kind)]
            ids = self.env["ir.model.data"].search(domain).mapped("res_id")
            for action in self.env[kind].browse(ids):
                actions[action.xml_id.partition(".")[2]] = action
        forms = {
            f"{name}_form": self._form_of(
                self.env[action.res_model].search([], limit=1)
            )
            for name, action in actions.items()
            if action._name == "ir.actions.act_window" and action.target != "new"
        }
        opened = {name: action.id for name, action in actions.items()}
        return opened | {name: form for name, form in forms.items() if form}

    @staticmethod
    def _form_of(record):
        return record and {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [[False, "form"]],
        }
