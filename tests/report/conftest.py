"""Results that several tests of the report look at and none changes."""

import numpy as np
import pytest

from tests.helpers import report_results
from unitdisc.config import Experiment
from unitdisc.report import results
from unitdisc.report.browser import windows
from unitdisc.report.browser.unit_statistics import UnitStatistics, count_units
from unitdisc.report.page import render


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return report_results.write(report_results.experiment(tmp_path_factory.mktemp("report") / "results"))


@pytest.fixture(scope="session")
def page(plan: Experiment) -> str:
    return render(plan)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> results.CorpusResults:
    plan = report_results.experiment(tmp_path_factory.mktemp("corpus") / "r", runs={"talk": ["vq"]})
    return results.of_experiment(report_results.write(plan))[0]


@pytest.fixture(scope="session")
def statistics(corpus: results.CorpusResults) -> UnitStatistics:
    cut = windows.cut(corpus)
    (counted,) = count_units(corpus, corpus.runs[0], cut, np.arange(len(cut)))
    return counted
