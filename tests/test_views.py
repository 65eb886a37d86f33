"""Every screen says what to do next, and what its buttons do."""

import ast
import inspect
from ast import literal_eval
from datetime import date
from textwrap import dedent

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.procurify_connector.models.procurify_list import TECHNICAL

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

    def test_lists_in_forms_are_cards_on_a_phone(self):
        """Where lines are not edited, and there are cards of them."""
        with_cards = {view.model for view in self._views() if view.type == "kanban"}
        tried = set()
        for view in self._views():
            for node in etree.fromstring(view.arch_db).iter("field"):
                model = self._model_of(view, node)
                field = model in self.env and self.env[model]._fields.get(
                    node.get("name")
                )
                if not field or field.type not in ("one2many", "many2many"):
                    continue
                rows = node.find("list")
                if node.get("widget") or view.type != "form":
                    continue
                with self.subTest(view=view.xml_id, field=node.get("name")):
                    if rows is None:
                        self.assertTrue(
                            field.comodel_name in with_cards or len(node),
                            "cards would show its numbers",
                        )
                    elif not rows.get("editable") and field.comodel_name in with_cards:
                        modes = (node.get("mode") or "").split(",")
                        self.assertTrue(
                            node.find("kanban") is not None or "kanban" in modes
                        )
                tried.add(field)
        self.assertGreater(len(tried), 5)

    def test_every_button_explains_itself(self):
        silent = [
            f"{view.xml_id}: {button.get('name')}"
            for view in self._views()
            for button in etree.fromstring(view.arch_db).iter("button")
            if not button.get("special")
            and len(button.get("title") or button.get("help") or "") < EXPLAINED_FROM
        ]
        self.assertFalse(silent)

    def test_every_button_says_what_came_of_it(self):
        silent = {
            f"{model}.{method}"
            for model, method in self._buttons()
            if model.startswith("procurify.") and not _returns(self.env[model], method)
        }
        # What these do is on the screen: the step of the set-up, and a bar that moves.
        shown = {"action_setup_back", "action_dry_run", "action_dry_run_master_data"}
        self.assertFalse({name for name in silent if name.split(".")[-1] not in shown})

    def test_nobody_groups_by_technical_fields(self):
        offered = {
            name
            for action in self._lists()
            # Who created something is what people ask of that one.
            if action.res_model.startswith("procurify.")
            and action.res_model != "procurify.creation"
            for name, field in self.env[action.res_model].fields_get().items()
            if field["groupable"]
        }
        self.assertFalse(offered & TECHNICAL)
        self.assertLessEqual(
            {"state", "resource", "connection_id", "remote_party", "issue_ids"}, offered
        )

    def test_every_filter_can_be_searched(self):
        now = {"context_today": date.today, "relativedelta": relativedelta}
        tried = 0
        for view in self._views():
            for node in etree.fromstring(view.arch_db).iterfind(".//filter[@domain]"):
                with self.subTest(view=view.xml_id, filter=node.get("name")):
                    domain = safe_eval(node.get("domain"), {"uid": self.env.uid} | now)
                    self.env[view.model].search_count(domain, limit=1)
                    tried += 1
        self.assertGreater(tried, 20)

    def test_menu_has_five_parts(self):
        menu = self.env.ref(f"{ADDON}.procurify_connector_menu")
        self.assertEqual(
            menu.child_id.sorted("sequence").mapped("name"),
            ["Dashboard", "Quarantine", "Mapping", "Reports", "Configuration"],
        )

    def test_no_moment_is_shown_by_a_widget_of_days(self):
        """That would cut it off at midnight of Greenwich and not of the reader."""
        shown = [
            (view.model, node.get("name"), node.get("widget"))
            for view in self._views()
            if view.model in self.env
            for node in etree.fromstring(view.arch_db).iter("field")
            if self._is_moment(view.model, node.get("name"))
        ]
        self.assertIn(("procurify.commitment", "date_order", None), shown)
        wrong = [each for each in shown if each[2] in ("date", "remaining_days")]
        self.assertFalse(wrong)

    def _is_moment(self, model, name):
        field = self.env[model]._fields.get(name)
        return bool(field) and field.type == "datetime"

    def test_every_view_can_be_drawn(self):
        for action in self._lists():
            views = self._views_of(action)
            modes = action.view_mode.split(",")
            self.assertLessEqual(set(modes), set(views), action.xml_id)

    def _buttons(self):
        """Yield (model, method) of every button that calls a method."""
        for view in self._views():
            tree = etree.fromstring(view.arch_db)
            for button in tree.iter("button"):
                if button.get("type") == "object":
                    yield self._model_of(view, button), button.get("name")

    def _model_of(self, view, node):
        """Return the model of the view, or of the field's list in it, around a node."""
        fields = [a.get("name") for a in node.iterancestors("field") if len(a)]
        model = view.model
        for name in reversed(fields):
            field = self.env[model]._fields.get(name)
            model = field.comodel_name if field and field.relational else model
        return model

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


def _returns(model, name):
    """Say whether a method returns something."""
    source = dedent(inspect.getsource(inspect.unwrap(getattr(type(model), name))))
    return any(
        isinstance(node, ast.Return) and node.value is not None
        for node in ast.walk(ast.parse(source))
    )
