"""The metrics that the page names in full: what each is called, how it is written, and which way is better."""

from dataclasses import dataclass
from typing import Literal

Better = Literal["high", "low", "neither"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by ``name`` (without the suffix of its view), its column's ``title`` and what it tells."""

    name: str
    title: str
    tells: str
    better: Better
    percent: bool = False
    digits: int = 1

    def text(self, value: float) -> str:
        """Write a value; nothing for nan."""
        if value != value:
            return ""
        return f"{100 * value:.{self.digits}f}" if self.percent else f"{value:.{self.digits}f}"


table = (
    Metric("many_to_one_heldout", "accuracy %", "units mapped to labels on train", "high", percent=True),
    Metric("many_to_one", "own mapping %", "units mapped to labels on the scored split itself", "high", percent=True),
    Metric("one_to_one", "one-to-one %", "each label has one unit at most", "high", percent=True),
    Metric("nmi", "NMI", "normalised mutual information of units and labels", "high", digits=3),
    Metric("boundary_f1_heldout", "boundary F1 %", "where mapped labels change against where labels do", "high", True),
    Metric(
        "abx_codes_within", "ABX within %", "how often a code of another label is nearer, same speaker", "low", True
    ),
    Metric(
        "abx_codes_across", "ABX across %", "how often a code of another label is nearer, other speaker", "low", True
    ),
    Metric("phone_error_rate", "PER %", "edits from the phones that CTC decodes to the true ones", "low", True),
    Metric("units_used", "units", "codewords used", "neither", digits=0),
    Metric("perplexity", "perplexity", "units as if all were used equally often", "neither"),
    Metric("bitrate", "bit rate", "bits a second (speech) or a column (handwriting)", "neither", digits=1),
)
views = {"": "without silence and space", "_excluded": "with silence and space"}
without_view = (  # they have one view
    "abx_codes_within",
    "abx_codes_across",
    "phone_error_rate",
    "units_used",
    "perplexity",
    "bitrate",
)
accuracy = "many_to_one_heldout"
level = "majority_heldout"


def named(metric: str, view: str) -> str:
    """Return the name under which a metric stands in scores.tsv in a view."""
    return metric if metric in without_view else metric + view
