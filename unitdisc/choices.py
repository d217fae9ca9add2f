"""The names that an option or a setting can be, shared by the command line, the configuration and the code."""

from typing import Literal, get_args

UnitDistance = Literal["identical", "levenshtein"]
Distance = Literal["angular", "cosine", "euclidean", "kl_symmetric", UnitDistance]
Speaker = Literal["within", "across"]  # of x, against that of a and b
ProbeKind = Literal["linear", "mlp"]
Context = Literal["within", "any"]  # of a, b and x: the same neighbours, or any
LabelFormat = Literal["tsv", "ctm", "textgrid", "phn", "eaf", "text_ali", "discophon"]
Fold = Literal["timit-39"]
StripMarks = bool | Literal["auto"]
Drawn = Literal["utterances", "speakers"]  # by a bootstrap
Lengths = Literal["strict", "common"]  # units and labels that end more than a token apart: an error, or cut
OnBadUtterance = Literal["stop", "skip"]
SplitBy = Literal["speaker", "file"]
SplitSize = Literal["utterances", "duration"]
Durations = Literal["measured", "table"]  # of recordings: from their headers, or as a table says
PageFormat = Literal["page", "alto"]
BarePages = Literal["stop", "skip", "segment"]  # without a page file: an error, left out, or segmented by kraken
Normalise = Literal["none", "global", "speaker"]
StatisticsOf = Literal["speaker", "own", "train"]  # that new files are normalised with
# What reconstructions are compared by: log-mel energies, the ink of a line, the colours of an image.
Surface = Literal["log-mels", "ink", "colours"]
Hearing = Literal["whole", "levelled"]  # of utterances by a classifier of speakers
Values = Literal["likeliest", "sampled"]  # of a distribution that a decoder gives
UnitsFrom = Literal["encoded", "segmented"]
Repeats = Literal["keep", "collapse"]
RepeatsWritten = Literal["keep", "collapse", "both"]
# Labels of silence and noise in common alignments.
silences = ("SIL", "SPN", "NSN", "SP", "sil", "spn", "nsn", "sp", "<eps>")
Device = Literal["auto", "cpu", "cuda"]
# Of a layer of a transformer: after its last sum, the same after the norm that follows all layers, or before the sum.
LayerOutput = Literal["layer", "normalised", "feedforward"]
# Networks of torchaudio.pipelines that were trained without labels.
Bundle = Literal[
    "HUBERT_BASE", "HUBERT_LARGE", "HUBERT_XLARGE", "WAV2VEC2_BASE", "WAV2VEC2_LARGE", "WAV2VEC2_LARGE_LV60K",
    "WAV2VEC2_XLSR53", "WAV2VEC2_XLSR_300M", "WAV2VEC2_XLSR_1B", "WAV2VEC2_XLSR_2B", "WAVLM_BASE", "WAVLM_BASE_PLUS",
    "WAVLM_LARGE",
]  # fmt: skip
bundles: tuple[Bundle, ...] = get_args(Bundle)
Track = Literal["many-to-one", "one-to-one"]  # of DiscoPhon: units to phonemes
ItemKind = Literal["triphone", "phoneme"]  # of DiscoPhon's item files
ItemKinds = Literal["none", ItemKind, "both"]
PieceAlgorithm = Literal["bpe", "unigram"]
