"""A judge: a model that decides whether an answer satisfies its criteria."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.loop_call import Judgement, ToJudge
from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest, Role, Trust
from genie.loops.conversation import Conversation, Ended
from genie.loops.prompt import Prompt, fenced, shipped
from genie.loops.react import LoopLimits

if TYPE_CHECKING:
    from genie.contracts.context import Context
    from genie.contracts.message import Message

CRITERION = "It answers the question, is consistent in itself, and states nothing that it cannot know."
NOT_JUDGED = "not judged"
"""Start of the reason if the model's reply was unusable; such an answer is not accepted."""


class ModelJudge:
    """A model as a judge: takes ``ToJudge`` and answers ``Judgement``.

    Args:
        id: Id of the agent.
        model: Id of the model agent.
        criterion: Default criterion, if the caller gives none.
        prompt: System prompt, and the form of the question.
        limits: Limits of one judgement.
        clearance: Highest label that the judge may read.
        **card: Further fields of the card.
    """

    isolated = True  # the object only stores settings

    def __init__(
        self,
        id: str,  # noqa: A002 - the card's own word
        *,
        model: str,
        criterion: str = CRITERION,
        prompt: Prompt | str = "judge.v1",
        limits: LoopLimits | None = None,
        clearance: Classification | str = Classification.CONFIDENTIAL,
        **card: Any,
    ) -> None:
        self.model, self.criterion = model, criterion
        self.prompt = shipped(prompt) if isinstance(prompt, str) else prompt
        self.limits = limits or LoopLimits(max_output=256)
        options: dict[str, Any] = {"risk": Risk.MEDIUM, "tier": Tier.BETA, "concurrency": 8, "name": id, **card}
        self.card = AgentCard(
            id=id, description=options.pop("description", "Judges answers with a model."), consumes=(ToJudge,),
            produces=(Judgement,), clearance=Classification.parse(clearance),
            asks=MappingProxyType({ModelRequest: (ModelReply, ModelFailed)}), **options,
        )  # fmt: skip

    async def handle(self, message: Message[Any], context: Context) -> Judgement:
        """Judge an answer; if no model can judge it, it is not accepted."""
        asked: ToJudge = message.payload
        talk = Conversation(
            context, self.model, self.limits.share(), wall_s=self.limits.wall_s, max_output=self.limits.max_output,
            purpose=self.card.id[:128],
        )  # fmt: skip
        talk.add_turn(self.prompt.turn)
        words = self.prompt.render(
            goal=asked.goal, answer=fenced(asked.answer, "answer"), criterion=asked.criterion or self.criterion
        )
        talk.add(Role.USER, words, trust=Trust.UNTRUSTED, source="loop", pinned=True)
        try:
            found, _ = await talk.structured(Judgement)
        except Ended as ended:
            return Judgement(accepted=False, reason=f"{NOT_JUDGED}: {ended.stop} {ended.detail}".strip())
        return cast("Judgement", found)
