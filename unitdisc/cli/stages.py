"""Commands that compare the stages of a run, features, encoder output, codes and units, by ABX and by probes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from unitdisc.cli import app
from unitdisc.cli.runs import Run, run_of
from unitdisc.cli.steps import Config, Corpus, Model, Seed, Splits, Threads

if TYPE_CHECKING:
    import pandas as pd

    from unitdisc.config import Abx, Probes
    from unitdisc.tables import Score, UnitSequence
    from unitdisc.units.representations import Representations


@app.command("abx-run")
def abx_run(
    corpus: Corpus,
    model: Model,
    split: Splits = None,
    seed: Seed = 0,
    config: Config = "config.yaml",
    threads: Threads = 1,
) -> None:
    """Score the features, encoder output, codes and units of splits by ABX, side by side (docs/abx.md).

    If no split is given, these are scoring.abx.splits of the configuration.

    Example: unitdisc abx-run --corpus sample-speech --model vq --split test
    """
    from unitdisc import tables
    from unitdisc.config import Abx

    run = run_of(config, corpus, model, seed)
    settings = run.experiment.scoring.abx or Abx()
    for each in run.chosen(split, of=settings.splits):
        units = run.units(each, "encoded")
        items = _items(run, each, units, settings)
        scores = [] if items is None else _abx(run, each, units, items, settings, threads)
        tables.write(run.folder / f"{each}.abx.tsv", scores, tables.Score)


def _items(run: Run, split: str, units: "Mapping[str, UnitSequence]", settings: "Abx") -> "pd.DataFrame | None":
    from unitdisc.config import seconds_or_columns
    from unitdisc.scores.choice import choose_items

    archive = run.features(split)
    frame = seconds_or_columns(run.settings.features)
    return choose_items(
        run.labels,
        run.speakers,
        {name: len(archive[name]) * frame for name in archive},
        settings=settings,
        exclude=run.settings.exclude,
        shortest=max([frame, *(sequence.frame_shift for sequence in units.values())]),
    )


def _abx(
    run: Run, split: str, units: "Mapping[str, UnitSequence]", items: "pd.DataFrame", settings: "Abx", threads: int
) -> "list[Score]":
    import torch

    from unitdisc.scores.renditions import Rendition, score_renditions

    torch.set_num_threads(threads)
    whole = representations(run, split)
    vectors = [Rendition(name, whole.stage(name), whole.frame_shift(name), settings.distance) for name in whole.stages]
    sequences = {name: sequence.units for name, sequence in units.items()}
    shift = whole.frame_shift("codes")
    distances: tuple[Literal["identical", "levenshtein"], ...] = ("identical", "levenshtein")
    renditions = [*vectors, *(Rendition(f"units_{name}", sequences, shift, name) for name in distances)]
    scoring = run.experiment.scoring
    return list(
        score_renditions(
            renditions,
            items,
            settings=settings,
            bootstrap=scoring.bootstrap,
            seed=scoring.confidence_seed,
            threads=threads,
        )
    )


def representations(run: Run, split: str) -> "Representations":
    """Return the utterances of a split at every stage of a run's model."""
    from unitdisc.units.representations import Representations

    return Representations(run.trained, run.features(split), run.speakers)


@app.command()
def probe(corpus: Corpus, model: Model, seed: Seed = 0, config: Config = "config.yaml", threads: Threads = 1) -> None:
    """Score how well a linear and a two-layer classifier tell labels from features, encoder output and codes.

    Trained on train, stopped on dev, scored on test, into probe.scores.tsv of the run (docs/metrics.md).

    Example: unitdisc probe --corpus sample-speech --model vq --seed 0
    """
    from unitdisc import tables
    from unitdisc.config import Probes

    run = run_of(config, corpus, model, seed)
    labels = run.labels
    counted = set(labels.loc[~labels["label"].isin(run.settings.exclude), "utterance"])
    labelled = {utterance.split for name, utterance in run.utterances.items() if name in counted}
    settings = run.experiment.scoring.probes or Probes()
    scores = _probe(run, labels, settings, threads) if {"train", "test"} <= labelled else []
    tables.write(run.folder / "probe.scores.tsv", scores, tables.Score)


def _probe(run: Run, labels: "pd.DataFrame", settings: "Probes", threads: int) -> "list[Score]":
    import torch

    from unitdisc.probes.run import probe_run

    torch.set_num_threads(threads)
    scoring = run.experiment.scoring
    return probe_run(
        {split: representations(run, split) for split in run.splits},
        labels,
        exclude=run.settings.exclude,
        settings=settings,
        seed=run.seed,
        bootstrap=scoring.bootstrap,
        confidence_seed=scoring.confidence_seed,
    )
