# make run      the whole DAG on the embedded sample corpora, the score table, the report
# make test     the test suite          make check   formatting, lint, types, workflow
# make bench    benchmarks beside the peers
# make clean    remove the results of the sample corpora; the environment stays
PYTHON ?= python3.11
bin := .venv/bin
benchmarks := features quantizer reservoir kmeans training_step discovery abx segmentation
export PATH := $(CURDIR)/$(bin):$(PATH)

.PHONY: run test check bench clean

run: .venv/run.stamp
	snakemake --cores all
	@unitdisc scores results

test: .venv/dev.stamp
	$(bin)/python -m pytest

check: .venv/dev.stamp
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/snakefmt --check Snakefile workflow
	$(bin)/snakemake --lint

bench: .venv/dev.stamp
	@for name in $(benchmarks); do echo "# $$name"; $(bin)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf results .snakemake

.venv/run.stamp: pyproject.toml constraints.txt
	test -x $(bin)/python || $(PYTHON) -m venv .venv
	$(bin)/python -m pip install --constraint constraints.txt --editable '.[sample]'
	@touch $@

.venv/dev.stamp: .venv/run.stamp
	$(bin)/python -m pip install --constraint constraints.txt --editable '.[sample,dev]'
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null \
	    && apt-get update && apt-get install --yes --no-install-recommends chromium; } \
	    || echo 'no chromium, and none can be installed: the browser tests of the report are skipped'
	@# The PAGE schema is one file of OCR-D's package, whose 75 dependencies (OpenCV, MongoDB, Docker) stay out.
	@$(bin)/python -m pip install --quiet --upgrade --no-deps --target .venv/schemas --constraint constraints.txt ocrd \
	    || echo 'no PAGE schema to be had: exports are not validated by it'
	@touch $@
