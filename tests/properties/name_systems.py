"""Slavic names as each system of romanisation spells them: what a list has in one, a register has in another."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORPUS: Final = Path(__file__).parents[1] / "corpora" / "listed_cyrillic.txt"
_VOWELS: Final = "аеёиоуыэюяіїєўў"
_PLAIN: Final = "а:a б:b в:v г:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f"
_REST: Final = "х:kh ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:yu я:ya"
_UKRAINIAN: Final = "и:y і:i ї:yi є:ye ґ:g г:h"
_BELARUSIAN: Final = "і:i ў:u г:h"
_SERBIAN: Final = "ђ:dj ј:j љ:lj њ:nj ћ:c џ:dz ж:z ч:c ш:s ц:c х:h"
_BULGARIAN: Final = "щ:sht ъ:a х:h ц:ts"


def _table(*parts: str) -> dict[str, str]:
    return dict(pair.split(":") for part in parts for pair in part.split())


def _with(changes: str) -> dict[str, str]:
    return _table(_PLAIN, _REST, changes)


SYSTEMS: Final[dict[str, dict[str, str]]] = {
    "english": _with(""),
    "passport": _with("ю:iu я:ia ц:ts ъ:ie й:i ё:e"),
    "old passport": _with("ё:e й:y ы:y ю:yu"),
    "german": _with("в:w ё:jo ж:sch з:s й:i х:ch ц:z ч:tsch ш:sch щ:schtsch ю:ju я:ja"),
    "german press": _with("в:w ё:jo ж:sh з:s й:j х:ch ц:z ч:tsch ш:sch щ:schtsch ю:ju я:ja"),
    "french": _with("ё:io ж:j й:ï у:ou ч:tch ш:ch щ:chtch ю:iou я:ia"),
    "french passport": _with("ё:e ж:j й:i у:ou ч:tch ш:ch щ:chtch ю:iou я:ia ц:ts"),
    "scholarly": _with("ё:ë ж:ž й:j х:ch ц:c ч:č ш:š щ:šč ь:ʹ ъ:ʺ э:è ю:ju я:ja"),
    "polish": _with("в:w ё:jo ж:ż й:j х:ch ц:c ч:cz ш:sz щ:szcz ю:ju я:ja"),
    "czech": _with("ё:jo ж:ž й:j х:ch ц:c ч:č ш:š щ:šč ю:ju я:ja"),
    "dutch": _with("ё:jo ж:zj й:j у:oe х:ch ч:tsj ш:sj щ:sjtsj ю:joe я:ja"),
    "swedish": _with("ё:jo ж:zj й:j х:ch ч:tj ш:sj щ:sjtj ю:ju я:ja"),
    "spanish": _with("й:i х:j ю:iu я:ia"),
    "italian": _with("й:j х:ch ч:ci ш:sc щ:sc ю:ju я:ja ж:z"),
    "turkish": _with("ж:j х:h ч:ç ш:ş щ:şç"),
}  # fmt: skip
"""Name -> letters; ``english`` is how the lists of the United States, the United Kingdom and the EU write."""
_LANGUAGES: Final = {"uk": _UKRAINIAN, "be": _BELARUSIAN, "sr": _SERBIAN, "bg": _BULGARIAN}
_LIST: Final = "english"
_SOFT: Final = {
    "english": "ye", "german": "je", "german press": "je", "french": "ie", "polish": "je", "dutch": "je",
    "swedish": "je", "czech": "je", "spanish": "ye", "italian": "e", "old passport": "ye",
}  # fmt: skip
"""What the sixth letter becomes at the beginning and after a vowel."""
_ENDINGS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "english": (("iy", "y"), ("yy", "y")),
    "passport": (("ii", "ii"),),
    "old passport": (("iy", "iy"),),
    "german": (("ii", "i"), ("yi", "y")),
    "french": (("iï", "i"), ("yï", "y"), ("in", "ine"), ("yn", "yne")),
    "french passport": (("ii", "i"), ("ov", "off"), ("ev", "eff"), ("in", "ine")),
    "polish": (("kij", "ki"), ("yj", "y"), ("ij", "ij")),
    "spanish": (("ii", "i"), ("yi", "i")),
    "turkish": (("iy", "i"), ("yy", "i")),
}  # fmt: skip


def names() -> list[tuple[str, str]]:
    """Return the language and the name in Cyrillic of all names."""
    found, language = [], ""
    for line in _CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line and not line.startswith("#"):
            found += [(language, name.strip()) for name in line.split(";")]
    return found


def spelt(name: str, language: str, system: str) -> str:
    """Return a name as a system spells it."""
    return " ".join(_word(word, language, system) for word in name.split())


def held_out(name: str) -> bool:
    """Return whether a name belongs to the half that nothing is tuned on."""
    return hashlib.sha256(name.encode()).digest()[1] % 2 == 1


def as_listed(language: str, name: str) -> str:
    """Return a name as a list has it."""
    return spelt(name, language, _LIST)


def pairs(*, held: bool) -> Iterator[tuple[str, str, str]]:
    """Give the system, the listed spelling of a name, and another that the same name has."""
    for language, name in names():
        if held_out(name) is not held:
            continue
        listed = as_listed(language, name)
        seen = {listed}
        for system in SYSTEMS:
            for way in _ways(language, name, system):
                if way not in seen:
                    seen.add(way)
                    yield system, listed, way


def _ways(language: str, name: str, system: str) -> Iterator[str]:
    whole = spelt(name, language, system)
    yield whole
    parts = whole.split()
    yield f"{parts[-1].upper()}, {' '.join(parts[:-1])}"
    if len(parts) == 3:
        yield f"{parts[0]} {parts[2]}"
        yield f"{parts[2].upper()}, {parts[0]} {parts[1][0]}."


def _word(word: str, language: str, system: str) -> str:
    letters = SYSTEMS[system] | _table(_changes(language, system))
    written = []
    lower = word.lower()
    for before, letter, after in zip(" " + lower, lower, lower[1:] + " ", strict=False):
        first = before == " " or before in _VOWELS + "ьъ"
        if letter in "еє" and language not in {"sr", "bg"} and (first or letter == "є"):
            written.append(_SOFT.get(system, "e"))
        elif letter == "ё" and before in "жчшщ":
            written.append("o" if system in {"english", "german", "polish", "dutch"} else "e")
        elif letter == "г" and system.startswith("french") and after in "еи":
            written.append("gu")
        elif letter == "с" and system in {"german", "french", "french passport"} and _between(before, after):
            written.append("ss")
        elif letter == "й" and after == " " and before == "и" and system == "french passport":
            written.append("i")
        else:
            written.append(letters.get(letter, letter))
    found = "".join(written).replace("ks", "x") if system in {"german", "french"} else "".join(written)
    for end, instead in _ENDINGS.get(system, ()):
        if found.endswith(end):
            found = found.removesuffix(end) + instead
            break
    found = re.sub("[ʹʺ]", "'", found)
    return found[:1].upper() + found[1:]


def _between(before: str, after: str) -> bool:
    return before in _VOWELS and after in _VOWELS


def _changes(language: str, system: str) -> str:
    """Return the letters of a language that a system has; of Serbian, those of its own Latin alphabet are kept."""
    if language == "sr":
        if system.startswith("german"):
            return "ђ:dsch ј:j љ:lj њ:nj ћ:tsch џ:dsch"
        if system.startswith("french"):
            return "ђ:dj ј:i љ:li њ:ni ћ:tch џ:dj"
        return _SERBIAN if system in {"english", "scholarly", "czech"} else "ђ:dj ј:j љ:lj њ:nj ћ:c џ:dz"
    extra = _LANGUAGES.get(language, "")
    if not extra or system in {"english", "passport"}:
        return extra
    letters = SYSTEMS[system]
    if language == "uk":
        kept = dict(pair.split(":") for pair in extra.split()) | {"ї": letters["й"] + "i", "г": "h", "и": "y"}
        return " ".join(f"{one}:{other}" for one, other in kept.items())
    if language == "be":
        return f"і:i ў:{'w' if letters['в'] == 'w' else letters['у']} г:h"
    return "ъ:a х:h" + (" щ:scht" if system.startswith("german") else " щ:sht")
