"""Every screen says what to do next, and what its buttons do."""

from ast import literal_eval

from lxml import etree

from odoo.tests import TransactionCase, tagged

ADDON = "procurify_connector"
#: A word repeats the button; this many letters explain it.
EXPLAINED_FROM = 12


@tagged("post_install", "-at_install", "procurify")
class TestViews(TransactionCase):
    def test_every_list_opens_with_a_useful_default(self):
        for action in self._lists() & self._in_menus():
            narrowed = action.domain or "search_default_" in (action.context or "")
            # What is archived is no part of it then.
            narrowed = narrowed or "active" in self.env[action.res_model]._fields
            self.assertTrue(narrowed, action.xml_id)

    def test_default_filters_exist(self):
        for action in self._lists():
            views = self._views_of(action)
            search = etree.fromstring(views["search"]["arch"])
            known = {node.get("name") for node in search.iter("filter", "field")}
            wanted = {
                name.removeprefix("search_default_")
                for name in literal_eval(action.context or "{}")
                if name.startswith("search_default_")
            }
            self.assertLessEqual(wanted, known, action.xml_id)

    def test_every_list_says_what_to_do_while_it_is_empty(self):
        for action in self._lists():
            empty = etree.fromstring(f"<div>{action.help or ''}</div>")
            paragraphs = empty.findall("p")
            self.assertGreaterEqual(len(paragraphs), 2, action.xml_id)
            self.assertIn("o_view_nocontent_smiling_face", paragraphs[0].get("class"))

    def test_every_list_has_cards_for_a_phone(self):
        for action in self._lists():
            modes = action.view_mode.split(",")
            if "list" in modes and action.res_model.startswith("procurify."):
                self.assertIn("kanban", modes, action.xml_id)

    def test_every_button_explains_itself(self):
        silent = [
            f"{view.xml_id}: {button.get('name')}"
            for view in self._views()
            for button in etree.fromstring(view.arch_db).iter("button")
            if not button.get("special")
            and len(button.get("title") or button.get("help") or "") < EXPLAINED_FROM
        ]
        self.assertFalse(silent)

    def test_every_view_can_be_drawn(self):
        for action in self._lists():
            views = self._views_of(action)
            modes = action.view_mode.split(",")
            self.assertLessEqual(set(modes), set(views), action.xml_id)

    def _views(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.ui.view")]
        )
        return self.env["ir.ui.view"].browse(data.mapped("res_id"))

    def _lists(self):
        """Return the addon's actions that show many of something."""
        data = self.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.actions.act_window")]
        )
        actions = self.env["ir.actions.act_window"].browse(data.mapped("res_id"))
        found = actions.filtered(lambda a: a.view_mode.split(",")[0] != "form")
        self.assertTrue(found)
        return found

    def _in_menus(self):
        """Return what people open themselves; the rest is narrowed by what opens it."""
        menus = self.env["ir.ui.menu"].search([])
        actions = [
            action
            for action in menus.mapped("action")
            if action and action._name == "ir.actions.act_window"
        ]
        return self._lists().browse(action.id for action in actions)

    def _views_of(self, action):
        wanted = [(view_id, mode) for view_id, mode in action.views]
        wanted.append((action.search_view_id.id, "search"))
        return self.env[action.res_model].get_views(wanted)["views"]
