"""Parts of recordings that lists name by their times."""

from unitdisc.errors import InputError
from unitdisc.formats.text import close
from unitdisc.notices import Notices


def cut(source: str, duration: float, start: float, end: float, slack: float, notices: Notices) -> float:
    """Return the end of a part of a recording of ``duration`` seconds, which it may pass by ``slack``, with a notice.

    Raises InputError for a part that passes it by more, is reversed, or starts before 0.
    """
    if not 0 <= start < min(end, duration) or end > duration + slack + close:
        raise InputError(f"segment {start:g}–{end:g} s does not lie in the {duration:g} s of audio")
    if end > duration + close:
        what = f"{start:g}–{end:g} s of {source}, which has {duration:g} s"
        notices.add("segments past the end of their recording, cut there", what)
    return min(end, duration)
