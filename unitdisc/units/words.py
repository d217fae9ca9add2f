"""Words with times, told from characters with times where a label stands for the space between them."""

import pandas as pd


def words_of_characters(labels: pd.DataFrame, *, space: str = "_", blank: str = "*") -> pd.DataFrame:
    """Join the characters between two spaces to a word, from the first's start to the last's end.

    ``labels`` has the columns utterance, start, end, label, in order within an utterance; so has what is returned,
    which is empty where no label is a space. A ``blank`` belongs to no word and ends none. Characters of an alignment
    do not repeat, so a word is told as in 'leter': words that differ by a doubled letter are one.
    """
    if not (labels["label"] == space).any():
        return labels.iloc[:0]
    kept = labels[labels["label"] != blank]
    fresh = (kept["utterance"] != kept["utterance"].shift()) | (kept["label"] == space)
    inside = kept.assign(word=fresh.cumsum())[kept["label"] != space]
    found = inside.groupby("word", sort=False).agg(
        utterance=("utterance", "first"), start=("start", "first"), end=("end", "last"), label=("label", "".join)
    )
    return found.reset_index(drop=True)
