"""Synthetic customers: coherent histories of people who do not exist, from one seed, with the truth about them."""

from genie.simulation.synthetic.countries import COUNTRIES as COUNTRIES
from genie.simulation.synthetic.customer import Customer as Customer
from genie.simulation.synthetic.population import MIX as MIX
from genie.simulation.synthetic.population import Population as Population
from genie.simulation.synthetic.questions import QUESTIONS as QUESTIONS
from genie.simulation.synthetic.questions import Question as Question
from genie.simulation.synthetic.rings import Ring as Ring
from genie.simulation.synthetic.rings import Transfer as Transfer
from genie.simulation.synthetic.transaction import Transaction as Transaction
from genie.simulation.synthetic.truth import Event as Event
from genie.simulation.synthetic.truth import Label as Label

__all__ = [
    "COUNTRIES", "MIX", "QUESTIONS", "Customer", "Event", "Label", "Population", "Question", "Ring", "Transaction",
    "Transfer",
]  # fmt: skip
