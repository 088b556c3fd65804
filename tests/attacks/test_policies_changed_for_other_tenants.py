"""Attack: two people of one tenant propose and approve a policy file without the rules that protect the other one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.genie.server.test_policy_drafts import NEVER, Governor, shop

pytestmark = pytest.mark.anyio
TENANT = ("ask", "observe", "govern")


class Insider(Governor):
    """Somebody of a tenant, with the right to govern and no right over what all tenants share."""

    def __init__(self, at: object, user: str, tenant: str) -> None:
        self.at = at  # type: ignore[assignment]  # as its base takes it
        self.key = self.at.key(user, tenant=tenant, rights=TENANT)


async def test_the_people_of_one_tenant_put_nothing_into_force_for_all(tmp_path: Path) -> None:
    """Was: the right `govern` of any tenant was enough."""
    async with shop(tmp_path) as at:
        before = (tmp_path / "rules.yaml").read_text()
        eve, mal = Insider(at, "eve", "south"), Insider(at, "mal", "south")
        made = await eve.proposed(NEVER)
        assert made.status_code == 201
        found = await mal.decide(made.json()["id"])
        assert (found.status_code, found.json()["code"]) == (403, "forbidden")
        assert (tmp_path / "rules.yaml").read_text() == before
        done = await Governor(at, "root", tenant=None).decide(made.json()["id"])
        assert done.json()["state"] == "in force"


async def test_what_one_tenant_proposes_is_not_there_for_another(tmp_path: Path) -> None:
    """Was: names, reasons and lines of one tenant's drafts were shown to the other."""
    async with shop(tmp_path) as at:
        eve, ann = Insider(at, "eve", "south"), Insider(at, "ann", "north")
        name = (await eve.proposed()).json()["id"]
        path = "/v1/policies/proposals"
        assert (await at.get(path, ann.key)).json() == {"proposals": []}
        assert (await at.get(f"{path}/{name}", ann.key)).status_code == 404
        assert (await ann.decide(name, "reject")).status_code == 404
        assert (await eve.decide(name, "reject")).json()["state"] == "rejected"
