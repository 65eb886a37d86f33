"""How names are compared and looked for, one rule at a time: no database is asked."""

import re

from odoo.tests import BaseCase, tagged

from odoo.addons.procurify_connector.importers.matching.names import (
    NAME_FITS,
    NEAR_NAME,
    SAME_NAME,
    NameIndex,
    compact,
    compare,
    fragments,
    name_keys,
    normalise,
    telling_words,
)


@tagged("post_install", "-at_install", "procurify")
class TestWords(BaseCase):
    def test_a_name_is_compared_without_case_and_needless_spaces(self):
        for text, expected in (
            ("  Nordic \t Steel\u00a0Works ", "nordic steel works"),
            ("Ｎｏｒｄｉｃ", "nordic"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("a\u0308", "ä"),
            (None, ""),
            ("", ""),
        ):
            self.assertEqual(normalise(text), expected)

    def test_accents_and_punctuation_do_not_count(self):
        for text, expected in (
            ("Café Noël", "cafenoel"),
            ("Cafe\u0301", "cafe"),
            ("Łódź Øre Đuro Kadı", "lodzoredurokadi"),
            ("ŁÓDŹ ØRE ĐURO", "lodzoreduro"),
            ("Æble Œuvre Eið", "aebleoeuvreeid"),
            ("Straße", "strasse"),
            ("O'Dowd O’Dowd O`Dowd O´Dowd", "odowd" * 4),
            ("A.B.C. Col·la", "abccolla"),
            ('Nordic "North" Steel', "nordicnorthsteel"),
            ("Nordic-Steel_Works/3", "nordicsteelworks3"),
            ("℡", "tel"),
            ("עוגן פלדה בע״מ", "עוגןפלדהבעמ"),
            ("צ׳יפס", "ציפס"),
            ("商会・１号 (株)", "商会1号株"),
            ("カス", "カス"),
            ("ガス", "カ\u3099ス"),
            ("!!!", ""),
        ):
            self.assertEqual(compact(text), expected, text)

    def test_a_letter_with_a_stroke_does_not_part_a_word(self):
        for text, word in (
            ("Ławka", "lawka"),
            ("Øresund", "oresund"),
            ("Đurađ", "durad"),
            ("Kadıköy", "kadikoy"),
            ("Æbler", "aebler"),
            ("Œuvres", "oeuvres"),
            ("Eiðar", "eidar"),
        ):
            self.assertEqual(telling_words(text), (word,))

    def test_letters_that_are_transcribed_fit_either_way(self):
        for text, *keys in (
            ("Müller", "muller", "mueller"),
            ("Bär", "bar", "baer"),
            ("Löwe", "lowe", "loewe"),
            ("Ørsted", "orsted", "oersted"),
            ("Åse", "ase", "aase"),
            ("Mu\u0308ller", "muller", "mueller"),
            ("Nordic", "nordic"),
            ("!!!",),
        ):
            self.assertEqual(name_keys(text), set(keys))

    def test_a_very_long_name_is_cut(self):
        self.assertEqual(compact("a" * 250), "a" * 40)
        self.assertEqual(compact(" ".join("abcdef")), "abcdef")
        words = [letter * 40 for letter in "abcdef"]
        self.assertEqual(compact(" ".join(words)), "".join(words[:4]) + "e" * 36)
        self.assertEqual(compact("ab " * 60), "ab" * 30)
        self.assertEqual(compact("é" + "ab " * 60), "eab" + "ab" * 29)

    def test_and_is_no_word_but_at_the_beginning(self):
        for word in ("and", "und", "et"):
            self.assertEqual(name_keys(f"Alder {word} Birch"), {"alderbirch"})
            self.assertEqual(name_keys(f"{word} Birch"), {f"{word}birch"})
            self.assertEqual(name_keys(f"Alder Birch {word}"), {"alderbirch"})
        self.assertEqual(name_keys("and and and"), {"and"})
        self.assertEqual(name_keys("Alder & Birch"), {"alderbirch"})

    def test_words_that_many_names_share_do_not_count(self):
        for word in (
            *("and", "the", "for", "net", "days", "group", "holding", "holdings"),
            *("service", "services", "solutions", "supply", "supplies"),
            *("international", "company", "limited", "industries", "products"),
            *("trading", "systems"),
        ):
            text = f"Alder {word}"
            self.assertEqual(telling_words(text, legal=False), ("alder",), word)

    def test_the_two_longest_words_count(self):
        for text, *words in (
            ("Nordic Steel Works of Norway", "nordic", "norway"),
            ("Birch Alder Oaks", "alder", "birch"),
            ("Abc of Alder", "alder", "abc"),
            ("Ab c", *()),
            ("And Alder", "alder"),
            ("Alder Alder", "alder"),
            ("Alder GmbH", "alder"),
        ):
            self.assertEqual(telling_words(text), tuple(words))
        self.assertEqual(telling_words("Alder GmbH", legal=False), ("alder", "gmbh"))
        for sign in ".'’`´·״׳\"":
            self.assertEqual(
                telling_words(f"O{sign}Dowd O{sign}Neil"), ("odowd", "oneil")
            )

    def test_a_name_is_looked_for_by_the_beginnings_of_its_words(self):
        for text, *parts in (
            ("Nordic Timber", "nordi", "timbe"),
            ("Nordic", "nordi", "ordic"),
            ("Alder", "alder"),
            ("Abc", "abc"),
            ("Ab", *()),
            ("Norwegian GmbH", "norwe", "gmbh"),
        ):
            self.assertEqual(fragments(text), set(parts))
        self.assertEqual(fragments("Norwegian GmbH", legal=True), {"norwe", "egian"})


@tagged("post_install", "-at_install", "procurify")
class TestLegalForms(BaseCase):
    def _fits(self, one, other, kind=NAME_FITS):
        for pair in ((one, other), (other, one)):
            self.assertEqual(compare(*pair, legal=True), kind, pair)

    def test_every_legal_form_may_be_missing(self):
        for form in (
            *("Ltd", "Limited", "Ltda", "Ltée", "Inc", "Incorporated", "Corp"),
            *("Corporation", "Co", "Company", "Cie", "Pty", "Pty Ltd", "Pty Limited"),
            *("Proprietary Limited", "Pvt", "Pvt Ltd", "Private Limited"),
            *("Sp. z o.o.", "Sp. z o. o.", "Spółka z o.o.", "GmbH", "mbH"),
            *("S.A. de C.V.", "S. A. de C. V.", "SA", "SARL", "EURL", "LLC", "LLP"),
            *("LP", "PLC", "AG", "KG", "OHG", "UG", "e.K.", "e.V.", "SE", "SAS"),
            *("SASU", "SNC", "S.r.l.", "S.p.A.", "SApA", "S.L.", "SLU", "B.V."),
            *("N.V.", "AB", "AS", "ASA", "ApS", "Oy", "Oyj", "Kft.", "Zrt.", "d.o.o."),
            *("s.r.o.", "K.K.", "ULC", "Bhd", "Sdn Bhd", "JSC", "OOO", "PJSC"),
            *("GmbH & Co. KG", "and Company", "Co., Ltd.", "The"),
        ):
            self._fits(f"Alder {form}", "Alder")

    def test_one_form_in_other_words_fits(self):
        for forms in (
            ("Ltd", "Limited", "Ltda", "Ltée", "Co. Ltd"),
            ("Inc", "Incorporated", "The … Inc"),
            ("Corp", "Corporation"),
            ("Pty", "Pty Ltd", "Pty Limited", "Proprietary Limited"),
            ("Pvt", "Pvt Ltd", "Private Limited"),
            ("GmbH", "mbH"),
            ("SA", "S. A. de C. V."),
            ("SARL", "EURL"),
        ):
            for one in forms:
                for other in forms:
                    if one != other:
                        self._fits(f"Alder {one}", f"Alder {other}")

    def test_two_different_forms_are_near(self):
        forms = ("Ltd", "Inc", "Corp", "Pty", "Pvt", "GmbH", "SA", "SARL", "LLC", "AG")
        for one in forms:
            for other in forms:
                if one != other:
                    self._fits(f"Alder {one}", f"Alder {other}", NEAR_NAME)

    def test_a_form_may_stand_before_the_name(self):
        for form in ("The", "OOO", "SARL", "EURL", "GmbH", "PT"):
            self._fits(f"{form} Alder", "Alder")
        self._fits("SARL Alder", "Alder EURL")
        self._fits("EURL Alder", "Alder SARL")
        self._fits("PT Alder", "Alder GmbH", NEAR_NAME)
        self._fits("The Alder", "Alder Ltd")
        self._fits("Ltd Alder", "Alder", None)

    def test_a_form_does_not_count_beside_a_slip(self):
        self._fits("Nordic Stel Ltd", "Nordic Steel", NEAR_NAME)
        self._fits("Nordic Stel Ltd", "Nordic Steel GmbH", NEAR_NAME)

    def test_something_of_a_name_is_always_left(self):
        self.assertEqual(name_keys("Ltd", legal=True), {"ltd"})
        self.assertEqual(name_keys("The", legal=True), {"the"})
        self.assertEqual(name_keys("Co Ltd", legal=True), {"co"})
        self.assertEqual(name_keys("The Ltd", legal=True), {"the"})
        self.assertEqual(name_keys("S. A. de C. V.", legal=True), {"sadecv"})

    def test_only_a_company_has_a_legal_form(self):
        self.assertEqual(name_keys("Alder Ltd"), {"alderltd"})
        self.assertEqual(name_keys("The Alder"), {"thealder"})
        self.assertIsNone(compare("Cable AS", "Cable"))
        self.assertEqual(compare("Cable-AS", "CABLE AS"), NAME_FITS)


@tagged("post_install", "-at_install", "procurify")
class TestCompare(BaseCase):
    def _compare(self, one, other, kind):
        for pair in ((one, other), (other, one)):
            self.assertEqual(compare(*pair), kind, pair)

    def test_the_same_text_is_the_same_name(self):
        self._compare("Nordic Steel", "nordic  STEEL", SAME_NAME)
        self._compare("!!!", "!!!", SAME_NAME)
        self._compare("", " ", None)
        self._compare("!!!", "???", None)

    def test_the_same_words_in_another_order_are_near(self):
        self._compare("Nordic Steel", "Steel Nordic", NEAR_NAME)
        self._compare("Nordic Steel 7", "7 Steel Nordic", NEAR_NAME)

    def test_a_number_and_a_very_short_word_part_names(self):
        self._compare("Bolt M8", "Bolt M10", None)
        self._compare("Bolts 1000 Nordic", "Bolts 2000 Nordic", None)
        self._compare("AB Nordic Steel", "AC Nordic Steel", None)
        self._compare("Nordic Steel Box", "Nordic Steel", NEAR_NAME)
        self._compare("Nordic Steel Bo", "Nordic Steel", None)

    def test_a_name_that_begins_with_the_whole_other_one_is_near(self):
        self._compare("Abcd Efgh", "Abcd Efgh Norway", NEAR_NAME)
        self._compare("Abcd Efg", "Abcd Efg Norwayland", None)
        self._compare("Nordicland", "Nordicland Norway", None)
        self._compare("Steel Works", "Nordic Steel Works", None)

    def test_a_slip_in_a_longer_name_is_near(self):
        self._compare("Abcdef", "Abcdeff", NEAR_NAME)
        self._compare("Abcde", "Abcdef", None)
        self._compare("Abc De", "Abcd De", None)
        self._compare("Stressed", "Desserts", None)
        # 22 of 25 letters, and 20 of 23.
        self._compare("abcdefghijkx", "abcdefghijkyz", NEAR_NAME)
        self._compare("abcdefghijx", "abcdefghijyz", None)
        self._compare("abcdefghijk", "abcdefghijklmn", NEAR_NAME)
        self._compare("Nordicstel Works", "Nordic Steel Works", NEAR_NAME)

    def test_each_word_of_a_name_is_alike(self):
        self._compare("Alder Cable Partners", "Alder Valve Partners", None)
        # 14 of 20 letters of the first word, and 12 of 20.
        rest = "mnomnopmnoqrstmnoqrst"
        self._compare(f"abcdefgxyz {rest}", f"abcdefguvw {rest}", NEAR_NAME)
        longer = f"{rest}mnoppqqrrs"
        self._compare(f"abcdefvxyz {longer}", f"abcdefuwjk {longer}", None)


@tagged("post_install", "-at_install", "procurify")
class TestNameIndex(BaseCase):
    def test_who_bears_a_name_that_fits_is_found(self):
        index = NameIndex(
            {1: ["Alder Ltd", "Alder Mills"], 2: ["Birch"], 3: ["", None], 4: ["!!!"]},
            legal=True,
        )
        for text, *owners in (
            ("alder ltd", 1),
            ("Alder", 1),
            ("ALDER MILLS", 1),
            ("Alder GmbH", *()),
            ("Birch Inc.", 2),
            ("!!!", 4),
            ("Oak", *()),
            ("", *()),
        ):
            self.assertEqual(index.fitting(text), set(owners), text)
        self.assertEqual(NameIndex({1: ["Alder Ltd"]}).fitting("Alder"), set())

    def test_who_bears_a_similar_name_is_looked_up(self):
        index = NameIndex(
            {
                1: ["Nordic Steel Norway", "Nordic Steel"],
                2: ["Nordic Stel"],
                3: ["Nordic Timber"],
                4: ["Alder GmbH"],
                5: ["N-o-r-d-i-c Steel"],
                6: ["AB"],
                7: [" "],
            },
            legal=True,
        )
        self.assertEqual(
            index.look_up("nordic steel"), {1: SAME_NAME, 2: NEAR_NAME, 5: NAME_FITS}
        )
        self.assertEqual(
            index.look_up("Nordic-Steel"), {1: NAME_FITS, 2: NEAR_NAME, 5: NAME_FITS}
        )
        self.assertEqual(index.look_up("Alder Inc"), {4: NEAR_NAME})
        self.assertEqual(index.look_up("A-B"), {6: NAME_FITS})
        self.assertEqual(index.look_up("Adler"), {})
        slip = NameIndex({1: ["Nordic Steel"]}).look_up("Nordic Steell")
        self.assertEqual(slip, {1: NEAR_NAME})
        self.assertEqual(index.look_up(""), {})
        self.assertEqual(NameIndex({4: ["Alder GmbH"]}).look_up("Alder"), {})

    def test_patterns_for_the_database_find_what_fits_and_what_is_near(self):
        def found(names, text, **options):
            fits, near = NameIndex({1: names}, **options).patterns()
            return bool(re.search(fits, text)), bool(re.search(near, text))

        steel = ["Nordic Steel"]
        self.assertEqual(found(steel, "nordicsteelworks"), (True, True))
        self.assertEqual(found(steel, "nordicandsteel"), (True, True))
        self.assertEqual(found(steel, "nordicstewards"), (False, True))
        self.assertEqual(found(steel, "oldsteel"), (False, True))
        self.assertEqual(found(steel, "oldtimber"), (False, False))
        for form in ("the", "ooo", "sarl", "eurl", "gmbh", "pt"):
            self.assertEqual(found(steel, f"{form}nordicsteel"), (True, True))
        both = ["Alder", "Birch"]
        self.assertEqual(found(both, "birchmill"), (True, True))
        self.assertEqual(found(both, "aldermill"), (True, True))
        self.assertEqual(found(["Alder Inc"], "alder", legal=True), (True, True))
        self.assertEqual(found(["Alder Inc"], "alder"), (False, True))

    def test_patterns_find_each_way_to_write_a_letter(self):
        for name, *spelled in (
            ("Mueller", "muller", "mueller"),
            ("Müller", "muller", "mueller"),
            ("Baer", "bar", "baer", "bær", "bÆr"),
            ("Loewe", "lowe", "loewe", "lœwe", "lŒwe"),
            ("Aase", "ase", "aase"),
            ("Strasser", "strasser", "straßer", "straẞer"),
            ("Сталь", "сталь", "СТАЛЬ", "Сталь"),
        ):
            fits, near = NameIndex({1: [name]}).patterns()
            for text in spelled:
                self.assertTrue(re.search(fits, text), (name, text))
                # An umlaut that is not transcribed is only looked for as it is.
                is_near = name != "Müller" or text == "muller"
                self.assertEqual(bool(re.search(near, text)), is_near, (name, text))

    def test_patterns_are_written_out(self):
        leading = "^(eurl|gmbh|ooo|pt|sarl|the)?"
        for name, fits, near in (
            ("Abcdefghijkl", "(abcdefghij)", "(abcde|hijkl)"),
            ("Abcdefghij Klm", "(abcdefghij)", "(abcde|klm)"),
            ("Abcdefghi Klm", "(abcdefghi(and|et|und)?k)", "(abcde|klm)"),
            ("Abca Abco", "(abc(and|et|und)?abc)", "(abc)"),
            ("Aba", "(aba)", "(aba)"),
            ("Abcdef Ghi Klm", "(abcdef(and|et|und)?ghi(and|et|und)?k)", "(abcde|ghi)"),
            ("AB", "(ab)", ""),
        ):
            made = NameIndex({1: [name]}).patterns()
            self.assertEqual(made, (f"{leading}{fits}", near))
        fits, near = NameIndex({1: ["Norwegian GmbH"]}, legal=True).patterns()
        self.assertEqual((fits, near), (f"{leading}(norwegian)", "(egian|norwe)"))
        self.assertEqual(NameIndex({}).patterns(), ("", ""))
        self.assertEqual(NameIndex({1: ["!!!"]}).patterns(), ("", ""))
