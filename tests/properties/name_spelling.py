"""Other spellings of listed names, by the systems of romanisation and the habits of registers; and common names."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPORA: Final = Path(__file__).parents[1] / "corpora"

_SPELLED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "arabic": (
        ("kh", "h"), ("kh", "ch"), ("q", "k"), ("q", "g"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("sh", "ch"),
        ("j", "dj"),
        ("j", "g"), ("u", "ou"), ("u", "o"), ("i", "e"), ("i", "ee"), ("ay", "ai"), ("ay", "ei"), ("aw", "ao"),
        ("y", "i"),
        ("w", "ou"), ("s", "ss"), ("d", "dd"), ("m", "mm"), ("h", ""), ("al-", "el-"), ("al-", "al "), ("al-", ""),
        ("bin ", "ben "), ("bin ", "ibn "), ("bin ", ""), ("Abdul ", "Abd al-"), ("Abd al-", "Abdel "),
        ("Abd al-", "Abdul"),
        ("Muhammad", "Mohamed"), ("Mohammed", "Muhammad"), ("Mohammad", "Mohd"), ("Hussein", "Husayn"),
        ("Hassan", "Hasan"),
        ("Ahmed", "Ahmad"), ("Khalid", "Khaled"), ("Omar", "Umar"), ("Said", "Saeed"), ("Yousef", "Yusuf"),
        ("Ibrahim", "Ebrahim"),
        ("Usama", "Osama"), ("Ladin", "Laden"), ("Qadhafi", "Gaddafi"), ("Qadhafi", "Kadhafi"),
        ("Nasrallah", "Nasr Allah"),
        ("ah", "a"), ("ah", "eh"), ("a'", "a"), ("id", "eed"), ("Abu ", "Abou "), ("oud", "ud"), ("ou", "u"),
        ("Qassem", "Kassim"),
    ),
    "slavic": (
        ("Alexander", "Aleksandr"), ("Alexander", "Oleksandr"), ("Alexei", "Aleksey"), ("Sergei", "Sergey"),
        ("Sergei", "Serhii"),
        ("Dmitry", "Dmitrii"), ("Dmitry", "Dmytro"), ("Yevgeny", "Evgeny"), ("Yevgeny", "Jewgeni"),
        ("Nikolai", "Nikolay"),
        ("Vladimir", "Wladimir"), ("Vladimir", "Volodymyr"), ("Mikhail", "Michail"), ("Yury", "Iouri"),
        ("Andrey", "Andrei"),
        ("Valery", "Valeriy"), ("Gennady", "Gennadiy"), ("Igor", "Ihor"), ("Viktor", "Victor"), ("sky", "skiy"),
        ("sky", "ski"),
        ("ov", "off"), ("ov", "ow"), ("ev", "yev"), ("ev", "ew"), ("v", "w"), ("kh", "h"), ("kh", "ch"), ("zh", "j"),
        ("sh", "sch"),
        ("ch", "tch"), ("ch", "tsch"), ("ya", "ia"), ("ya", "ja"), ("yu", "iu"), ("yu", "ju"), ("y", "i"),
        ("ks", "x"), ("x", "ks"),
        ("ts", "c"), ("ts", "tz"), ("iy", "y"), ("enko", "enka"), ("ich", "ic"), ("ei", "ey"),
        ("Roman ", "Roman Arkadyevich "),
    ),
    "chinese": (
        ("zh", "ch"), ("q", "ch"), ("x", "hs"), ("j", "ch"), ("d", "t"), ("b", "p"), ("g", "k"), ("z", "ts"),
        ("c", "ts"),
        ("Zhang", "Chang"), ("Zhou", "Chou"), ("Xu", "Hsu"), ("Cai", "Tsai"), ("Qian", "Chien"),
    ),
    "korean": (
        ("Kim", "Gim"), ("Ri", "Lee"), ("Ri", "Yi"), ("Ri", "Rhee"), ("Pak", "Park"), ("Choe", "Choi"),
        ("Jo", "Cho"), ("Jang", "Chang"),
        ("Jong", "Jung"), ("Jong", "Jeong"), ("Jong", "Chong"), ("Un", "Eun"), ("Yong", "Young"), ("Chol", "Cheol"),
        ("Hyok", "Hyuk"),
        ("Kang", "Gang"), ("Kwang", "Gwang"), ("Song", "Seong"), ("Su", "Soo"), ("Paek", "Baek"), ("Kwon", "Gwon"),
        ("Kuk", "Guk"),
        ("Pyong", "Byung"), ("Chun", "Joon"), ("Won", "Weon"),
    ),
    "indic": (
        ("aa", "a"), ("ee", "i"), ("i", "ee"), ("u", "oo"), ("w", "v"), ("v", "w"), ("sh", "s"), ("bh", "b"),
        ("dh", "d"), ("th", "t"),
        ("z", "j"), ("ph", "f"), ("Hafiz", "Hafeez"), ("Rehman", "Rahman"), ("Saeed", "Sayeed"), ("Dawood", "Daud"),
        ("Dawood", "Dawud"),
        ("ur-", "ur "), ("ur ", "-ur-"), ("Muhammad", "Mohammad"), ("Masood", "Masud"), ("Abdul ", "Abdul"),
        ("Abdul ", "Abd al-"),
        ("Singh", "Sing"), ("Yusuf", "Yousuf"), ("q", "k"), ("kh", "k"), ("ai", "ay"), ("Tariq", "Tarik"),
        ("Mehmood", "Mahmud"),
        ("Rauf", "Raouf"), ("uddin", " ud-Din"), ("ullah", " Ullah"),
    ),
    "persian": (
        ("ei", "ey"), ("Hossein", "Hussein"), ("Mohammad", "Muhammad"), ("Gh", "Q"), ("gh", "q"), ("kh", "k"),
        ("a", "aa"), ("q", "gh"),
        ("Ebrahim", "Ibrahim"), ("Esmail", "Ismail"), ("Soleimani", "Sulaimani"), ("Ahmad", "Ahmed"),
        ("Abdul ", "Abdul"), ("j", "dj"),
        ("Abdol", "Abdul "), ("uddin", " al-Din"), ("ullah", " Ullah"), ("v", "w"), ("zadeh", "zada"),
        ("zadeh", "-zadeh"), ("i", "ee"),
        ("ou", "u"), ("Mullah ", ""), ("Qari ", ""), ("Hazrat", "Hazrath"),
    ),
    "latin": (
        ("z", "s"), ("s", "z"), ("c", "k"), ("h", ""), ("Joseph", "Josef"), ("ll", "l"), ("rr", "r"), ("i", "y"),
        ("qu", "k"),
    ),
    "firms": (
        (" OJSC", ""), (" JSC", " OJSC"), (" PJSC", " PAO"), (" LLC", " OOO"), (" Co Ltd", " Company Limited"),
        (" PLC", " Public Limited Company"),
        (" OAO", " OJSC"), (" Corp", " Corporation"), (" Ltd", " GmbH"), (" SA", " S.A."), ("Company", "Co."),
        (" and ", " & "), ("-", " "),
        (" JSC", ""), (" PJSC", ""), (" LLC", ""), (" Ltd", ""), (" PLC", ""), ("Al-", "Al "), ("Al ", "El-"),
    ),
}  # fmt: skip
"""Culture -> what is written for what; each is tried by itself, and some together."""
_TITLED: Final = {
    "arabic": ("Sheikh", "Haji", "Dr."), "persian": ("Ayatollah", "Mullah", "General"),
    "indic": ("Maulana", "Shri", "Hafiz"),
    "slavic": ("Mr.", "General", "Pan"), "chinese": ("Mr.", "Comrade", "Dr."), "korean": ("General", "Mr.", "Comrade"),
    "latin": ("Señor", "General", "Don"), "firms": ("The", "OJSC", "GmbH"),
}  # fmt: skip
_ADDED: Final = {
    "arabic": ("Ahmed", "Mustafa"), "persian": ("Reza", "Gul"), "indic": ("Kumar", "Ahmad"),
    "slavic": ("Petrovich", "Borisovna"),
    "chinese": ("David", "Ming"), "korean": ("Peter", "Min"), "latin": ("Antonio", "de la Cruz"),
    "firms": ("International", "Moscow"),
}  # fmt: skip


def listed() -> list[tuple[str, str]]:
    """Return culture and name of every name of the corpus."""
    found, culture = [], ""
    for line in (CORPORA / "listed_names.txt").read_text().splitlines():
        if line.startswith("["):
            culture = line.strip("[]")
        elif line and not line.startswith("#"):
            found += [(culture, name.strip()) for name in line.split(";") if name.strip()]
    return found


def aliases(file: str) -> list[tuple[str, str]]:
    """Return a listed name and another spelling of it, as the list itself gives it (``a.k.a.``)."""
    lines = (CORPORA / file).read_text().splitlines()
    parties = [[one.strip() for one in line.split("|")] for line in lines if line and not line.startswith("#")]
    return [(first, other) for first, *others in parties for other in others]


def by_hand(file: str) -> list[tuple[str, str]]:
    """Return a listed name and a spelling of it that was written by hand."""
    lines = (CORPORA / file).read_text().splitlines()
    parties = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [(name, spelt.strip()) for name, others in parties for spelt in others.split(";")]


def held_out(name: str) -> bool:
    """Return whether a name belongs to the half that nothing is tuned on."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def spellings(culture: str, name: str) -> Iterator[str]:
    """Give other ways to write a name: each is a way in which a register could have it."""
    seen = {name}
    ways = (*_single(culture, name), *_several(culture, name), *_shuffled(culture, name), *_worded(culture, name))
    for way in (*ways, *_slips(name)):
        if way not in seen:
            seen.add(way)
            yield way


