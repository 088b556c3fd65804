import pytest

from genie_finance.domain.categories import Category, Kind, Necessity, info, taxonomy


def test_every_category_is_described_once_in_the_order_of_the_enum():
    assert list(taxonomy()) == [category.value for category in Category]


def test_titles_are_unique_so_that_reports_cannot_confuse_two():
    titles = [about.title for about in taxonomy().values()]
    assert len(set(titles)) == len(titles)


def test_a_word_people_ask_with_means_one_category():
    asked = [word for about in taxonomy().values() for word in about.asked]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("name", [None, "", "food", "made.up"])
def test_what_is_outside_the_taxonomy_is_uncategorised(name):
    assert info(name).category is Category.UNCATEGORISED
    assert info(name).kind is Kind.UNKNOWN


def test_kinds_follow_the_groups():
    for about in taxonomy().values():
        expected = {"income": Kind.INCOME, "transfer": Kind.TRANSFER, "uncategorised": Kind.UNKNOWN}
        assert about.kind is expected.get(about.group, Kind.EXPENSE)


def test_rent_and_loans_are_no_subscriptions_and_nothing_to_trim():
    for name in (Category.HOUSING_RENT, Category.DEBT_LOAN, Category.TAXES_INCOME):
        assert not info(name).regular
        assert info(name).necessity is Necessity.FIXED
