"""A client of ``genie serve``: the methods of a runtime over HTTP, with the errors of the library."""

from __future__ import annotations

from genie.client.client import Client as Client
from genie.client.client import SyncClient as SyncClient
from genie.client.client import Told as Told
