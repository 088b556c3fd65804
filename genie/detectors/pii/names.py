"""Names of people and postal addresses, by word lists and context. Neither has a check digit.

The lists were written for this project from general knowledge: given names and surnames that are frequent in the
countries whose numbers are detected, and words of streets. A name is found after a title or an introducing word, or if
it begins with a listed given name; an address, if a number and a street word are adjacent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genie.detectors.pii.digit_runs import Digits
from genie.detectors.pii.kinds import Detector
from genie.detectors.regex_set import Pattern

_GIVEN_NAMES = """
aarav aditi aditya akash amit amita anand ananya anil anita anjali ankit anu arjun arun asha ashok bharat deepa
deepak dev divya fatima farhan gauri geeta girish hari harish imran isha jaya jyoti kabir kamala karan karthik
kavita kiran kishore krishna lakshmi lalit lata madhu mahesh manish manoj meena meera mohan mohit mukesh nandini
neha nikhil nisha nitin pooja prakash pradeep pranav prasad preeti priya rahul raj rajesh raju rakesh ram ramesh
rani ravi rekha rohan rohit sachin sanjay sandeep sara sarita satish shankar shanti shilpa shreya shweta sita smita
sneha sonia sunil sunita suresh swati tara uma usha varun vijay vikas vikram vinod vivek yash zara adam alan albert
alexander alice amanda amy andrea andrew angela ann anna anne anthony barbara ben benjamin betty brian carol
caroline catherine charles charlotte chris christina christine christopher claire daniel david deborah dennis diana
donald donna dorothy edward eleanor elizabeth emily emma eric ethan eva frank gary george grace gregory hannah harry
heather helen henry isabella jack jacob james jane janet jason jean jeffrey jennifer jeremy jessica joan joe john
jonathan joseph joshua joyce julia julie justin karen katherine kathleen keith kelly kenneth kevin kimberly larry
laura lauren leo lewis liam linda lisa louis lucy luke margaret maria marie mark martha martin mary matthew megan
melissa michael michelle nancy nathan nicholas nicole noah nora olivia oliver oscar pamela patricia patrick paul
peter philip rachel raymond rebecca richard robert roger rose ruth ryan samantha samuel sandra sarah scott sean
sharon simon sophia sophie stephanie stephen steven susan teresa theresa thomas timothy tom victoria vincent
virginia walter william andreas anja bernd birgit christian claudia dieter dirk elke franz friedrich fritz gabriele
gerhard gisela greta hans heike heinz helga herbert horst ingrid jens joachim johann johanna jonas jurgen karl karin
katrin klaus kurt lena lukas manfred markus matthias monika nina otto petra ralf regina renate rolf sabine sebastian
silke stefan susanne sven tobias ulrich ulrike ursula ute uwe werner wolfgang alain amelie antoine arnaud aurelie
benoit bernard brigitte camille cecile celine chantal chloe clement denis didier dominique elise elodie emilie eric
etienne fabien florence francois francoise gerard guillaume helene henri isabelle jacques jerome julien laurent luc
lucie manon marc marcel margaux marion mathieu monique nathalie nicolas olivier pascal pauline philippe pierre
quentin remi rene romain sandrine serge sylvie thierry valerie veronique xavier yves
"""
_GIVEN = frozenset(_GIVEN_NAMES.split())
_CAPITALISED = r"(?:[A-Z]')?[A-Z][a-z]+(?:['\-]?[A-Z][a-z]+)?"
_PART = rf"(?:{_CAPITALISED}|[A-Z]\.)"
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Shri|Smt|Sri|Kumari|Herr|Frau|Mme|Mlle|Madame|Monsieur|Sir|Lady)"
_LEADS = (
    r"(?i:(?:full[ _]|first[ _]|last[ _]|account[ _]|customer[ _]|card[ _]?)?name|holder|beneficiary|payee|payer|"
    r"applicant|nominee|customer|patient|signed(?: by)?|regards|sincerely|dear|attn|"
    r"contact person|father's name|mother's name)"
)
_TITLED = Pattern(rf"\b{_TITLES}\.?[ \t]{{1,2}}({_PART}(?:[ \t]{{1,2}}{_PART}){{0,3}})")
_INTRODUCED = Pattern(
    rf"\b{_LEADS}(?:[\"' \t]{{0,2}}[:=,|]|[ \t]{{1,2}}is)?[ \t\"']{{1,4}}({_PART}(?:[ \t]{{1,2}}{_PART}){{1,3}})"
)
_LISTED = Pattern(rf"({_CAPITALISED})[ \t]{{1,2}}{_PART}(?:[ \t]{{1,2}}{_PART}){{0,2}}")
NAME_HINTS = (r"[A-Z][a-z]+[ \t]{1,2}[A-Z]", rf"\b{_TITLES}\.?[ \t]{{1,2}}[A-Z]")
_OTHER_WORDS = """
account airport april august avenue bank bill branch card center centre christmas church city college company
control court credit debit december department direct drive fair february floor food friday garden gardens group
hall hill hospital hotel house india insurance international island january july june lane limited ltd market march
may monday national november number october office order park payment plaza point police posting private project
purchase rent road salary saturday school september service services shop software square standing station store
street sunday supply systems tax team thursday tower trading transfer trust tuesday union university valley
wednesday
"""
_NOT_NAMES = frozenset(_OTHER_WORDS.split())

_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Place|Pl|Terrace|Close|Crescent|"
    r"Gardens|Way|Highway|Parkway|Nagar|Marg|Colony|Layout|Cross|Chowk|Bazaar|Salai|Enclave|Vihar|Sector|Puram)"
)
_CITY = r"(?:,?[ \t\r\n]{1,2}[A-Z][a-z][A-Za-z.\-]*(?:[ \t][A-Z][a-z][A-Za-z.\-]*){0,2}){0,2}"
_CODE = (
    r"(?:,?[ \t\r\n\-]{1,3}(?:[A-Z]{2}[ \t])?(?:[1-9][0-9]{2}[ ]?[0-9]{3}|[0-9]{5}(?:-[0-9]{4})?"
    r"|[A-Z]{1,2}[0-9][0-9A-Z]?[ ][0-9][A-Z]{2}))?"
)
_NUMBER_FIRST = Pattern(
    rf"\b(?:(?i:flat|apt|unit|house|plot|door|no|h\.no)\.?[ \t]{{0,2}})?[0-9]{{1,5}}[A-Za-z]?"
    rf"(?:[/\-][0-9A-Za-z]{{1,5}})?,?[ \t\r\n]{{1,2}}"
    rf"(?:[0-9]{{1,3}}(?:st|nd|rd|th)[ \t]|[A-Z][A-Za-z.'\-]*[ \t,]{{1,2}}){{1,4}}"
    rf"{_STREET}\b\.?{_CITY}{_CODE}"
)
_NUMBER_LAST = Pattern(
    r"(?:[A-Z]\pL+(?:stra(?:ss|\x{DF})e|str\.|weg|platz|allee|gasse|ring|damm|ufer)"
    r"|(?:[A-Z]\pL+[ \-]){1,2}(?:Stra(?:ss|\x{DF})e|Weg|Platz|Allee))"
    r"[ \t]{1,2}[0-9]{1,4}[a-z]?(?:,?[ \t\r\n]{1,2}(?:D-)?[0-9]{5}(?:[ \t][A-Z]\pL+){1,2})?"
)
_RUE = Pattern(
    r"\b[0-9]{1,4}(?:[ ]?(?:bis|ter))?,?[ \t]{1,2}"
    r"(?i:rue|avenue|boulevard|place|quai|chemin|impasse|all(?:e|\x{E9})e)[ \t]{1,2}"
    r"(?:(?:de|du|des|la|le|les|d'|l')[ \t]?){0,3}\pL[\pL'\-]+(?:[ \t]\p{Lu}[\pL'\-]+){0,3}"
    r"(?:,?[ \t\r\n]{1,2}[0-9]{5}[ \t]\p{Lu}[\pL\-]+)?"
)
_BOX = Pattern(r"(?i)\bp\.?[ ]?o\.?[ ]?box[ ]?(?:no\.?[ ]?)?[0-9]{1,6}")
ADDRESS_HINTS = (
    rf"[A-Za-z.,][ \t,]{{1,2}}{_STREET}\b",
    r"(?i)[a-z](?:strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer)[ \t]{1,2}[0-9]",
    r"(?i)[0-9](?: ?bis| ?ter)?,? {1,2}(?:rue|avenue|boulevard|place|quai|chemin|impasse|allee)[ ]",
    r"(?i)\bp\.? ?o\.? ?box ?",
)


def find_name(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of names: after a title, after words such as "beneficiary", or from a listed given name on."""
    for pattern in (_TITLED, _INTRODUCED):
        for _, (start, end) in pattern.groups(text):
            if _is_name(text[start:end]):
                yield start, end
    for (start, end), (_, first) in _LISTED.groups(text):
        words = text[start:end]
        if text[start:first].lower() in _GIVEN and _is_name(words) and not text[start - 1 : start].isalpha():
            yield start, end


def _is_name(words: str) -> bool:
    return not any(part.lower().rstrip(".") in _NOT_NAMES for part in re.split(r"[ \t]+", words))


def find_address(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of postal addresses: number and street, with city and postal code after them, and boxes."""
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST, _RUE, _BOX):
        yield from pattern.spans(text)


def _names(text: str, _digits: Digits) -> Iterator[tuple[int, int]]:
    return find_name(text)


def _addresses(text: str, _digits: Digits) -> Iterator[tuple[int, int]]:
    return find_address(text)


ADDRESS = Detector("address", ADDRESS_HINTS, _addresses)
NAME = Detector("name", NAME_HINTS, _names)
