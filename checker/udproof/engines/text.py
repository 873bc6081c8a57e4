"""Two pieces of WebAssembly text that all who write it need."""

from __future__ import annotations

from collections.abc import Sequence

FULL = (1 << 64) - 1


def fold(operator: str, parts: Sequence[str]) -> str:
    """An operator between all of the parts, at least one."""
    return f"({operator} " * (len(parts) - 1) + parts[0] + "".join([f" {part})" for part in parts[1:]])


def i64(value: int) -> str:
    """A number of 64 bits."""
    return f"(i64.const 0x{value & FULL:x})"
