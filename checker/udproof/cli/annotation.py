"""What is told to a build server beside the log, before it is put into one server's words (`build_server`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Annotation:
    """A line for the server: what is wrong, and where; without a file, of the step."""

    level: Literal["error", "warning"]
    title: str
    message: str
    file: str | None = None
    line: int = 1
