"""Sixty light agents that publish, gather, retry and hold: fifteen messages a run, to measure the simulation by."""

from typing import Any

from genie.config.plugins import Plugins
from genie.contracts.agent import AgentDecorator, Handlers, agent, handles
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Retry
from genie.contracts.message import Payload
from genie.policies.index import POLICIES
from genie.policy.policy import ALLOW, Hold, Judge, PolicySettings, Route

TEAMS = 9
WORKERS = 4
NOTERS = 3
AUDITORS = 5
HELD_ABOVE = 9_950
"""Of 10,000: notes beyond it wait for a person."""


class Ask(Payload, topic="crowd.ask"):
    """Request of a customer."""

    customer: str
    number: int


class Final(Payload, topic="crowd.final"):
    """Answer to a customer."""

    customer: str
    total: int
    because: str


class TeamAsk(Payload, topic="crowd.team_ask"):
    """Task of the front for a team."""

    customer: str
    number: int


class Reply(Payload, topic="crowd.reply"):
    """Result of a team."""

    total: int


def _filed(number: int) -> type[Payload]:
    class Filed(Payload, topic=f"crowd.filed{number}"):
        score: int

    return Filed


FILED = tuple(_filed(number) for number in range(AUDITORS))
"""What clerks file, a class an auditor."""


def auditor(number: int) -> Any:
    """Return an agent that receives the notes of some teams' clerks."""
    filed = FILED[number]

    @agent(f"auditor{number}", mailbox=Mailbox(capacity=4096))
    async def audit(_filed: filed) -> None:  # type: ignore[valid-type]  # as above
        return None

    return audit


class NoteHold:
    """Holds a note now and then."""

    name = "note_hold"
    version = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        """Judge only notes."""
        if not route.payload.__topic__.name.endswith(".note"):
            return None

        def judge(message: Any, _sender: Any) -> Any:
            return Hold("a person looks at it") if message.payload.score > HELD_ABOVE else ALLOW

        return judge


@agent("front", asks={TeamAsk: Reply}, concurrency=1024)
async def front(ask: Ask, context: Context) -> Final:
    """Pass a question to a team."""
    reply = await context.ask(TeamAsk(customer=ask.customer, number=ask.number), Reply, to=f"desk{ask.number % TEAMS}")
    return Final(
        customer=ask.customer,
        total=reply.total,
        because=f"four workers of team {ask.number % TEAMS} agreed on {reply.total}",
    )


def team(number: int) -> dict[str, Any]:
    """Return the agents of one team, by id."""

    class Work(Payload, topic=f"crowd{number}.work"):
        customer: str
        number: int

    class Result(Payload, topic=f"crowd{number}.result"):
        value: int

    class Note(Payload, topic=f"crowd{number}.note"):
        customer: str
        score: int

    filed = FILED[number % AUDITORS]

    class Desk(
        Handlers, id=f"desk{number}", asks={Work: Each(Result)}, concurrency=1024, mailbox=Mailbox(capacity=4096)
    ):
        """Asks its workers."""

        @handles
        async def work(self, ask: TeamAsk, context: Context) -> Reply:
            views = await context.gather(Work(customer=ask.customer, number=ask.number), expect=Each(Result))
            return Reply(total=sum(one.value for one in views[Each(Result)].values()))

    found: dict[str, Any] = {f"desk{number}": Desk}

    def worker(place: int) -> Any:
        options: AgentDecorator = agent(
            f"worker{number}_{place}", publishes=(Note,), retry=Retry(attempts=3, first_s=1.0, longest_s=30.0),
            mailbox=Mailbox(capacity=4096),
        )  # fmt: skip

        async def work(asked: Work, context: Context) -> Result:
            if place == 0 and asked.number % 50 == 0 and "tried" not in context.state:
                context.state["tried"] = True
                raise ConnectionError
            if place < NOTERS:
                await context.publish(Note(customer=asked.customer, score=asked.number * 7919 % 10_000))
            return Result(value=asked.number + place)

        return options(work)

    found |= {f"worker{number}_{place}": worker(place) for place in range(WORKERS)}

    @agent(f"clerk{number}", mailbox=Mailbox(capacity=4096))
    async def clerk(note: Note) -> filed:  # type: ignore[valid-type]  # one class an auditor
        return filed(score=note.score)

    found[f"clerk{number}"] = clerk
    return found


AGENTS: dict[str, Any] = {"front": front} | {f"auditor{number}": auditor(number) for number in range(AUDITORS)}
for _number in range(TEAMS):
    AGENTS |= team(_number)

CATALOGUE = Plugins(agents=AGENTS, policies={**POLICIES, "note_hold": NoteHold})

PIPELINE = f"""
version: 1
id: crowd
agents: [{", ".join(AGENTS)}]
policies:
  - payload_size: {{max_bytes: 65536}}
  - schema_version: {{topics: {{"*": {{minimum: 1}}}}}}
  - required_headers: {{topics: {{"*": [user]}}}}
  - topic_roles: {{topics: {{"*": [analyst]}}}}
  - clearance
  - declassification
  - tenant_isolation
  - residency: {{here: eu, data: eu}}
  - consent: {{topics: {{crowd.ask: [service]}}}}
  - risk_tier
  - explainability: {{topics: {{crowd.final: {{items: "", rationale: because}}}}}}
  - disclosure: {{topics: {{crowd.final: "Made by software."}}}}
  - pii
  - secrets
  - four_eyes: {{topics: {{crowd.payment: {{approvers: [treasury]}}}}}}
  - injection
  - rules:
      rules:
        - name: far_too_many
          when: {{topic: crowd.ask, payload.number: {{gt: 100000000}}}}
          then: deny
          because: nobody has asked so often
        - name: restricted
          when: {{label: restricted, recipient: {{not_in: ["caller:*"]}}}}
          then: deny
          because: nothing in a crowd is restricted
  - note_hold
limits: {{max_runs: 100000}}
caller: {{user: ann, roles: [analyst], region: eu, consent: [service]}}
input: crowd.ask
output: crowd.final
"""

SCENARIO = """
version: 1
id: crowd
pipeline: pipeline.yaml
duration: 30d
workload:
  population: {{size: {customers}}}
  arrivals:
    - poisson: {an_hour}
      rhythm: weekly
  questions:
    - fields: {{customer: "{{customer}}", number: "{{number}}"}}
  most: {runs}
approvals: {{after: {{uniform: [10m, 4h]}}}}
"""
