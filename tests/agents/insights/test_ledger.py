from genie_finance.insights.ledger import entries


def counted(statement, *rows):
    return [
        (e.month, e.category, e.spending, e.transaction.amount.minor) for e in entries(statement(rows).transactions)
    ]


def test_transfers_of_own_money_do_not_count(statement, row):
    assert counted(statement, row("2025-01-02", "-500", category="transfer.savings")) == []


def test_a_movement_without_category_counts_by_its_sign(statement, row):
    assert counted(statement, row("2025-01-02", "-5"), row("2025-01-02", "5", category="uncategorised")) == [
        ("2025-01", "uncategorised", True, -500),
        ("2025-01", "uncategorised", False, 500),
    ]


def test_a_refund_counts_in_the_month_of_its_purchase(statement, row):
    bought = row("2025-01-30", "-40", "Zalando", "shopping.clothing", id="p", nets_with="r")
    back = row("2025-02-10", "15", "Zalando", "shopping.clothing", id="r", nets_with="p")
    assert [entry[0] for entry in counted(statement, bought, back)] == ["2025-01", "2025-01"]


def test_a_refund_without_its_purchase_counts_where_it_was_booked(statement, row):
    assert counted(statement, row("2025-02-10", "15", "Zalando", "shopping.clothing")) == [
        ("2025-02", "shopping.clothing", True, 1500)
    ]


def test_a_bounced_check_takes_back_uncategorised_spending(statement, row):
    out = row("2025-01-30", "-40", category="uncategorised", id="p", nets_with="r")
    back = row("2025-01-30", "40", category="uncategorised", id="r", nets_with="p")
    assert sum(entry[3] for entry in counted(statement, out, back) if entry[2]) == 0
    assert all(entry[2] for entry in counted(statement, out, back))


def test_a_reversed_salary_is_negative_income(statement, row):
    assert counted(statement, row("2025-01-30", "-40", category="income.salary")) == [
        ("2025-01", "income.salary", False, -4000)
    ]


def test_borrowed_and_own_money_without_a_category_is_not_earned(statement, row):
    rows = [
        row("2025-01-02", "5", narration=text, category="uncategorised")
        for text in ("LOAN DISBURSEMENT", "FD CLOSURE", "CAPITAL INFUSION", "SELF TRANSFER", "OVERDRAFT")
    ]
    assert counted(statement, *rows) == []
    assert counted(statement, row("2025-01-02", "5", narration="LOAN", category="income.salary")) != []
