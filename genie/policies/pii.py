"""Personal data: found in strings, and masked, denied or held for recipients without clearance."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, topic_of
from genie.errors import PolicyError
from genie.policies._findings_actions import exposure_judge
from genie.policies._settings import Action, Level, TopicRule, Word, matches_id, most_specific
from genie.policy.policy import Inspector, Judge, Judgement, PolicySettings, Redact, Route, VaultField

if TYPE_CHECKING:
    from genie.contracts.ports.vault import Vault
    from genie.detectors.pii.inspector import PiiInspector

PiiKind = Literal["aadhaar", "card", "email", "gstin", "iban", "nino", "pan", "passport", "phone", "ssn", "upi"]

LABELS: Mapping[str, Classification] = {
    "aadhaar": Classification.RESTRICTED,
    "card": Classification.RESTRICTED,
    "email": Classification.CONFIDENTIAL,
    "gstin": Classification.INTERNAL,  # of a business, and public
    "iban": Classification.CONFIDENTIAL,
    "nino": Classification.RESTRICTED,
    "pan": Classification.CONFIDENTIAL,
    "passport": Classification.RESTRICTED,
    "phone": Classification.CONFIDENTIAL,
    "ssn": Classification.RESTRICTED,
    "upi": Classification.CONFIDENTIAL,
}
"""Clearance needed to see each kind, unless settings say otherwise."""


Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2 code of a country."""


AgentRule = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.\-]*(\.\*)?$", max_length=128)]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Checksum = Literal["damm", "luhn", "mod_11_10", "mod_11_2", "mod_37_2", "mod_37_36", "mod_97_10", "verhoeff"]


class CustomKind(PolicySettings):
    """A custom kind of personal data."""

    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """An RE2 pattern, whose run time is linear. Its group is the value, or the whole match without a group. No letter
    or digit may be adjacent to the value."""
    checksum: Checksum | None = None
    """Check digit algorithm that the letters and digits of the value must pass."""
    words: Annotated[tuple[Word, ...], Field(max_length=40)] = ()
    """Context words, one of which must occur within 40 characters before the value; case is ignored."""
    label: Level = Classification.CONFIDENTIAL
    """Clearance needed to see it."""
    action: Action | None = None
    """Action for recipients below the label; the general action by default."""


class PiiSettings(PolicySettings):
    """Kinds, their labels, and the actions for recipients below these labels."""

    labels: Mapping[PiiKind, Level] = Field(default_factory=dict)
    """Clearance needed per kind where it differs from ``LABELS``; ``public`` means that everyone may see it."""
    action: Action = "mask"
    actions: Mapping[PiiKind, Action] = Field(default_factory=dict)
    """Actions of single kinds."""
    topics: Mapping[TopicRule, Mapping[PiiKind, Action]] = Field(default_factory=dict)
    """Actions of single kinds on single topics or families; the most specific rule applies, before ``actions``."""
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=40)] = ("IN", "US", "GB", "DE", "FR")
    """Countries (ISO 3166) whose national telephone numbers are detected; numbers with a calling code are always
    detected."""
    custom: Annotated[Mapping[KindName, CustomKind], Field(max_length=40)] = Field(default_factory=dict)
    """Custom kinds, by name."""
    also: Mapping[Literal["address", "name"], Level] = Field(default_factory=dict)
    """Kinds without a check digit to detect as well, each with the clearance needed to see it."""
    stand_ins: Annotated[tuple[AgentRule, ...], Field(max_length=1000)] = ()
    """Ids of recipients (``family.*`` for all of a family) that get a stable stand-in for a masked value."""
    everyone: bool = False
    """Apply to every recipient, even if its clearance covers the kind."""

    @field_validator("custom")
    @classmethod
    def _are_usable(cls, kinds: Mapping[str, CustomKind]) -> Mapping[str, CustomKind]:
        for name, kind in kinds.items():
            if name in {*LABELS, "address", "name"}:
                raise ValueError(f"{name} is a kind already; choose another name")
            problem = _problem_of(kind.pattern)
            if problem is not None:
                raise ValueError(f"the pattern of {name} {problem}")
        return kinds


