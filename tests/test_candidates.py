"""The rules by which a record is recognised, one by one: no database is asked."""

from typing import NamedTuple

from odoo.tests import BaseCase, tagged

from odoo.addons.procurify_connector.importers.matching.candidates import (
    MOST_CANDIDATES,
    SIMILAR,
    code_prefix,
    code_similarity,
    name_similarity,
    rank,
)
from odoo.addons.procurify_connector.importers.matching.decision import (
    ARCHIVED,
    LINKED_BEFORE,
    ONLY_ONE,
    OTHER_CODE,
    OTHER_COUNTRY,
    OTHER_KIND,
    OWN,
    PART,
    SAME_BARCODE,
    SAME_CODE,
    SAME_EMAIL,
    SAME_RATE,
    TAKEN,
    UNUSABLE,
    Finding,
    Outcome,
    Rule,
    Verdict,
    decide,
    settle,
)
from odoo.addons.procurify_connector.importers.matching.names import (
    NAME_FITS,
    NEAR_NAME,
    SAME_NAME,
)

RULE = Rule(keys=frozenset({SAME_CODE, SAME_EMAIL}))


class Target(NamedTuple):
    id: int


ONE, TWO, THREE = Target(1), Target(2), Target(3)


def _found(target, *witnesses, obstacles=(), is_claimed=False):
    return Finding(target, frozenset(witnesses), frozenset(obstacles), is_claimed)


