"""Synthetic customers: coherent histories of fictitious people from one seed, with the ground truth."""

from genie_finance.synthetic.countries import COUNTRIES as COUNTRIES
from genie_finance.synthetic.customer import Customer as Customer
from genie_finance.synthetic.population import MIX as MIX
from genie_finance.synthetic.population import Population as Population
from genie_finance.synthetic.questions import QUESTIONS as QUESTIONS
from genie_finance.synthetic.questions import Question as Question
from genie_finance.synthetic.rings import Ring as Ring
from genie_finance.synthetic.rings import Transfer as Transfer
from genie_finance.synthetic.transaction import Transaction as Transaction
from genie_finance.synthetic.truth import Event as Event
from genie_finance.synthetic.truth import Label as Label

__all__ = [
    "COUNTRIES", "MIX", "QUESTIONS", "Customer", "Event", "Label", "Population", "Question", "Ring", "Transaction",
    "Transfer",
]  # fmt: skip
