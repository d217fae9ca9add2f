"""The names that an option or a setting can be, shared by the command line, the configuration and the code."""

from typing import Literal

UnitDistance = Literal["identical", "levenshtein"]
Distance = Literal["angular", "cosine", "euclidean", "kl_symmetric", UnitDistance]
Speaker = Literal["within", "across"]  # of x, against that of a and b
ProbeKind = Literal["linear", "mlp"]
Context = Literal["within", "any"]  # of a, b and x: the same neighbours, or any
LabelFormat = Literal["tsv", "ctm", "textgrid", "phn", "text_ali"]
Lengths = Literal["strict", "common"]  # units and labels that end more than a token apart: an error, or cut
OnBadUtterance = Literal["stop", "skip"]
SplitBy = Literal["speaker", "file"]
SplitSize = Literal["utterances", "duration"]
Durations = Literal["measured", "table"]  # of recordings: from their headers, or as a table says
Normalise = Literal["none", "global", "speaker"]
UnitsFrom = Literal["encoded", "segmented"]
Repeats = Literal["keep", "collapse"]
RepeatsWritten = Literal["keep", "collapse", "both"]
# Labels of silence and noise in common alignments.
silences = ("SIL", "SPN", "NSN", "SP", "sil", "spn", "nsn", "sp", "<eps>")
PieceAlgorithm = Literal["bpe", "unigram"]