@tagged("post_install", "-at_install", "procurify")
class TestDecision(BaseCase):
    def _link(self, verdict, target, *witnesses):
        self.assertEqual(verdict.outcome, Outcome.LINK)
        self.assertTrue(verdict.is_link)
        self.assertFalse(verdict.is_question)
        self.assertEqual(verdict.target, target)
        self.assertEqual(verdict.witnesses, sorted(witnesses))

    def test_a_name_and_a_key_are_two_witnesses(self):
        for name in (SAME_NAME, NAME_FITS):
            self.assertTrue(RULE.suffices(frozenset({name, SAME_CODE})))
        for alone in (SAME_CODE, SAME_NAME, NAME_FITS):
            self.assertIs(RULE.suffices(frozenset({alone})), False)
        self.assertFalse(RULE.suffices(frozenset({NEAR_NAME, SAME_CODE})))
        self.assertFalse(RULE.suffices(frozenset({SAME_NAME, NAME_FITS})))

    def test_two_keys_suffice_only_where_the_rule_says_so(self):
        keys = frozenset({SAME_CODE, SAME_EMAIL})
        self.assertFalse(RULE.suffices(keys))
        lenient = RULE._replace(two_keys=True)
        self.assertIs(lenient.suffices(keys), True)
        self.assertFalse(lenient.suffices(frozenset({SAME_CODE})))

    def test_what_suffices_alone_needs_no_name(self):
        rule = Rule(alone=frozenset({SAME_CODE}))
        self.assertIs(rule.suffices(frozenset({SAME_CODE})), True)
        self.assertFalse(rule.suffices(frozenset({SAME_EMAIL, SAME_NAME})))

    def test_what_suffices_and_is_free_is_linked(self):
        good = _found(ONE, SAME_NAME, SAME_CODE)
        self._link(decide([good], RULE), ONE, SAME_NAME, SAME_CODE)
        taken = _found(TWO, SAME_NAME, SAME_CODE, obstacles=[TAKEN])
        self._link(decide([taken, good], RULE), ONE, SAME_NAME, SAME_CODE)

    def test_two_that_suffice_are_a_question_about_both(self):
        findings = [_found(t, SAME_NAME, SAME_CODE) for t in (ONE, TWO)]
        weak = _found(THREE, SAME_CODE)
        verdict = decide([*findings, weak], RULE, rivals=["other"])
        self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)
        self.assertTrue(verdict.is_question)
        self.assertFalse(verdict.is_link)
        self.assertEqual(verdict.findings, tuple(findings))
        self.assertEqual(verdict.rivals, ("other",))

    def test_a_name_that_nobody_else_bears_is_linked(self):
        for name in (SAME_NAME, NAME_FITS):
            found = decide([_found(ONE, name)], RULE)
            self._link(found, ONE, name, ONLY_ONE)
        # What is archived was given up, and what is only alike is no rival.
        others = [
            _found(TWO, SAME_NAME, obstacles=[ARCHIVED]),
            _found(THREE, NEAR_NAME),
        ]
        found = decide([_found(ONE, SAME_NAME), *others], RULE)
        self._link(found, ONE, SAME_NAME, ONLY_ONE)

    def test_a_name_that_others_bear_is_a_question(self):
        for findings in (
            [_found(ONE, SAME_NAME), _found(TWO, NAME_FITS)],
            [_found(ONE, SAME_NAME, is_claimed=True)],
            [_found(ONE, SAME_NAME, obstacles=[PART])],
            [_found(ONE, SAME_NAME, obstacles=[ARCHIVED])],
        ):
            verdict = decide(findings, RULE)
            self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)
            self.assertEqual(verdict.findings, tuple(findings))

    def test_a_lone_name_counts_only_where_the_rule_says_so(self):
        strict = RULE._replace(only_one=False)
        verdict = decide([_found(ONE, SAME_NAME)], strict)
        self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)

    def test_the_key_of_somebody_else_speaks_against_a_name_that_only_fits(self):
        other = _found(TWO, SAME_EMAIL)
        verdict = decide([_found(ONE, NAME_FITS), other], RULE)
        self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)
        self.assertEqual(len(verdict.findings), 2)
        same = decide([_found(ONE, SAME_NAME), other], RULE)
        self._link(same, ONE, SAME_NAME, ONLY_ONE)
        # Its own key is no dispute.
        own = _found(ONE, NAME_FITS, SAME_EMAIL)
        self._link(decide([own], RULE), ONE, NAME_FITS, SAME_EMAIL)

    def test_who_is_only_alike_speaks_against_no_name(self):
        near = _found(TWO, NEAR_NAME)
        verdict = decide([_found(ONE, NAME_FITS), near], RULE)
        self._link(verdict, ONE, NAME_FITS, ONLY_ONE)

    def test_a_key_alone_is_a_question(self):
        verdict = decide([_found(ONE, SAME_EMAIL), _found(TWO, NEAR_NAME)], RULE)
        self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)
        self.assertEqual([f.target for f in verdict.findings], [ONE])

    def test_what_is_only_alike_gets_no_twin(self):
        verdict = decide([_found(ONE, NEAR_NAME)], RULE, rivals=["other"])
        self.assertEqual(verdict.outcome, Outcome.SIMILAR)
        self.assertTrue(verdict.is_question)
        self.assertEqual([f.target for f in verdict.findings], [ONE])

    def test_nothing_at_all_is_no_question(self):
        verdict = decide([], RULE, rivals=["other"])
        self.assertEqual((verdict.outcome, verdict.findings), (Outcome.NONE, ()))
        self.assertFalse(verdict.is_question)

    def test_two_objects_of_one_name_are_a_question_where_names_must_be_alone(self):
        rule = RULE._replace(lone_names=True)
        verdict = decide([_found(ONE, NEAR_NAME)], rule, rivals=["other"])
        self.assertEqual(verdict.outcome, Outcome.AMBIGUOUS)
        self.assertEqual([f.target for f in verdict.findings], [ONE])
        self.assertEqual(decide([], rule).outcome, Outcome.NONE)

    def test_two_objects_are_one_record_only_where_they_may_be(self):
        link = decide([_found(ONE, SAME_NAME, SAME_CODE)], RULE)
        other = decide([_found(TWO, SAME_NAME, SAME_CODE)], RULE)
        none = Verdict(Outcome.NONE)
        verdicts = {"a": link, "b": link, "c": other, "d": none}
        settled = settle(verdicts, RULE)
        self.assertEqual(
            {name: verdict.outcome for name, verdict in settled.items()},
            {
                "a": Outcome.AMBIGUOUS,
                "b": Outcome.AMBIGUOUS,
                "c": Outcome.LINK,
                "d": Outcome.NONE,
            },
        )
        self.assertEqual(settled["a"].findings, link.findings)
        self.assertEqual(settle(verdicts, RULE._replace(shared=True)), verdicts)

    def test_evidence_for_a_record_is_shown_in_the_order_of_the_words(self):
        words = {SAME_NAME: "name", TAKEN: "taken", SAME_CODE: "code"}
        found = _found(ONE, SAME_CODE, SAME_NAME, obstacles=[TAKEN])
        self.assertEqual(found.told(words), "name, taken, code")
        self.assertEqual(_found(ONE, SAME_EMAIL).told(words), "")


