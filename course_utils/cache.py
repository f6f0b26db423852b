"""Where files are kept between runs, and how they are written so that none is ever half there."""

import contextlib
import glob
import os
import secrets
import tempfile
import time
from pathlib import Path

DRAFT_SECONDS = 3600  # a draft that is older belongs to a process that was killed
_PROJECT = Path(__file__).resolve().parent.parent


def places() -> list[Path]:
    """List the folders to look in, best first: COURSE_CACHE, this project's data/cache, the user's.

    In a classroom the project's folder may be shared and read-only; the user's is then written to.
    """
    named = os.environ.get("COURSE_CACHE")
    if named:
        return [Path(named).expanduser()]
    folders = [Path.home() / ".cache" / "convolution-by-hand"]
    if (_PROJECT / "pyproject.toml").exists():  # a clone of the course, not an installed package
        folders.insert(0, _PROJECT / "data" / "cache")
    return folders


def writable_place() -> Path:
    """Make and return the first of `places` that can be written to.

    Raises OSError, with the reason of the last one tried, where there is none.
    """
    for folder in places():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            reason = error
    raise reason


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: after a crash it is there whole, or as it was before.

    Raises OSError, for a full disk for instance; an older file is then untouched.
    """
    _remove_old_drafts(path)
    # opened like any file, not by tempfile: others in a shared classroom folder must read it too
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remove_old_drafts(path: Path) -> None:
    with contextlib.suppress(OSError):  # another process has just removed one
        for draft in path.parent.glob(f".{glob.escape(path.name)}-{'[0-9a-f]' * 8}"):
            if time.time() - draft.stat().st_mtime > DRAFT_SECONDS:
                draft.unlink()
