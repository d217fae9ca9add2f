"""Splits by share: utterances are drawn in groups, mostly of a speaker, that stay together."""

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from unitdisc.choices import SplitBy
from unitdisc.errors import InputError
from unitdisc.notices import Notices

near = 0.1  # of all: as far as a split may be from its share before there are too few speakers


def divided(
    speakers: Mapping[str, str],
    files: Mapping[str, str],
    sizes: Mapping[str, float],
    shares: Mapping[str, float],
    *,
    by: SplitBy | None,
    seed: int,
    notices: Notices,
) -> dict[str, str]:
    """Return the split of each utterance, such that the ``sizes`` of the splits are near their ``shares``.

    No speaker (``by`` speaker) or no file (``by`` file) is in two splits. None means speakers where that comes within
    ``near`` of the shares, otherwise files, with a notice. Raises InputError where there are fewer than splits.
    """
    _check(shares)
    if not speakers:
        return {}
    people = set(speakers.values())
    alone = len(people) == len(speakers)  # nobody has two utterances, so there is nothing to tell
    if by == "speaker" or (by is None and (alone or len(people) >= len(shares))):
        chosen = by_group(speakers, sizes, shares, seed=seed, what="speakers" if by else "files")
        off = _distance(chosen, sizes, shares)
        if by and off > near:
            notices.add("splits far from their shares, as speakers are not divided", f"by {100 * off:.0f} %")
        if by or alone or off <= near:
            return chosen
    if by is None:
        what = "files divided regardless of speaker, as there are too few speakers for the shares"
        notices.add(what, "split_by: speaker divides by speaker all the same", len(set(files.values())))
    return by_group(files, sizes, shares, seed=seed, what="files")


def by_group(
    groups: Mapping[str, str], sizes: Mapping[str, float], shares: Mapping[str, float], *, seed: int, what: str
) -> dict[str, str]:
    """Return the split of each utterance; those of one group have the same, and each split has a group.

    Groups of equal size are drawn at random. Others are placed one by one, in random order but those of twice the size
    and more first: where they fit, in the split with the least of its share, otherwise in that with most room. So no
    split exceeds its share by more than a group, unless that is its only one.
    """
    totals: dict[str, float] = defaultdict(float)
    for name, group in groups.items():
        totals[group] += sizes[name]
    if len(totals) < len(shares):
        fix = "set split_by: file, or name the splits" if what == "speakers" else None
        raise InputError(f"{len(totals)} {what} cannot fill {len(shares)} splits", fix=fix)
    shuffled = sorted(totals)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    equal = len(set(totals.values())) == 1
    placed = _drawn(shuffled, shares) if equal else _placed(shuffled, totals, shares)
    return {name: placed[group] for name, group in groups.items()}


def _check(shares: Mapping[str, float]) -> None:
    if not 0 < sum(shares.values()) < math.inf or min(shares.values()) <= 0:
        raise InputError(f"splits {dict(shares)} are not shares above 0")


def _drawn(shuffled: Sequence[str], shares: Mapping[str, float]) -> dict[str, str]:
    """Return the split of each group, by number: as many as the share says, and at least one."""
    chosen: dict[str, str] = {}
    remaining, remaining_share = shuffled, sum(shares.values())
    for number, (split, share) in enumerate(shares.items(), start=1):
        count = max(1, min(round(len(remaining) * share / remaining_share), len(remaining) - (len(shares) - number)))
        count = len(remaining) if number == len(shares) else count
        chosen |= dict.fromkeys(remaining[:count], split)
        remaining, remaining_share = remaining[count:], remaining_share - share
    return chosen


def _placed(shuffled: Sequence[str], totals: Mapping[str, float], shares: Mapping[str, float]) -> dict[str, str]:
    """Return the split of each group, by size; see ``by_group``."""
    whole, all_shares = math.fsum(totals.values()), sum(shares.values())
    wanted = {split: whole * share / all_shares for split, share in shares.items()}
    room, empty = dict(wanted), list(wanted)
    order = sorted(shuffled, key=lambda group: -math.frexp(totals[group])[1])
    chosen: dict[str, str] = {}
    for number, group in enumerate(order):
        size = totals[group]
        open_splits = empty if len(order) - number <= len(empty) else list(wanted)
        fitting = [split for split in open_splits if room[split] >= size]
        if fitting:
            split = max(fitting, key=lambda each: room[each] / wanted[each])
        else:
            split = max(open_splits, key=room.__getitem__)
        chosen[group] = split
        room[split] -= size
        if split in empty:
            empty.remove(split)
    return chosen


def _distance(chosen: Mapping[str, str], sizes: Mapping[str, float], shares: Mapping[str, float]) -> float:
    """Return by how much of all the split that is farthest from its share is off."""
    held = dict.fromkeys(shares, 0.0)
    for name, split in chosen.items():
        held[split] += sizes[name]
    whole, all_shares = sum(held.values()), sum(shares.values())
    return max(abs(held[split] / whole - share / all_shares) for split, share in shares.items()) if whole else 0.0