@tagged("post_install", "-at_install", "procurify")
class TestRanking(BaseCase):
    def _rank(self, *findings, similarities=None, archived=(), verdict=None):
        return rank(
            findings, similarities or {}, lambda t: t in archived, verdict=verdict
        )

    def test_more_witnesses_are_surer_than_each_of_them(self):
        two, one = self._rank(
            _found(ONE, SAME_EMAIL), _found(TWO, SAME_EMAIL, NEAR_NAME)
        )
        self.assertEqual((two.target, one.target), (TWO, ONE))
        self.assertAlmostEqual(one.score, 0.9)
        self.assertAlmostEqual(two.score, 0.975)
        self.assertEqual(two.reason, SAME_EMAIL)
        self.assertEqual(two.reasons, (SAME_EMAIL, NEAR_NAME))

    def test_witnesses_of_the_same_worth_stand_by_their_names(self):
        [found] = self._rank(_found(ONE, SAME_NAME, SAME_EMAIL))
        self.assertEqual(found.reasons, (SAME_EMAIL, SAME_NAME))

    def test_what_forbids_halves_the_score_and_is_shown_last(self):
        [found] = self._rank(_found(ONE, SAME_CODE, obstacles=[TAKEN, OTHER_CODE]))
        self.assertAlmostEqual(found.score, 0.475)
        self.assertEqual(found.reason, SAME_CODE)
        self.assertEqual(found.reasons, (SAME_CODE, OTHER_CODE, TAKEN))
        [found] = self._rank(_found(ONE, SAME_CODE, obstacles=[ARCHIVED]))
        self.assertEqual(found.reason, ARCHIVED)
        self.assertFalse(found.is_sure)

    def test_a_record_for_which_nothing_speaks_is_no_candidate(self):
        self.assertEqual(self._rank(_found(ONE, obstacles=[TAKEN])), [])

    def test_similar_ones_follow_by_how_similar_they_are(self):
        found = self._rank(
            similarities={ONE: 0.5, TWO: 0.75, THREE: 0.449}, archived=[TWO]
        )
        self.assertEqual([c.target for c in found], [ONE, TWO])
        self.assertAlmostEqual(found[0].score, 0.4)
        self.assertAlmostEqual(found[1].score, 0.3)
        self.assertEqual((found[0].reason, found[0].reasons), (SIMILAR, (SIMILAR,)))
        self.assertEqual((found[1].reason, found[1].reasons), (ARCHIVED, (ARCHIVED,)))
        [edge] = self._rank(similarities={ONE: 0.45})
        self.assertAlmostEqual(edge.score, 0.36)

    def test_the_best_come_first_and_the_older_of_two_alike(self):
        targets = [Target(number) for number in range(9, 0, -1)]
        found = self._rank(similarities=dict.fromkeys(targets, 0.6))
        self.assertEqual([c.target.id for c in found], [1, 2, 3, 4, 5])
        self.assertEqual(MOST_CANDIDATES, 5)

    def test_what_would_be_linked_is_sure_and_has_the_reasons_of_the_decision(self):
        name, other = _found(ONE, SAME_NAME), _found(TWO, SAME_EMAIL)
        verdict = decide([name, other], RULE)
        sure, rest = self._rank(name, other, verdict=verdict)
        self.assertTrue(sure.is_sure)
        self.assertEqual(sure.reasons, (SAME_NAME, ONLY_ONE))
        self.assertAlmostEqual(sure.score, 0.95)
        self.assertFalse(rest.is_sure)
        question = decide([name, _found(THREE, SAME_NAME)], RULE)
        for found in self._rank(name, _found(THREE, SAME_NAME), verdict=question):
            self.assertFalse(found.is_sure)

    def test_each_witness_has_its_worth(self):
        for witness, worth in (
            (SAME_CODE, 0.95),
            (SAME_BARCODE, 0.9),
            (SAME_EMAIL, 0.9),
            (SAME_NAME, 0.9),
            (NAME_FITS, 0.87),
            (LINKED_BEFORE, 0.8),
            (NEAR_NAME, 0.75),
            (SAME_RATE, 0.7),
            (ONLY_ONE, 0.5),
        ):
            [found] = self._rank(_found(ONE, witness))
            self.assertAlmostEqual(found.score, worth, msg=witness)

    def test_reasons_that_are_stored_keep_their_codes(self):
        """They are keys of selection fields, and stand in the audit."""
        self.assertEqual(
            [SAME_CODE, SAME_EMAIL, SAME_BARCODE, SAME_RATE, LINKED_BEFORE, ONLY_ONE],
            [
                *("same_code", "same_email", "same_barcode", "same_rate"),
                *("linked_before", "only_one"),
            ],
        )
        self.assertEqual(
            [SAME_NAME, NAME_FITS, NEAR_NAME, SIMILAR],
            ["same_name", "name_fits", "near_name", "similar"],
        )
        self.assertEqual(
            [ARCHIVED, OWN, PART, TAKEN],
            ["archived", "own_contact", "part_of_contact", "taken"],
        )
        self.assertEqual(
            [OTHER_CODE, OTHER_KIND, OTHER_COUNTRY, UNUSABLE],
            ["other_code", "other_kind", "other_country", "unusable"],
        )


