# The checked configuration, and functions for the rules that query the plan (unitdisc/steps/workflow.py).
import gc
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

try:
    from unitdisc.config import splits
    from unitdisc.config.load import check_config
    from unitdisc.errors import InputError
    from unitdisc.steps import locks
    from unitdisc.steps.cluster_names import check_names
    from unitdisc.steps.workflow import Plan
except ImportError as error:
    raise WorkflowError(
        f"unitdisc is not installed for this Python ({error}); run: make run"
    )

if shutil.which("unitdisc") is None:
    raise WorkflowError(
        "the command unitdisc is not on PATH; run: make run, or activate its environment: . .venv/bin/activate"
    )

try:
    plan = Plan(check_config(config, (workflow.configfiles or [None])[-1]))
except InputError as error:
    raise WorkflowError(str(error))

if advice := locks.notice(Path.cwd(), sys.argv):
    print(advice, file=sys.stderr)

experiment = plan.experiment
any_corpus, any_run = plan.any_corpus, plan.any_run
# Snakemake would format the path of the environment, and fail on braces in it.
environment = None if "{" in str(workflow.basedir) else "../envs/unitdisc.yaml"


def one_of(names):
    return "|".join(map(re.escape, names)) or "-"


def code(step):
    """Return the digest of a step's code, as a parameter of a rule."""
    return lambda w: plan.code(step, w.get("corpus"), w.get("model"))


def settings(step):
    """Return the file with the part of the configuration that a step reads, as a parameter of a rule."""
    return lambda w: plan.settings_file(
        step,
        w.get("corpus"),
        w.get("model"),
        write=workflow.executor_plugin is not None and not workflow.dryrun,
    )


def megabytes(step):
    """Return the memory of a job, by the size of its corpus, as a resource of a rule."""
    return lambda w, attempt, threads: plan.resources.megabytes(
        step, w.get("corpus"), attempt, threads
    )


def minutes(step):
    """Return the time of a job, by the size of its corpus, as a resource of a rule."""
    return lambda w: plan.resources.minutes(step, w.get("corpus"))


def archives(of=splits):
    """Return the features of a corpus, as the input of a rule."""
    return lambda w: plan.archives(w.corpus, of)


def units(section=""):
    """Return the units that a section of the configuration reads, as the input of a rule."""
    return lambda w: plan.units(w.corpus, w.model, w.seed, section)


def encoded(of):
    """Return the units of splits, as the input of a rule; none for a model without a quantiser."""
    return lambda w: plan.encoded(w.corpus, w.model, w.seed, of)


def model_of(wildcards):
    return experiment.models[wildcards.model]


# Thousands of jobs are millions of objects that stay, which are looked through in vain.
gc.set_threshold(100_000, 50, 50)


wildcard_constraints:
    corpus=one_of(experiment.corpora),
    model=one_of(experiment.models),
    seed="[0-9]+",
    split=one_of(splits),
    part="[0-9]+-of-[0-9]+",


# Before the first job; what runs on this machine goes through no shell but that of the rules.
onstart:
    if workflow.non_local_exec:
        for corpus in experiment.corpora:
            paths = [*plan.corpus_files(corpus), *plan.word_files(corpus)]
            try:
                check_names([str(experiment.results), *paths])
            except InputError as error:
                raise WorkflowError(str(error))