def _single(culture: str, name: str) -> Iterator[str]:
    for here, there in _SPELLED[culture]:
        yield _replaced(name, here, there)


def _several(culture: str, name: str) -> Iterator[str]:
    """Give names with two changes at once, every fifth pair: a register has one system and not one letter of it."""
    for one, other in list(itertools.combinations(_SPELLED[culture], 2))[::5]:
        changed = _replaced(name, *one)
        if changed != name:
            yield _replaced(changed, *other)


def _replaced(name: str, here: str, there: str) -> str:
    if here[:1].isupper() or " " in here:
        return name.replace(here, there)
    found = re.sub(re.escape(here), there, name, flags=re.IGNORECASE)
    return " ".join(word[:1].upper() + word[1:] for word in found.split())


def _shuffled(culture: str, name: str) -> Iterator[str]:
    parts = name.split()
    yield name.upper()
    if culture != "firms" and len(parts) > 1:
        yield f"{parts[-1].upper()}, {' '.join(parts[:-1])}"
        yield " ".join((*parts[1:], parts[0]))
        yield name.replace("-", " ")
    if culture in {"korean", "chinese"} and len(parts) == 3:
        yield f"{parts[0]} {parts[1]}{parts[2].lower()}"
        yield f"{parts[1]}-{parts[2].lower()} {parts[0]}"


def _worded(culture: str, name: str) -> Iterator[str]:
    parts = name.split()
    for title in _TITLED[culture]:
        yield f"{title} {name}"
    for word in _ADDED[culture]:
        yield " ".join((parts[0], word, *parts[1:]))
        yield f"{name} {word}"


def _slips(name: str) -> Iterator[str]:
    """Give slips of the pen in the longest word: a letter left out, doubled, or two letters swapped."""
    word = max(name.split(), key=len)
    middle = len(word) // 2
    if len(word) > 4:
        yield name.replace(word, word[:middle] + word[middle + 1 :], 1)
        yield name.replace(word, word[:middle] + word[middle] + word[middle:], 1)
        yield name.replace(word, word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :], 1)


def common() -> list[str]:
    """Return common names of many countries: every given name with every surname of its block."""
    found = []
    for block in (CORPORA / "common_names.txt").read_text().split("\n[")[1:]:
        _, given, surnames = block.strip().splitlines()
        found += [f"{one} {other}" for one in given.split() for other in surnames.split()]
    return list(dict.fromkeys(found))