@tagged("post_install", "-at_install", "procurify")
class TestSimilarity(BaseCase):
    def test_a_code_is_looked_for_by_how_it_begins(self):
        for code, prefix in (
            ("7450", "74"),
            ("745000", "74"),
            ("74512", "7451"),
            (" 74512 ", "7451"),
            ("7", "7"),
            ("70", "7"),
            ("71", "71"),
            ("000", ""),
            ("745X0", "745"),
            ("", ""),
            ("1" * 70, "1" * 63),
        ):
            self.assertEqual(code_prefix(code), prefix, code)

    def test_codes_that_differ_by_zeros_are_nearly_the_same(self):
        for one, other, expected in (
            ("7450", "745", 0.99),
            ("7450", "74500", 0.99),
            ("7450", "7460", 0.5),
            ("7450", "7450123", 4 / 7),
            ("74501", "745", 0.6),
            ("1450", "7450", 0.0),
            ("7450", "1450", 0.0),
            ("", "7450", 0.0),
            ("", "000", 0.0),
            ("000", "", 0.0),
            ("745X", "745", 0.75),
            ("745", "745X", 0.75),
            ("7450", "", 0.0),
        ):
            self.assertAlmostEqual(code_similarity(one, other), expected, msg=other)

    def test_names_without_a_common_part_are_not_alike(self):
        self.assertEqual(name_similarity("Nordic Steel", "Baltic Timber"), 0.0)
        alike = name_similarity("Nordic Steel", "Nordic Steel Works")
        self.assertGreater(alike, 0.7)
        self.assertLess(alike, 1)
        self.assertEqual(name_similarity("Nordic Steel", "NORDIC STEEL"), 1.0)
        self.assertEqual(
            name_similarity("Nordic Steel", "Nordic Steel"),
            name_similarity("Nordic  Steel", "nordic steel"),
        )
