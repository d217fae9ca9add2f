"""Commands that compare the stages of a run, features, encoder output, codes and units, by ABX and by probes."""

from typing import TYPE_CHECKING, Literal

from unitdisc.cli import app
from unitdisc.cli.runs import Run, run_of
from unitdisc.cli.steps import Config, Corpus, Model, Seed, Split, Threads

if TYPE_CHECKING:
    from unitdisc.scores.renditions import Rendition
    from unitdisc.units.representations import Representations


@app.command("abx-run")
def abx_run(
    corpus: Corpus, model: Model, split: Split, seed: Seed = 0, config: Config = "config.yaml", threads: Threads = 1
) -> None:
    """Score the features, encoder output, codes and units of a split by ABX, side by side (docs/abx.md).

    Example: unitdisc abx-run --corpus sample-speech --model vq --split test
    """
    import torch

    from unitdisc import tables
    from unitdisc.config import Abx
    from unitdisc.scores.renditions import choose_items, score_renditions

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    scoring = run.experiment.scoring
    settings = scoring.abx or Abx()
    whole = representations(run, split)
    renditions = _renditions(run, split, whole, settings.distance)
    items = choose_items(
        run.labels(),
        {name: utterance.speaker for name, utterance in run.utterances().items()},
        {name: whole.rows(name, "features") * whole.frame_shift("features") for name in whole.utterances},
        settings=settings,
        exclude=run.settings.exclude,
        shortest=max(rendition.frame_shift for rendition in renditions),
    )
    options = {"bootstrap": scoring.bootstrap, "seed": scoring.confidence_seed, "threads": threads}
    scores = [] if items is None else score_renditions(renditions, items, settings=settings, **options)
    tables.write(run.folder / f"{split}.abx.tsv", scores, tables.Score)


def representations(run: Run, split: str) -> "Representations":
    """Return the utterances of a split at every stage of a run's model."""
    from unitdisc.features.archive import Archive
    from unitdisc.units.representations import Representations

    speaker = {name: utterance.speaker for name, utterance in run.utterances().items()}
    archive = Archive(run.corpus_folder / "features" / f"{split}.scp")
    return Representations(run.trained(), archive, speaker)


def _renditions(
    run: Run, split: str, whole: "Representations", distance: Literal["angular", "euclidean"]
) -> list["Rendition"]:
    from unitdisc.scores.renditions import Rendition

    vectors = [Rendition(name, whole.stage(name), whole.frame_shift(name), distance) for name in whole.stages]
    units = run.units(split, "encoded")
    sequences = {name: sequence.units for name, sequence in units.items()}
    shift = whole.frame_shift("codes")
    return [
        *vectors,
        Rendition("units_identical", sequences, shift, "identical"),
        Rendition("units_levenshtein", sequences, shift, "levenshtein"),
    ]


@app.command()
def probe(corpus: Corpus, model: Model, seed: Seed = 0, config: Config = "config.yaml", threads: Threads = 1) -> None:
    """Score how well a linear and a two-layer classifier tell labels from features, encoder output and codes.

    Trained on train, stopped on dev, scored on test, into probe.scores.tsv of the run (docs/metrics.md).

    Example: unitdisc probe --corpus sample-speech --model vq --seed 0
    """
    import torch

    from unitdisc import tables
    from unitdisc.config import Probes
    from unitdisc.probes.run import probe_run

    torch.set_num_threads(threads)
    run = run_of(config, corpus, model, seed)
    scoring = run.experiment.scoring
    scores = probe_run(
        {split: representations(run, split) for split in run.splits},
        run.labels(),
        exclude=run.settings.exclude,
        settings=scoring.probes or Probes(),
        seed=seed,
        bootstrap=scoring.bootstrap,
        confidence_seed=scoring.confidence_seed,
    )
    tables.write(run.folder / "probe.scores.tsv", scores, tables.Score)
