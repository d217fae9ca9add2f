"""What all parts of the configuration share."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict

Split = Literal["train", "dev", "test"]
splits: tuple[Split, ...] = get_args(Split)
Value = TypeVar("Value")


def in_order(by_split: dict[Split, Value]) -> dict[Split, Value]:
    """Return train, dev, test in this order, so that the order in the file changes nothing."""
    return {split: by_split[split] for split in splits if split in by_split}


InOrder = AfterValidator(in_order)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the ``known`` names is nearest to ``name``, or list them, as the end of an error line."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; the nearest known is {close[0]!r}"
    return f"; known are {', '.join(names)}" if names else ""


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def of_kind(usual: str) -> Callable[[Any], Any]:
    """Return what makes a section of its kind's name alone, and of one that names no kind the ``usual`` one."""

    def completed(value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        return {"kind": usual, **value} if isinstance(value, dict) else value

    return completed
