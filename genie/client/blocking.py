"""The routes of the API for programs without an event loop."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from genie.client.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

P = ParamSpec("P")
R = TypeVar("R")


class Blocks(Protocol):
    """A client that runs a coroutine to its end."""

    def _run(self, call: Callable[[Any], Awaitable[R]]) -> R: ...


class blocking(Generic[P, R]):  # noqa: N801 - it is used as a decorator is
    """A method of ``Routes`` that blocks until it has finished.

    Args:
        method: The method.
    """

    def __init__(self, method: Callable[Concatenate[Any, P], Awaitable[R]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, client: Blocks, _kind: object = None) -> Callable[P, R]:
        @functools.wraps(self._method)
        def call(*args: P.args, **more: P.kwargs) -> R:
            return client._run(lambda inner: self._method(inner, *args, **more))  # noqa: SLF001 - of the same package

        return call


class BlockingRoutes:
    """``Routes``, blocking."""

    replay = blocking(Routes.replay)
    send_event = blocking(Routes.send_event)
    create_webhook = blocking(Routes.create_webhook)
    vote = blocking(Routes.vote)
    vote_on_several = blocking(Routes.vote_on_several)
    runs = blocking(Routes.runs)
    run = blocking(Routes.run)
    cancel = blocking(Routes.cancel)
    webhooks = blocking(Routes.webhooks)
    webhook = blocking(Routes.webhook)
    delete_webhook = blocking(Routes.delete_webhook)
    redeliver_webhook = blocking(Routes.redeliver_webhook)
    pipelines = blocking(Routes.pipelines)
    pipeline = blocking(Routes.pipeline)
    topology = blocking(Routes.topology)
    approvals = blocking(Routes.approvals)
    approval = blocking(Routes.approval)
    agents = blocking(Routes.agents)
    agent = blocking(Routes.agent)
    pause = blocking(Routes.pause)
    resume = blocking(Routes.resume)
    kill = blocking(Routes.kill)
    revive = blocking(Routes.revive)
    dead_letters = blocking(Routes.dead_letters)
    redrive = blocking(Routes.redrive)
    drop = blocking(Routes.drop)
    incidents = blocking(Routes.incidents)
    acknowledge = blocking(Routes.acknowledge)
    close_incident = blocking(Routes.close_incident)
    policies = blocking(Routes.policies)
    policy_files = blocking(Routes.policy_files)
    policy_schema = blocking(Routes.policy_schema)
    policy_messages = blocking(Routes.policy_messages)
    check_policy = blocking(Routes.check_policy)
    test_policy = blocking(Routes.test_policy)
    explain_policy = blocking(Routes.explain_policy)
    diff_policy = blocking(Routes.diff_policy)
    backtest_policy = blocking(Routes.backtest_policy)
    propose_policy = blocking(Routes.propose_policy)
    proposals = blocking(Routes.proposals)
    proposal = blocking(Routes.proposal)
    approve_proposal = blocking(Routes.approve_proposal)
    reject_proposal = blocking(Routes.reject_proposal)
    statistics = blocking(Routes.statistics)
    spend = blocking(Routes.spend)
    profile = blocking(Routes.profile)
    drain = blocking(Routes.drain)
    audit = blocking(Routes.audit)
    audit_chain = blocking(Routes.audit_chain)
    verify_audit = blocking(Routes.verify_audit)
    health = blocking(Routes.health)
    session = blocking(Routes.session)
    passkeys = blocking(Routes.passkeys)
    remove_passkey = blocking(Routes.remove_passkey)
    resource = blocking(Routes.resource)
    document = blocking(Routes.document)
    live = blocking(Routes.live)
    ready = blocking(Routes.ready)
