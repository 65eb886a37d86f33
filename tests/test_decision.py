"""The decision about a match, and how names are compared: what counts is given here."""

from odoo.tests import TransactionCase, tagged

from odoo.addons.procurify_connector.importers.matching.decision import (
    ARCHIVED,
    ONLY_ONE,
    SAME_CODE,
    SAME_EMAIL,
    Finding,
    Outcome,
    Rule,
    decide,
    settle,
)
from odoo.addons.procurify_connector.importers.matching.names import (
    NAME_FITS,
    NEAR_NAME,
    SAME_NAME,
    NameIndex,
    compare,
)
from odoo.addons.procurify_connector.importers.matching.search import name_matches


@tagged("post_install", "-at_install", "procurify")
class TestDecision(TransactionCase):
    RULE = Rule(frozenset((SAME_CODE, SAME_EMAIL)), lone_names=True)

    def test_decision_table(self):
        link, question = Outcome.LINK, Outcome.AMBIGUOUS
        for outcome, *told in (
            (Outcome.NONE,),
            (link, {SAME_NAME}),
            (link, {NAME_FITS}),
            (link, {NAME_FITS, SAME_CODE}, {NAME_FITS}),
            (link, {NAME_FITS, SAME_CODE}, {SAME_EMAIL}),
            (link, {SAME_NAME}, {SAME_CODE}),
            (question, {NAME_FITS}, {SAME_CODE}),
            (question, {SAME_CODE}),
            (question, {SAME_CODE, SAME_EMAIL}),
            (question, {NEAR_NAME, SAME_CODE}),
            (question, {SAME_NAME}, {NAME_FITS}),
            (question, {SAME_NAME, SAME_CODE}, {SAME_NAME, SAME_EMAIL}),
            (Outcome.SIMILAR, {NEAR_NAME}),
            (Outcome.SIMILAR, {NEAR_NAME}, {NEAR_NAME}),
        ):
            with self.subTest(told=told):
                verdict = decide(self._findings(*told), self.RULE)

                self.assertIs(verdict.outcome, outcome)
                if outcome is link:
                    self.assertEqual(verdict.target, 0, "the first one")

    def test_decision_rests_on_what_forbids_and_who_else_there_is(self):
        [named] = self._findings({SAME_NAME})
        [keyed] = self._findings({SAME_NAME, SAME_CODE})
        archived = {"obstacles": frozenset((ARCHIVED,))}

        self.assertEqual(decide([named], self.RULE).witnesses, [ONLY_ONE, SAME_NAME])
        for findings, rivals in (
            ([named._replace(**archived)], ()),
            ([keyed._replace(**archived)], ()),
            ([named._replace(is_claimed=True)], ("rival",)),
            ([], ("rival",)),
        ):
            verdict = decide(findings, self.RULE, rivals)
            self.assertIs(verdict.outcome, Outcome.AMBIGUOUS, findings)
        self.assertTrue(decide([keyed._replace(is_claimed=True)], self.RULE).is_link)
        both = [named, keyed._replace(target=1, **archived)]
        self.assertEqual(decide(both, self.RULE).target, 0)

    def test_one_record_is_not_two_objects(self):
        verdict = decide(self._findings({SAME_NAME}), self.RULE)
        verdicts = {"one": verdict, "two": verdict}

        settled = settle(verdicts, self.RULE)

        self.assertEqual({v.outcome for v in settled.values()}, {Outcome.AMBIGUOUS})
        self.assertEqual(settle(verdicts, self.RULE._replace(shared=True)), verdicts)

    def test_names_are_compared_as_people_read_them(self):
        for one, other, kind in (
            ("Nordic Steel", "nordic  STEEL", SAME_NAME),
            ("Nordic Steel Ltd", "Nordic Steel, Limited.", NAME_FITS),
            ("Nordic Steel S.A.", "Nordic Steel", NAME_FITS),
            ("The Nordic Steel Co.", "Nordic Steel", NAME_FITS),
            ("Kolbe GmbH & Co. KG", "KOLBE GMBH CO KG", NAME_FITS),
            ("O'Dowd and Sons", "ODowd & Sons", NAME_FITS),
            ("Nordic Steel Ltd", "Nordic Steel GmbH", NEAR_NAME),
            ("Nordic Steel", "Steel Nordic", NEAR_NAME),
            ("Nordic Steel", "Nordic Steel Norway", NEAR_NAME),
            ("Nordic", "Nordic Timber", None),
            ("Alder Cable Partners", "Alder Valve Partners", None),
            ("Nordic Stel", "Nordic Steel", NEAR_NAME),
            ("Abcde", "Abcdf", None),
            ("Bolt M8", "Bolt M10", None),
            ("Nordic Steel 1", "Nordic Steel 2", None),
            ("カス商会", "ガス商会", None),
            ("!!!", "???", None),
            ("Ltd", "Inc", None),
        ):
            with self.subTest(one=one, other=other):
                self.assertEqual(compare(one, other, legal=True), kind)
                self.assertEqual(compare(other, one, legal=True), kind)
        self.assertEqual(compare("Cable AS", "Cable", legal=False), None)

    def test_two_keys_and_a_key_that_stands_alone_suffice_where_the_rule_says_so(self):
        both = self._findings({SAME_CODE, SAME_EMAIL})
        one = self._findings({SAME_CODE})
        for rule, findings, outcome in (
            (self.RULE._replace(two_keys=True), both, Outcome.LINK),
            (self.RULE._replace(two_keys=True), one, Outcome.AMBIGUOUS),
            (Rule(alone=frozenset((SAME_CODE,))), one, Outcome.LINK),
            (Rule(frozenset((SAME_CODE,)), only_one=False), one, Outcome.AMBIGUOUS),
        ):
            self.assertIs(decide(findings, rule).outcome, outcome)
        named = self._findings({SAME_NAME})
        self.assertTrue(decide(named, self.RULE).is_link)
        self.assertTrue(decide(named, self.RULE._replace(only_one=False)).is_question)

    def test_database_finds_every_name_that_fits(self):
        """What the patterns find holds all that ``compare`` says."""
        names = (
            "Müller & Söhne Wälzlager GmbH",
            "Ferretería Niño Hermanos, S.A.",
            "Łącznik Stalowy Sp. z o.o.",
            "עוגן פלדה בע״מ",
            "O'Dowd & Daughters Tooling",
            "The A & B Works",
            "Ørsted Æble Straße",
            "3M",
            "ЛЬВІВ Сталь",
            # Letters that Unicode does not take apart, as they stand within a word.
            *("Søndergaard", "Pawłowski", "Anđelka", "Kadıköy", "Guðrún"),
            "a.b.c. (closed) \\ [x] * +",
        )
        partners = self.env["res.partner"]
        partners.create([{"name": name} for name in names])
        for name in names:
            for spelled in (name, name.upper(), name.lower(), f"{name} "):
                fits, _near = NameIndex({1: [spelled]}, legal=True).patterns()
                found = partners.search(name_matches("name", fits))
                with self.subTest(spelled):
                    self.assertIn(name, found.mapped("name"))

    def _findings(self, *told):
        return [
            Finding(target, frozenset(witnesses))
            for target, witnesses in enumerate(told)
        ]
