"""Folding: what people see is what patterns see, and spans lead back to the original."""
# ruff: noqa: RUF001 - lookalikes are test data

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.detectors.unicode import fold, fold_with_origins

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("igоnοrе４１\u200b\u0301\u202eﬁßø‑")), max_size=60)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ıgnοrе", "ignore"),  # Turkish, Greek and Cyrillic letters
        ("ＩＧＮＯＲＥ", "IGNORE"),
        ("𝐢𝐠𝐧𝐨𝐫𝐞 𝓹𝓻𝓮𝓿", "ignore prev"),
        ("ig\u200bno\u2060re\ufeff", "ignore"),
        ("\u202eignore\u202c", "ignore"),
        ("i\u0300g\u0301nöré", "ignore"),
        ("\U000e0069\U000e0067\U000e006e", "ign"),  # invisible tag characters
        ("４１１１ ٤١١١ ४१११", "4111 4111 4111"),
        ("4111–1111‑2222−3333", "4111-1111-2222-3333"),
        ("a\u00a0b\u2003c\u2028d", "a b c d"),
        ("＜｜im_start｜＞", "<|im_start|>"),
        ("Straße Œuvre ﬁn", "Strasse OEuvre fin"),
        ("soft\u00adhyphen", "softhyphen"),
        ("日本語 हिन्दी 한국어", "日本語 हिन्दी 한국어"),
        ("\ud800x", "\ufffdx"),
        ("plain ASCII stays\t\x00 as it is `'\"", "plain ASCII stays\t\x00 as it is `'\""),
    ],
)
def test_a_text_is_folded_to_what_a_reader_sees(text: str, seen: str) -> None:
    assert fold(text) == seen


def test_a_text_of_many_characters_is_folded_like_one_of_few() -> None:
    many = "".join(chr(code) for code in range(0x3B1, 0x3B1 + 200)) + "ıgnοrе"

    assert fold(many) == "".join(fold(char) for char in many)


@given(st.text(max_size=60))
def test_ascii_is_left_alone(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()

    assert fold(plain) == plain


@given(TEXTS, TEXTS)
def test_folding_a_joined_text_is_joining_folded_texts(first: str, second: str) -> None:
    assert fold(f"{first}\x1f{second}") == f"{fold(first)}\x1f{fold(second)}"


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_folded_text_can_always_be_encoded(text: str) -> None:
    assert fold(text).encode().decode() == fold(text)


@given(TEXTS, st.data())
def test_a_span_of_the_original_folds_to_at_least_the_span_of_the_folded_text(text: str, data: st.DataObject) -> None:
    folded = fold_with_origins(text)
    assert folded.text == fold(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))

    first, last = folded.span(start, end)

    assert 0 <= first < last <= len(text)
    assert folded.text[start:end] in fold(text[first:last])
    assert fold(text[last : last + 1]) or last == len(text)  # what is unseen after the span belongs to it
