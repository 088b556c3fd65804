"""Model agents over scripted providers, and requests for them."""

from decimal import Decimal
from typing import Any

from genie.contracts.model_call import ModelRequest, Role, Text, Turn
from genie.edges.llm.agent import Calls, ModelAgent
from genie.edges.llm.price import Price
from genie.edges.llm.settings import ModelOptions
from genie.testing.providers import Rule, ScriptedProvider

PRICE = Price(input=Decimal(4), output=Decimal(20), cache_read=Decimal("0.2"), cache_write=Decimal(5))


def request(text: str = "hello", **more: Any) -> ModelRequest:
    return ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text=text),)),), **more)


def model(
    *rules: Rule, id: str = "desk", calls: Calls | None = None, takes_over: bool = False, window: int = 128_000,
    family: str = "scripted/scripted", **options: Any,
) -> ModelAgent:  # fmt: skip
    provider = ScriptedProvider(*(rules or (Rule("", "the answer"),)), family=family, window=window)
    given = {"clearance": "restricted", "internal": True, "backoff_s": 0.001, **options}
    return ModelAgent(id, provider, ModelOptions(**given), calls=calls, takes_over=takes_over)


def text_of(reply: Any) -> str:
    return "".join(part.text for part in reply.parts)
