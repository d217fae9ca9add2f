for name, splits, corpora in plan.by_splits("score"):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            units=[str(any_run.units(split)) for split in splits],
        output:
            [str(any_run.scores(split)) for split in splits],
        log:
            str(any_run.log("score")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("score"),
            runtime=minutes("score"),
        params:
            code=code("score"),
            config=settings("score"),
        shell:
            "unitdisc score --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --config {params.config:q} > {log:q} 2>&1"


# The labels that models with objective ctc recognise; only for these.
for name, splits, corpora in plan.by_splits("recognise", of=("dev", "test")):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
        output:
            scores=[str(any_run.recognition(split)) for split in splits],
            texts=[str(any_run.recognised(split)) for split in splits],
        log:
            str(any_run.log("recognise")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("recognise"),
            runtime=minutes("recognise"),
        params:
            code=code("recognise"),
            config=settings("recognise"),
        shell:
            "unitdisc recognise --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


# Bits per dimension of models whose decoder states a likelihood; only for these.
for name, splits, corpora in plan.by_splits("bits", of=("dev", "test")):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
            units=str(any_run.units("train")),
        output:
            [str(any_run.bits(split)) for split in splits],
        log:
            str(any_run.log("bits")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("bits"),
            runtime=minutes("bits"),
        params:
            code=code("bits"),
            config=settings("bits"),
        shell:
            "unitdisc bits --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


# What reconstructions keep, of models that reconstruct; only with a section scoring.fidelity.
for name, splits, corpora in plan.by_splits("fidelity", of=("dev", "test")):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            features=archives(),
            weights=str(any_run.weights),
            description=str(any_run.description),
        output:
            [str(any_run.fidelity(split)) for split in splits],
        log:
            str(any_run.log("fidelity")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("fidelity"),
            runtime=minutes("fidelity"),
        params:
            code=code("fidelity"),
            config=settings("fidelity"),
        shell:
            "unitdisc fidelity --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


for name, splits, corpora in plan.by_splits(
    "abx", of=plan.abx_splits, corpora=plan.whole
):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
            units=encoded(splits),
        output:
            [str(any_run.abx(split)) for split in splits],
        log:
            str(any_run.log("abx")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("abx"),
            runtime=minutes("abx"),
        params:
            code=code("abx"),
            config=settings("abx"),
        shell:
            "unitdisc abx-run --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


# The ABX of a corpus with a setting of parts, by jobs side by side: shares of the pairs of labels.
if plan.divided and plan.abx_splits:

    rule abx_part:
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            features=lambda w: plan.archives(w.corpus, (w.split,)),
            weights=str(any_run.weights),
            description=str(any_run.description),
            units=lambda w: plan.encoded(w.corpus, w.model, w.seed, (w.split,)),
        output:
            temp(str(any_run.part_abx("{split}", "{part}"))),
        log:
            str(any_run.log("abx.{split}.{part}")),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("abx"),
            runtime=minutes("abx"),
        params:
            code=code("abx"),
            config=settings("abx"),
        shell:
            "unitdisc abx-run --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --split {wildcards.split:q} --part {wildcards.part:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


for name, splits, corpora in plan.by_splits(
    "abx_join", of=plan.abx_splits, corpora=plan.divided
):

    # With all that the parts depend on, because those are removed once they are joined.
    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            labels=str(any_corpus.labels),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
            units=encoded(splits),
            parts=lambda w: plan.abx_parts(w.corpus, w.model, w.seed),
        output:
            [str(any_run.abx(split)) for split in splits],
        log:
            str(any_run.log("abx")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("join"),
            runtime=minutes("join"),
        params:
            code=code("abx"),
            join=code("join"),
            config=settings("abx"),
            parts=lambda w: len(plan.parts(w.corpus)),
        shell:
            "unitdisc join --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --abx --parts {params.parts} --config {params.config:q} > {log:q} 2>&1"


# Classifiers on the stages of every run; only with a section scoring.probes.
rule probe:
    input:
        utterances=str(any_corpus.utterances),
        labels=str(any_corpus.labels),
        features=archives(),
        weights=str(any_run.weights),
        description=str(any_run.description),
    output:
        str(any_run.probes),
    log:
        str(any_run.log("probe")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("probe"),
        runtime=minutes("probe"),
    params:
        code=code("probe"),
        config=settings("probe"),
    shell:
        "unitdisc probe --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
        " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


rule collect:
    input:
        plan.scores(),
    output:
        str(plan.results.scores),
    log:
        str(plan.results.log("collect")),
    localrule: True
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("collect"),
        runtime=minutes("collect"),
    params:
        code=code("collect"),
        config=settings("collect"),
    shell:
        "unitdisc collect --config {params.config:q} > {log:q} 2>&1"
