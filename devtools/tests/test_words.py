"""Words that were given up are found where people read them, and nowhere else."""

import pytest

from devtools import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The bill is held.", ["is held"]),
        ("It was LEFT OUT by a rule.", ["LEFT OUT"]),
        ("the cost centre of a line", ["cost centre"]),
        ("a document on hold, and why", []),
        ("kpi_procurify_held", []),
    ],
)
def test_word_is_found_in_any_case_and_only_whole(text: str, found: list[str]) -> None:
    assert [word for word, _instead in words.found_in(text, words.INSTEAD)] == found


def test_label_is_found_only_as_the_whole_label() -> None:
    label = 'string="Pending"'

    assert list(words.found_in(label, words.SHOWN_INSTEAD)) == [("Pending", "Queued")]
    assert not list(words.found_in("state == 'pending'", words.SHOWN_INSTEAD))
    assert not list(words.found_in("Pending documents", words.SHOWN_INSTEAD))


SOURCE = '''"""It mends what is shown."""

def test_what_is_told() -> None:
    # The rest is left out.
    say("one two", f"{reckoning} three", "told")
'''


def test_sentences_comments_and_names_of_tests_are_read() -> None:
    assert [text for _line, text in words.sentences(SOURCE)] == [
        '"""It mends what is shown."""',
        "test what is told",
        "# The rest is left out.",
        '"one two"',
        'f" three"',
    ]


def test_repository_has_none_of_the_words() -> None:
    assert words.check() == ""
