"""The training step: from the features of train and dev, and of test for a curve alone, to a model."""

import torch

from unitdisc.provenance import code_digest
from unitdisc.signals import EXIT_AGAIN, ending
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.dependencies import chosen_modules, dependencies
from unitdisc.steps.run import Run
from unitdisc.training import processes
from unitdisc.training.fit import fit


def run(run: Run, *, threads: int | None = None, arguments: list[str] | None = None) -> int:
    """Train a model and return the exit code; an interrupted training continues where it was saved.

    A scheduler's signal ends it with ``EXIT_AGAIN``.

    ``threads`` is the number of threads of all processes together, by default that of the model's settings. A training
    with several processes starts them with the ``arguments`` of the command line.
    """
    with ending(EXIT_AGAIN):
        return _run(run, threads, arguments or [])


def _run(run: Run, threads: int | None, arguments: list[str]) -> int:
    settings = run.experiment.model(run.model)
    code = processes.launch(settings.processes, arguments)
    if code is not None:
        return code
    torch.set_num_threads(processes.share(threads or settings.threads))
    chosen = chosen_modules(run.experiment, dependencies["train"], corpus=run.corpus, model=run.model)
    fit(
        settings,
        run.settings.features,
        {split: run.corpus_files.index(split) for split in run.splits if split in settings.splits},
        list(run.utterances.values()),
        run.files,
        seed=run.seed,
        built_on=run.experiment.built_on(run.corpus, run.model, run.seed),
        labels=indexed_labels(run.corpus_files) if settings.learns_labels else None,
        ignore=run.settings.ignore,
        code=code_digest("unitdisc.steps.train", *chosen),
    )
    return 0
