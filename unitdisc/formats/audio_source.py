"""Where recordings come from: a file, an entry of a Kaldi archive (``archive:offset``), or a pipe (``program … |``).

A part of such a source is ``source#t=start,end`` in seconds, with ``;channel=number`` (from 0) for one channel.
"""

import io
import re
import shlex
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from unitdisc.errors import InputError
from unitdisc.files import is_a_file, is_there
from unitdisc.guard import reason

shell_characters = set(";&|<>`$(){}*?[]~\n")


class Part(NamedTuple):
    """A source: its file, archive entry or pipe, and the part of it, in seconds; channels are counted from 0."""

    name: str
    start: float = 0.0
    end: float | None = None
    channel: int | None = None

    def __str__(self) -> str:
        if self.end is None:
            return self.name
        channel = "" if self.channel is None else f";channel={self.channel}"
        return f"{self.name}#t={self.start:.6f},{self.end:.6f}{channel}"


def part_of(source: str) -> Part:
    """Return the parts of a source's text."""
    number = r"([0-9]{1,12}(?:\.[0-9]{1,12})?)"
    match = re.fullmatch(rf"(.*)#t={number},{number}(?:;channel=([0-9]{{1,9}}))?", source, flags=re.DOTALL)
    if not match:
        return Part(source)
    return Part(match[1], float(match[2]), float(match[3]), int(match[4]) if match[4] else None)


def split_entry(name: str) -> tuple[str, str]:
    """Return the archive of ``archive:offset`` and the rest of the text; a file alone has no rest."""
    match = re.fullmatch(r"(.+)(:[0-9]{1,99})", name, flags=re.DOTALL)
    return (match[1], match[2]) if match else (name, "")


def check_pipe(command: str, allowed: Sequence[str], path: Path | None = None, line: int | None = None) -> list[str]:
    """Split the ``command`` of a pipe into its words, if its program is among the ``allowed`` ones.

    Raises InputError for a program that is not allowed, and for anything that needs a shell.
    """
    try:
        words = shlex.split(command.rstrip().removesuffix("|"))
    except ValueError as error:
        raise InputError(f"pipe command cannot be read ({error})", path, line) from None
    program = words[0] if words else ""
    if program not in allowed:
        fix = f"if you trust it, set allow_pipes: [{program}] in the corpus's configuration"
        raise InputError(f"pipe commands are not run: {command!r}", path, line, fix)
    if any(shell_characters & set(word) for word in words):
        raise InputError(f"pipe command {command!r} needs a shell, and none is used", path, line)
    return words


def opened(name: str, allowed: tuple[str, ...]) -> BinaryIO:
    """Open a source of bytes; raises InputError for one that is missing, empty or not allowed."""
    if name.endswith("|"):
        return io.BytesIO(_output(name, allowed))
    path = Path(name)
    archive, offset = split_entry(name)
    try:
        if offset and not is_there(path):
            return io.BytesIO(_entry(Path(archive), int(offset[1:])))
        if not is_a_file(path):
            raise InputError("no such recording", path)
        if not path.stat().st_size:
            raise InputError("is empty", path)
        return path.open("rb")
    except (OSError, ValueError, OverflowError) as error:  # such as a name that is too long, or holds a NUL
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot be opened ({reason(error)})", path) from None


def _entry(archive: Path, offset: int) -> bytes:
    """Return the bytes of a recording in a Kaldi archive: a WAV or FLAC, or what ESPnet writes with its length.

    A WAV has its length in its header; a FLAC is followed by the rest of the archive, which no decoder reads.
    """
    if not archive.is_file():
        raise InputError("no such archive", archive)
    with archive.open("rb") as file:
        file.seek(min(offset, archive.stat().st_size))
        head = file.read(8)
        if head[:5] == b"AUDIO":
            file.seek(offset + 6)
            return _read(file, int.from_bytes(file.read(head[5]), "little"))
        if head[:4] == b"fLaC":
            return head + file.read()
        if head[:4] != b"RIFF":
            raise InputError(f"holds no WAV or FLAC at {offset}", archive)
        return head + _read(file, int.from_bytes(head[4:], "little"))


def _read(file: BinaryIO, count: int) -> bytes:
    """Return so many bytes, or all that are left: no memory is asked for that a header promises and the file lacks."""
    position = file.tell()
    left = file.seek(0, 2) - position
    file.seek(position)
    return file.read(min(count, max(left, 0)))


@lru_cache(maxsize=1)  # the segments of a recording follow one another
def _output(command: str, allowed: tuple[str, ...]) -> bytes:
    """Return what the program of a pipe writes."""
    words = check_pipe(command, allowed)
    try:
        output = subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout  # noqa: S603
    except FileNotFoundError:
        raise InputError(f"the program {words[0]} of the pipe {command!r} is not installed") from None
    except (OSError, ValueError) as error:
        raise InputError(f"the pipe {command!r} cannot be run ({error})") from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2].strip()
        said = f": {last}" if last else ""
        raise InputError(f"the pipe {command!r} ended with exit code {error.returncode}{said}") from None
    if not output:
        raise InputError(f"the pipe {command!r} gave no audio")
    return output
