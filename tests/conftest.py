"""What all tests share: the path of the helpers, and how many random examples Hypothesis tries.

`from tests.systems import ...` and `from tests.contract import ...` work from every test, however pytest was started.
UDPROOF_TEST_PROFILE chooses the profile: `ci` (100 examples, the same ones each time) or `nightly` (1,000, new ones each time).
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
# Not `explain`: it runs a failure again and again under a tracer, only to comment on arguments that are whole systems here.
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink]
_SHARED = settings(deadline=None, print_blob=True, suppress_health_check=_SLOW, phases=_PHASES)
settings.register_profile("ci", _SHARED, max_examples=100, derandomize=True)
settings.register_profile("nightly", _SHARED, max_examples=1000)
gc.set_threshold(100_000, 20, 50)  # models and their formulas stay alive; looking them through again and again finds nothing
settings.load_profile(os.environ.get("UDPROOF_TEST_PROFILE", "ci"))
