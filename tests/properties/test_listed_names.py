"""Who is found by another spelling of a listed name, and who is left alone: the figures of ``docs/agents/kyc.md``."""

from __future__ import annotations

import datetime
from functools import cache

import pytest

from genie_finance.domain.screening import Entry, Subject, Watchlist, search
from tests.properties.name_spelling import aliases, by_hand, common, held_out, listed, spellings
from tests.properties.name_systems import SYSTEMS
from tests.properties.name_systems import pairs as pairs_of_systems

AS_OF = datetime.date(2026, 11, 22)


def a_list(*names: str) -> Watchlist:
    entries = (Entry(name, "sanctions", (name,), (), (), ()) for name in dict.fromkeys(names))
    return Watchlist("corpus", "1", AS_OF, tuple(entries))


@cache
def corpus() -> Watchlist:
    return a_list(*(name for _, name in listed()))


def finds(watchlist: Watchlist, spelt: str, name: str | None = None) -> bool:
    found = search(Subject((spelt,), None, (), ()), watchlist)
    return any(name in {None, match.entry.id} for match in found)


def recall(*, held: bool, every: int) -> tuple[float, list[tuple[str, str]]]:
    asked = [
        (name, spelt) for culture, name in listed() if held_out(name) is held for spelt in spellings(culture, name)
    ]
    asked = asked[::every]
    missed = [(name, spelt) for name, spelt in asked if not finds(corpus(), spelt, name)]
    return 1 - len(missed) / len(asked), missed


def test_there_are_five_hundred_listed_names_and_ten_times_as_many_spellings() -> None:
    names = listed()
    assert len({name for _, name in names}) >= 500
    assert sum(1 for culture, name in names for _ in spellings(culture, name)) >= 10 * 500


@pytest.mark.slow
def test_names_that_nothing_was_tuned_on_are_found_in_other_spellings() -> None:
    share, missed = recall(held=True, every=20)
    assert share >= 0.98, missed


@pytest.mark.slow
def test_names_that_the_search_was_tuned_on_are_found_in_other_spellings() -> None:
    share, missed = recall(held=False, every=6)
    assert share >= 0.98, missed


def found_of(what: str, pairs: list[tuple[str, str]]) -> tuple[float, list[tuple[str, str]]]:
    """Return the recall of listed names by other spellings of them, each against a list of its own, and print it."""
    missed = [(name, spelt) for name, spelt in pairs if not finds(a_list(name), spelt)]
    share = 1 - len(missed) / len(pairs)
    print(f"{what}: recall {share:.1%} of {len(pairs):,} spellings")  # noqa: T201 - shown with -rP
    return share, missed


def test_spellings_that_a_list_itself_gives_are_found() -> None:
    """Among them translations and other words, which no comparison of spellings can find."""
    pairs = [pair for file in ("listed_aliases.txt", "listed_aliases_held.txt") for pair in aliases(file)]
    share, missed = found_of("aliases of OFAC", pairs)
    assert share >= 0.98, missed


@pytest.mark.parametrize("held", [True, False], ids=["held out", "tuned"])
def test_slavic_names_are_found_in_every_system_that_writes_them(held: bool) -> None:
    """Was: 92 %, with 21 % of the Scandinavian and 91 % of the German spellings."""
    asked = list(pairs_of_systems(held=held))
    share, missed = found_of("systems of romanisation", [(listed, way) for _, listed, way in asked])
    assert len(asked) > 1_500
    assert {system for system, _, _ in asked} == set(SYSTEMS)
    assert share >= 0.98, missed


@pytest.mark.parametrize(
    ("file", "least"),
    [
        ("listed_spellings.txt", 0.97),
        ("listed_spellings_2.txt", 0.98),
        ("listed_spellings_3.txt", 0.975),
        ("listed_latin.txt", 0.98),
    ],
)
def test_spellings_that_were_written_by_hand_are_found(file: str, least: float) -> None:
    """Of the first file some are other names of a person, which no spelling leads to."""
    pairs = by_hand(file)
    share, missed = found_of(file, pairs)
    assert len(pairs) > 130
    assert share >= least, missed


