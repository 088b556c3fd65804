"""The benchmark harness: the canonical round trip, governed, beside the same work in bare asyncio."""

from genie.benchmark.policies import CALLER as CALLER
from genie.benchmark.policies import CONSENTING as CONSENTING
from genie.benchmark.policies import TENANTS as TENANTS
from genie.benchmark.policies import all_policies as all_policies
from genie.benchmark.policies import eight_policies as eight_policies
from genie.benchmark.sanity import BenchmarkError as BenchmarkError
from genie.benchmark.sanity import prove as prove
from genie.benchmark.timing import fanout as fanout
