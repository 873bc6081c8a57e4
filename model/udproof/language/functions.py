"""The functions that a user gives: what they may look like, checked before they are called.

Actions, properties, conditions and sentences are Python functions that are run once. A mistake in their shape (a formula where
a function belongs, a wrong number of parameters, `async`) is told here in one sentence; Python's own words for it speak of our
calls, which the user has not written.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from udproof.language.errors import Location, ModelError


def location_of(function: Callable[..., object]) -> Location:
    """Where a decorated function begins. ModelError if it is no plain function."""
    if not isinstance(function, FunctionType):
        raise ModelError(f"{function!r} is decorated as a function is, and is none; decorate a def.")
    where = Location(function.__code__.co_filename, function.__code__.co_firstlineno)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ModelError(f"{function.__name__} must be a plain function, without async and without yield.", where)
    return where


def call(function: Callable[..., Any], terms: Sequence[object], what: str) -> Any:
    """The function at some terms. ModelError if it does not take that many."""
    signature = _signature(function, what)
    try:
        signature.bind(*terms)
    except TypeError:
        raise ModelError(f"the function given as {what} must take exactly {len(terms)} argument(s).") from None
    return function(*terms)


def names_of(function: Callable[..., object], how_many: int, what: str) -> list[str]:
    """Names for the arguments of a function: its own where it has them. ModelError if it takes another number of them."""
    parameters = list(_signature(function, what).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return [f"x{place}" for place in range(how_many)]
    if len(parameters) != how_many:
        raise ModelError(f"the function given as {what} takes {len(parameters)} argument(s), and {how_many} are needed.")
    return [parameter.name for parameter in parameters]


def _signature(function: Callable[..., object], what: str) -> inspect.Signature:
    if not callable(function):
        raise ModelError(f"{function!r} is given as {what}, where a function is needed: write lambda x: ... (or lambda: ...).")
    return inspect.signature(function)
