"""Characters that look like a Latin letter or an ASCII sign.

Source: lookalikes of Latin letters after the Unicode confusables (UTS #39), those that spell English words.
"""
# ruff: noqa: RUF001 - the ambiguous characters are what this table is about

from __future__ import annotations

from collections.abc import Iterable


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    letters = text.replace(" ", "")
    return zip(letters[::2], letters[1::2], strict=True)


# Each lookalike is followed by the letter it looks like.
_CYRILLIC = (
    "АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX ҮY ԌG ԚQ ԜW аa вb еe ѕs іi јj кk мm нh оo рp сc тt уy "
    "хx үy ԁd һh ԛq ԝw ѵv гr ӏl ӀI"
)
_GREEK = "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ϳj"
_OTHERS = "օo ոn սu հh ցg քf ԼL ՏS ՍU ᎪA ᏴB ᏟC ᎠD ᎬE ᎻH ᎥI ᎫJ ᏦK ᏞL ᎷM ᏢP ᏒR ᏚS ᎢT ᏙV ᏔW ᏃZ"
_LATIN = (
    "ıi ȷj ɑa ɡg ɩi ʟl ɪi ɴn ʀr ʏy ʜh ɢg ᴀa ʙb ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜱs ɾr øo ØO łl ŁL "
    "đd ĐD ðd ÐD ħh ŧt"
)

LOOKALIKES = {
    **{char: plain for part in (_CYRILLIC, _GREEK, _OTHERS, _LATIN) for char, plain in _pairs(part)},
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE",
    **dict.fromkeys("‐‑‒–—―−⁃", "-"), **dict.fromkeys("‘’‚‛′ʹʼ", "'"), **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("⁄∕", "/"), **dict.fromkeys("ǀ∣│", "|"), **dict.fromkeys("‹〈⟨", "<"), **dict.fromkeys("›〉⟩", ">"),
    **dict.fromkeys("。․·", "."), "\u2800": " ",
}  # fmt: skip
"""What each is read as."""
