# make run    the whole DAG on the embedded sample corpora
# make test   the test suite           make check   formatting, lint, types
# make bench  benchmarks beside the peers
python := .venv/bin/python

.PHONY: run test check bench clean

run: .venv/run.stamp
	PATH="$(CURDIR)/.venv/bin:$$PATH" snakemake --cores all

test: .venv/dev.stamp
	$(python) -m pytest

check: .venv/dev.stamp
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/.venv/bin:$$PATH" snakemake --lint

.venv/run.stamp: pyproject.toml constraints.txt
	test -x $(python) || python3.11 -m venv .venv
	$(python) -m pip install -c constraints.txt -e '.[sample]'
	touch $@

.venv/dev.stamp: .venv/run.stamp
	$(python) -m pip install -c constraints.txt -e '.[sample,dev]'
	touch $@
