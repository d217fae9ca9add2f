"""Words with times, derived from characters with times and labelled spaces."""

import pandas as pd

space, blank = "_", "*"


def words_of_characters(labels: pd.DataFrame) -> pd.DataFrame:
    """Join the characters between two spaces to a word, from the start of the first to the end of the last.

    ``labels`` has the columns utterance, start, end, label, in order within an utterance, and so does the result. A
    ``blank`` is not part of a word and does not end one. Characters of an alignment
    do not repeat, so 'letter' becomes 'leter', and words that differ only in doubled letters become equal.
    """
    kept = labels[labels["label"] != blank]
    starts_word = (kept["utterance"] != kept["utterance"].shift()) | (kept["label"] == space)
    inside = kept.assign(word=starts_word.cumsum())[kept["label"] != space]
    words = inside.groupby("word", sort=False).agg(
        utterance=("utterance", "first"), start=("start", "first"), end=("end", "last"), label=("label", "".join)
    )
    return words.reset_index(drop=True)
