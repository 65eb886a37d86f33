"""Every screen of the addon, as a person sees it."""

import re

from odoo.tests import new_test_user, tagged

from .common import SharedCommon
from .looks import ADDON, ROOT, LooksCase

THEMES = ("light", "dark")
#: Who works with the addon: {login: groups}.
PEOPLE = {
    "administrator": f"{ADDON}.group_manager,base.group_system",
    "controller": f"{ADDON}.group_user,account.group_account_manager,"
    "purchase.group_purchase_manager,analytic.group_analytic_accounting",
    "reviewer": f"{ADDON}.group_user",
}
#: A colour that is none of the palette's, in a style or a style sheet.
COLOUR = re.compile(
    r"(?:color|background|border)[\w-]*\s*:[^;\"]*(?:#[0-9a-f]{3,8}|rgba?\()", re.I
)


@tagged("post_install", "-at_install", "procurify")
class TestLooks(SharedCommon, LooksCase):
    bills = 12

    @classmethod
    def _make(cls):
        # Some taxes of Odoo's own test company are due on payment: its settings warn.
        cls.company.tax_exigibility = True
        cls.dataset.add_bill("plain", code="7450")

    def test_every_screen_can_be_read_by_everybody(self):
        screens = self._screens()
        with self._watching(dark=True) as pictures:
            self._look_at(screens)
        taken = {picture.stem for picture in pictures.iterdir()}
        looks = [f"{width}-{t}" for width in ("desktop", "phone") for t in THEMES]
        self.assertEqual(
            taken, {f"{name}-{look}" for name in screens for look in looks}
        )

    def test_every_menu_opens_for_each_user_who_sees_it(self):
        seen = {}
        for login, groups in PEOPLE.items():
            user = new_test_user(self.env, login, groups, company_id=self.company.id)
            seen[login] = self._menus(user)
            with self.subTest(person=login), self._watching(axe=False) as pictures:
                self._look_at(seen[login], user)
                self.assertEqual(
                    {picture.stem for picture in pictures.iterdir()},
                    {
                        f"{name}-{width}-light"
                        for name in seen[login]
                        for width in ("desktop", "phone")
                    },
                )
        self.assertEqual(seen["controller"], seen["reviewer"])
        self.assertEqual(
            seen["administrator"].keys() - seen["reviewer"].keys(),
            {"procurify_target_menu", "res_config_settings_menu"},
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

    def _menus(self, user):
        """Return {name: action} of the addon's menus that a user sees."""
        menus = self.env["ir.ui.menu"].with_user(user)
        visible = menus._visible_menu_ids()
        root = self.env.ref(f"{ADDON}.procurify_connector_menu")
        return {
            menu.get_external_id()[menu.id].partition(".")[2]: menu.action.id
            for menu in menus.search([("id", "child_of", root.id)])
            if menu.action and menu.id in visible
        }

    @staticmethod
    def _form_of(record):
        return record and {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [[False, "form"]],
        }
