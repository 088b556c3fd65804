import importlib
import pkgutil
import subprocess
import sys

import pytest

import genie_finance
from genie.contracts.agent import Agent, Handlers
from genie.contracts.card import AgentCard
from genie.contracts.message import Payload
from genie_finance.index import AGENTS

NOT_FAMILIES = {"contracts", "domain", "rules"}


def resolve(entry):
    module, _, attribute = entry.partition(":")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize(("agent_id", "entry"), AGENTS.items())
def test_an_entry_leads_to_the_agent_of_that_id(agent_id, entry):
    found = resolve(entry)
    assert isinstance(found.card, AgentCard)
    assert found.card.id == agent_id
    assert isinstance(found, Agent) or issubclass(found, Handlers)


@pytest.mark.parametrize("entry", AGENTS.values())
def test_every_agent_says_what_it_takes_and_gives_and_can_do(entry):
    card = resolve(entry).card
    assert card.consumes
    assert all(issubclass(kind, Payload) for kind in card.sends)
    assert card.sends
    assert card.capabilities
    assert card.description


def test_every_agent_of_a_family_is_listed():
    unlisted = []
    for module in pkgutil.walk_packages(genie_finance.__path__, "genie_finance."):
        parts = module.name.split(".")
        if len(parts) < 3 or parts[1] in NOT_FAMILIES:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            card = getattr(value, "card", None)
            own = getattr(value, "__module__", None) == module.name
            if isinstance(card, AgentCard) and own and AGENTS.get(card.id) != f"{module.name}:{name}":
                unlisted.append(f"{module.name}:{name}")
    assert unlisted == []


def test_the_index_imports_no_agent():
    script = "import sys, genie_finance.index; print(sorted(name for name in sys.modules if name.startswith('genie_')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['genie_finance', 'genie_finance.index']"


def test_entries_are_sorted_so_that_two_branches_rarely_meet():
    assert list(AGENTS) == sorted(AGENTS)
