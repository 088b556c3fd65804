import pytest

from genie_finance.domain.categories import Kind, taxonomy
from genie_finance.domain.narrations import words
from genie_finance.insights.keywords import DISPUTED, STRONG, WEAK, Guess, KeywordTable, keyword_table

OUT = (Kind.EXPENSE, Kind.TRANSFER)
IN = (Kind.INCOME, Kind.TRANSFER)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Dental treatment city clinic", "health.medical"),
        ("Monthly RENT June", "housing.rent"),
        ("Lebensversicherung 2025", "insurance.life"),
        ("Hausratversicherung 2025", "insurance.other"),
        ("SIP mutual fund", "transfer.investment"),
        ("credit card bill", "debt.card_bill"),
        ("ATM fee", "fees.bank"),
        ("Zahnarzt Dr. Weiss", "health.medical"),
    ],
)
def test_words_tell_the_category_of_money_out(text, category):
    assert keyword_table().guess(words(text), kinds=OUT) == Guess(category, STRONG)


@pytest.mark.parametrize("text", ["treatments", "premiums occupied", "prudent arbitrage", "Barbara Inness", "unrented"])
def test_parts_of_words_tell_nothing(text):
    assert keyword_table().guess(words(text), kinds=OUT) is None


def test_one_word_means_another_thing_for_money_in():
    assert keyword_table().guess(words("interest paid"), kinds=IN).category == "income.interest"
    assert keyword_table().guess(words("interest charged"), kinds=OUT).category == "debt.interest"
    assert keyword_table().guess(words("salary"), kinds=OUT) is None


def test_the_longer_phrase_is_more_telling():
    assert keyword_table().guess(words("car insurance"), kinds=OUT).category == "insurance.vehicle"


def test_two_equally_telling_words_lower_the_confidence():
    assert keyword_table().guess(words("hotel restaurant"), kinds=OUT) == Guess("travel.lodging", DISPUTED)


def test_a_hint_alone_is_weak():
    assert keyword_table().guess(words("premium"), kinds=OUT) == Guess("insurance.other", WEAK)


def test_every_phrase_belongs_to_the_taxonomy():
    assert {g.category for guesses in keyword_table().phrases.values() for g in guesses} <= set(taxonomy())


@pytest.mark.parametrize(
    "table", [{"made.up": ["x"]}, {"food.cafes": [""]}, {"food.cafes": ["one two three four five"]}]
)
def test_a_bad_table_is_refused(table):
    with pytest.raises(ValueError, match="keywords"):
        KeywordTable.of(table)
