import pytest

from genie_finance.domain.categories import Category, taxonomy
from genie_finance.insights.merchants import MerchantMaster, merchant_master


@pytest.mark.parametrize(
    ("payee", "name"),
    [
        ("Uber", "Uber"),
        ("UBER *EATS", "Uber Eats"),
        ("Amazon Prime Video", "Amazon Prime"),
        ("AMZN Mktp DE", "Amazon"),
        ("APPLE.COM/BILL", "Apple"),
        ("H&M Hennes & M", "H&M"),
        ("Shell Austin TX", "Shell"),
        ("Boots 1234 London", "Boots"),
        ("LIC OF INDIA", "LIC of India"),
        ("BUNDL TECHNOLOGIES", "Swiggy"),
    ],
)
def test_aliases_are_found_by_whole_words(payee, name):
    assert merchant_master().find(payee).name == name


@pytest.mark.parametrize(
    ("payee", "name"),
    [("Netflx", "Netflix"), ("STARBUKS", "Starbucks"), ("COSTCO WHOLESAL", "Costco"), ("Carefour Lyon", "Carrefour")],
)
def test_misspelt_and_cut_names_are_found(payee, name):
    assert merchant_master().find(payee).name == name


@pytest.mark.parametrize(
    "payee",
    [
        "Treatment", "Next Level Consulting", "Orange Grove Cafe", "Shell Beach Resort", "Apple Tree Cafe", "Vi Kumar",
        "Otto Schmidt", "Deutsche Bank", "Sparkasse Berlin", "Norma Jean", "Bart Jansen", "Penny Lane Records",
        "Prime Minister Relief Fund", "Sky Lounge", "Tarset", "Targets", "",
    ],
)  # fmt: skip
def test_false_friends_are_nobody(payee):
    assert merchant_master().find(payee) is None


def test_every_shipped_merchant_is_found_by_its_own_aliases_and_has_a_category():
    master = merchant_master()
    for alias, merchant in (*master.anywhere.items(), *master.whole.items()):
        assert master.find(alias) == merchant
        assert merchant.category in taxonomy()


def test_a_wallet_has_no_category_of_its_own():
    assert merchant_master().find("PayPal").category == Category.UNCATEGORISED
    assert merchant_master().category_of("PayPal") is None
    assert merchant_master().category_of("Nobody") is None
    assert merchant_master().category_of(None) is None


def test_a_table_with_an_unknown_category_is_refused():
    with pytest.raises(ValueError, match="category"):
        MerchantMaster.of({"food.made_up": [["X"]]})


def test_an_alias_for_two_merchants_is_refused():
    with pytest.raises(ValueError, match="is an alias of two"):
        MerchantMaster.of({"food.groceries": [["A", "same"], ["B", "same"]]})


def test_a_hostile_payee_is_answered():
    assert merchant_master().find("z" * 10_000) is None
    assert merchant_master().find("a " * 5_000) is None
