"""The speaker of a file in a folder: one of the folders that it lies in, or a part of its path."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from unitdisc.errors import InputError
from unitdisc.formats.text import plain_name


def checked(rule: int | str) -> int | str:
    """Return a rule as it is; raises ValueError for the folder 0 and for what is no regular expression."""
    if rule == 0:
        raise ValueError("speaker counts folders from 1, or from -1 for the innermost")
    try:
        re.compile(str(rule))
    except re.error as error:
        raise ValueError(f"speaker {rule!r} is not a regular expression ({error})") from None
    return rule


SpeakerRule = Annotated[int | str, AfterValidator(checked)]


def speaker_of(relative: Path, rule: int | str, root: Path) -> str:
    """Return the speaker of the file at a path below ``root``.

    A number is that of a folder, from 1 for the first below ``root`` or from -1 for the innermost. A text is a regular
    expression, whose first group, or whole match, in the path without its ending is the speaker. Raises InputError
    for a path that has no such folder or match.
    """
    if isinstance(rule, int):
        folders, at = relative.parts[:-1], rule - 1 if rule > 0 else rule
        if not -len(folders) <= at < len(folders):
            what = f"lies {len(folders)} folders below {root}, so folder {rule} is not its speaker"
            raise InputError(what, root / relative, fix="change the setting speaker, or move the file")
        return plain_name(folders[at])
    match = re.search(rule, relative.with_suffix("").as_posix())
    speaker = match and match[1 if match.re.groups else 0]
    if not speaker:
        raise InputError(f"has no speaker {rule!r} in its path", root / relative, fix="change the setting speaker")
    return plain_name(speaker.replace("/", "-"))
