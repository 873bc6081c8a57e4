"""udproof from Python: `verify` in a script, a notebook or a test, with what the command has to say as objects.

    from udproof.api import verify

    result = verify("teaching")                 # a shipped fleet, a file, a Fleet, a System
    result["pause-bounded"].outcome             # Outcome.PROVED
    result.passed                               # would the command have ended with 0?

It is a name below `udproof`, since `udproof` itself has no code of its own: a namespace package has its parts side by side, and
one `__init__` in one of them would hide the others. The way from a name to a result is the command's (`udproof.cli`): the same
files are read, the same limits hold, and every result is looked at with the same disbelief before anybody sees it. Only nothing is
printed, and nothing exits.
"""

from udproof.api.regression import assert_mended
from udproof.api.results import Answer, NotPassed, Picture, Result
from udproof.api.verify import Mistake, verify
from udproof.engines.verdict import Outcome

__all__ = ["Answer", "Mistake", "NotPassed", "Outcome", "Picture", "Result", "assert_mended", "verify"]