@pytest.mark.parametrize("every", [pytest.param(6, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_common_names_are_left_alone(every: int) -> None:
    names = common()[::every]
    found = [name for name in names if finds(corpus(), name)]
    print(f"false alarms: {10_000 * len(found) / len(names):.0f} in 10,000 common names")  # noqa: T201 - shown with -rP
    assert len(found) / len(names) <= 0.02, found


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("Alexander Lukashenka", "Aleksandr Lukashenko"), ("Moammar Gaddafi", "Muammar al-Qadhafi"),
        ("Daud Ibrahim", "Dawood Ibrahim Kaskar"), ("Maulana Masood Azhar", "Masood Azhar"),
        ("Sheikh Hafeez Muhammad Said", "Hafiz Saeed"), ("Qadhafi Muammar", "Muammar al-Qadhafi"),
        ("Dawood bin Ibrahim Kaskar", "Dawood Ibrahim Kaskar"), ("Mostotrest PLC", "Mostotrest OJSC"),
        ("Mostotrest GmbH", "Open Joint Stock Company Mostotrest"), ("Kim Jeong-eun", "Kim Jong Un"),
        ("Ch'en Ch'uan-kuo", "Chen Quanguo"), ("Jewgeni Prigoschin", "Yevgeny Prigozhin"),
        ("Abdurrahman Makki", "Abdul Rehman Makki"), ("Usāma ibn Lādin", "Usama bin Ladin"),
        ("Alexei Borisovich Miller", "Alexei Miller"), ("Sachari Kalaschow", "KALASHOV, Zakhary"),
        ("Wiktor Juschtschenko", "YUSHCHENKO, Viktor"), ("Viktor Iouchtchenko", "YUSHCHENKO, Viktor"),
        ("Scheich Dschamil", "SHAYKH, Jamil"), ("Ganadera Uno", "COMPANIA GANADERA UNO S. DE P.R. DE R.L."),
        ("Alomgy, Said Saleh Abed Rubbah", "AL-OMQY, Saeed Salih Abed Rabbo"),
        ("\u0412\u043b\u0430\u0434\u0438\u043c\u0438\u0440 \u041f\u0443\u0442\u0438\u043d", "Vladimir Putin"),
        ("\u0413\u0435\u0440\u043c\u0430\u043d \u0413\u0440\u0435\u0444", "Herman Gref"),
        ("Hsia Pao-lung", "Xia Baolong"), ("Ramzi Binalshibh", "Ramzi bin al-Shibh"),
        ("PAO Sberbank", "Sberbank of Russia PJSC"),
        ("Kuo Wen-kuei", "Guo Wengui"), ("Lakhvir Singh Rode", "Lakhbir Singh Rode"),
        ("\uae40\uc815\uc740", "Kim Jong Un"), ("\ubc15\uc9c4\ud601", "Pak Jin Hyok"),
    ],
)  # fmt: skip
def test_a_spelling_a_title_or_a_word_more_hides_nobody(spelt: str, name: str) -> None:
    """Was: cleared, 21 spellings of 80."""
    assert finds(a_list(name), spelt)


@pytest.mark.parametrize("title", ["Maulana", "Sheikh", "Dr.", "General", "Haji"])
def test_a_title_changes_nothing(title: str) -> None:
    plain, titled = (
        search(Subject((name,), None, (), ()), corpus()) for name in ("Masood Azhar", f"{title} Masood Azhar")
    )
    assert [match.entry.id for match in plain] == [match.entry.id for match in titled]


@pytest.mark.parametrize("word", ["Ahmed", "Kumar", "Petrovich", "José", "van", "x", "Global"])
def test_one_word_more_never_clears(word: str) -> None:
    missed = [
        name
        for _, name in listed()[::9]
        for spelt in (f"{name} {word}", f"{word} {name}")
        if not finds(corpus(), spelt)
    ]
    assert missed == []
