"""The card of a data set: front matter that the Hugging Face Hub reads, and how the units were made."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from unitdisc.units.exports.export_split import Origin

text_row = "| text | the transcript; null where there is none |\n"
grid_row = "| grid | rows and columns of the tokens of an image, which go row by row |\n"


def card(origin: Origin, rows: Mapping[str, int]) -> str:
    """Return the text of README.md; ``rows`` are the utterances per split, in the order of the splits."""
    header = yaml.safe_dump(_front_matter(origin, rows), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{header}---\n\n{_text(origin, rows)}"


def _front_matter(origin: Origin, rows: Mapping[str, int]) -> dict[str, Any]:
    numbers = {"duration": "float64", "frame_shift": "float64"}
    texts = ("utterance", origin.modality.source, "speaker", "split")
    label = [{"name": "start", "dtype": "float64"}, {"name": "end", "dtype": "float64"}]
    features: list[dict[str, Any]] = [
        *({"name": name, "dtype": "string"} for name in texts),
        *({"name": name, "dtype": kind} for name, kind in numbers.items()),
        {"name": "units", "list": "int32" if origin.codebooks == 1 else {"list": "int32"}},
        {"name": "durations", "list": "int32"},
        {"name": "labels", "list": [*label, {"name": "label", "dtype": "string"}]},
        *([{"name": "text", "dtype": "string"}] if origin.transcribed else []),
        *([] if origin.grid is None else [{"name": "grid", "list": "int32"}]),
    ]
    filled = [split for split in origin.splits if rows[split]]  # datasets cannot load a split without rows
    return {
        "pretty_name": f"Units of {origin.corpus}",
        "tags": [origin.modality.name, "discrete-units"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{split}.parquet"} for split in filled],
            }
        ],
        "dataset_info": {"features": features},
    }


def _text(origin: Origin, rows: Mapping[str, int]) -> str:
    modality = origin.modality
    kept = "one per token" if origin.repeats == "keep" else "one per run of equal tokens"
    trained = origin.facts["trained"]
    described = json.dumps(trained, indent=1, ensure_ascii=False, sort_keys=True)
    words = f"{origin.codewords} codewords"
    if origin.codebooks > 1:
        words = f"{origin.codebooks} codebooks of {words} each"
        kept += f", each a list of {origin.codebooks} indices, codebook 0 first"
    places = (text_row if origin.transcribed else "") + ("" if origin.grid is None else grid_row)
    counts = ", ".join(f"{rows[split]} in {split}" for split in origin.splits)
    return f"""# Units of {origin.corpus}

Discrete units of {modality.name} from unitdisc {origin.facts["versions"]["unitdisc"]}: corpus `{origin.corpus}`,
model `{origin.model}`, seed {origin.seed}. There are {words}, and {origin.facts["frame_shift"]:g}
{modality.times} from token to token. Utterances: {counts}.

| column | what it holds |
| --- | --- |
| utterance, speaker, split | names |
| {modality.source} | the file of the utterance, where it was when the units were made |
| duration, frame_shift | of the utterance, and from token to token, in {modality.times} |
| units | codewords, {kept}, from 0 to {origin.codewords - 1} |
| durations | how many tokens each unit lasts |
| labels | start, end and label, in {modality.times}; null where there are none |
{places}
## How the units were made

`manifest.json` in the folder above lists the files with their SHA-256, and what else the units depend on. The model and
its features, as the model itself recorded them:

```json
{described}
```
"""
