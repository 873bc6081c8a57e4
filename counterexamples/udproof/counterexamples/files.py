"""Files that are there as a whole or not at all.

A report that is half written must not read as a finding, nor as a pass. So a text goes to a new file beside the old one, is
forced to the disk, and takes the old one's name in one step (POSIX rename; `os.replace` on every system).
"""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def write_atomically(path: str | Path, text: str | bytes) -> None:
    """Write the text (UTF-8, line ends as given) or the bytes to `path`, so that a reader sees the old file or the new one, whole.

    A symbolic link is followed, and stays. What is no regular file (a pipe, /dev/stdout) is written to as it is. OSError, as
    for any file; then the old file is untouched and nothing is left behind.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", errors="backslashreplace")
    target = Path(path).resolve()
    if Path(path).exists() and not target.is_file():
        Path(path).write_bytes(data)
        return
    fresh = target.with_name(f".{token_hex(8)}.tmp")
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            fresh.chmod(target.stat().st_mode & 0o7777)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