class Pii:
    """Mask, deny or hold personal data if the recipient's clearance is below the data's label.

    Args:
        settings: What is detected, and the actions.
        vault: Creates the stand-ins; by default an in-memory vault with its own key.

    Raises:
        PolicyError: python-stdnum or phonenumbers, which validate numbers, are not installed, or a region has no
            numbering plan.
    """

    name: ClassVar[str] = "pii"
    version: ClassVar[str] = "2"
    reads: frozenset[str] = frozenset(("clearance",))
    needs_findings: ClassVar[bool] = True
    Settings: ClassVar[type[PiiSettings]] = PiiSettings

    def __init__(self, settings: PiiSettings = PiiSettings(), vault: Vault | None = None) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self.vault = _vault() if vault is None and settings.stand_ins else vault
        """The vault in which an authorised agent looks up stand-ins; bind it to ``Vault``."""
        if settings.stand_ins:
            self.reads = frozenset(("clearance", "id"))
        self._labels = dict(LABELS)
        for kind, label in settings.labels.items():
            self._labels[kind] = label
        self._labels |= {name: kind.label for name, kind in settings.custom.items()}
        self._labels |= {str(kind): label for kind, label in settings.also.items()}
        self._inspector = _inspector(self._labels, settings.regions, settings.custom)

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """The inspector whose findings it reads."""
        return (self._inspector,)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its recipient may see every kind."""
        chosen = self.settings
        here = most_specific(chosen.topics, topic_of(route.payload).name, {})
        actions = dict.fromkeys(self._labels, chosen.action)
        own = {name: kind.action for name, kind in chosen.custom.items() if kind.action is not None}
        for kind, action in (*own.items(), *chosen.actions.items(), *here.items()):
            actions[kind] = action
        judge = exposure_judge(self.name, route, labels=self._labels, actions=actions, everyone=chosen.everyone)
        vault = self.vault
        if judge is None or vault is None or not any(matches_id(one, route.recipient.id) for one in chosen.stand_ins):
            return judge
        masking = judge

        def standing_in(message: Envelope[Any], sender: AgentCard) -> Judgement:
            verdict = masking(message, sender)
            if not isinstance(verdict, Redact):
                return verdict
            return Redact(frozenset(VaultField(path, vault, self.name) for path in verdict.paths), verdict.reason)

        return standing_in


def _vault() -> Vault:
    from genie.policies.vault import MemoryVault  # noqa: PLC0415 - start-up: few ask for stand-ins

    return MemoryVault()


def _problem_of(pattern: str) -> str | None:
    from genie.detectors.pii.custom import problem_of  # noqa: PLC0415 - start-up: few have kinds of their own

    return problem_of(pattern)


def _inspector(
    labels: Mapping[str, Classification], regions: tuple[str, ...], custom: Mapping[str, CustomKind]
) -> PiiInspector:
    # The libraries are loaded for the first candidate; a missing one must be reported now.
    for module, name in (("phonenumbers", "phonenumbers"), ("stdnum", "python-stdnum")):
        if importlib.util.find_spec(module) is None:
            raise PolicyError("pii", f"needs {name}; install genie-bus[governance]")
    from genie.detectors.pii.inspector import PiiInspector  # noqa: PLC0415 - it needs an extra
    from genie.detectors.pii.phones import DEFAULT_REGIONS, unknown_regions  # noqa: PLC0415 - as below

    unknown = unknown_regions(regions) if regions != DEFAULT_REGIONS else ()
    if unknown:
        raise PolicyError("pii", f"there is no numbering plan for region {', '.join(unknown)}; write ISO 3166 codes")
    if not custom and labels.keys().isdisjoint(("address", "name")):
        return PiiInspector(labels, regions=regions)
    from genie.detectors.pii.custom import detector_of  # noqa: PLC0415 - start-up: few have kinds of their own

    own = [detector_of(name, kind.pattern, kind.checksum, kind.words) for name, kind in custom.items()]
    from genie.detectors.pii.names import ADDRESS, NAME  # noqa: PLC0415 - start-up: as above

    also = [detector for detector in (ADDRESS, NAME) if detector.kind in labels and detector.kind not in custom]
    return PiiInspector(labels, regions=regions, custom=own, also=also)
