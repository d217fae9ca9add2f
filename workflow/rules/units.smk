for name, splits, corpora in plan.by_splits("encode", corpora=plan.whole):

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
        output:
            [str(any_run.units(split)) for split in splits],
        log:
            str(any_run.log("encode")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("encode"),
            runtime=minutes("encode"),
            gpu=0 if experiment.encoding.device == "cpu" else 1,
        params:
            code=code("encode"),
            config=settings("encode"),
        shell:
            "unitdisc encode --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


# The units of a corpus with a setting of parts, by jobs side by side.
if plan.divided:

    rule encode_part:
        input:
            utterances=str(any_corpus.utterances),
            features=lambda w: plan.archives(w.corpus, (w.split,)),
            weights=str(any_run.weights),
            description=str(any_run.description),
        output:
            temp(str(any_run.part_units("{split}", "{part}"))),
        log:
            str(any_run.log("encode.{split}.{part}")),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("encode"),
            runtime=minutes("encode"),
            gpu=0 if experiment.encoding.device == "cpu" else 1,
        params:
            code=code("encode"),
            config=settings("encode"),
        shell:
            "unitdisc encode --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --split {wildcards.split:q} --part {wildcards.part:q}"
            " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


for name, splits, corpora in plan.by_splits("encode_join", corpora=plan.divided):

    # With all that the parts depend on, because those are removed once they are joined.
    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            features=archives(splits),
            weights=str(any_run.weights),
            description=str(any_run.description),
            parts=lambda w: plan.unit_parts(w.corpus, w.model, w.seed),
        output:
            [str(any_run.units(split)) for split in splits],
        log:
            str(any_run.log("encode")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("join"),
            runtime=minutes("join"),
        params:
            code=code("encode"),
            join=code("join"),
            config=settings("encode"),
            parts=lambda w: len(plan.parts(w.corpus)),
        shell:
            "unitdisc join --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
            " --parts {params.parts} --config {params.config:q} > {log:q} 2>&1"


# Segments, pieces and exports of the units of every run, if the configuration asks for them.
rule segment:
    input:
        units(),
        utterances=str(any_corpus.utterances),
        labels=str(any_corpus.labels),
        features=archives(),
        weights=str(any_run.weights),
        description=str(any_run.description),
    output:
        directory(str(any_run.segments)),
    log:
        str(any_run.log("segment")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("segment"),
        runtime=minutes("segment"),
    params:
        code=code("segment"),
        config=settings("segment"),
    shell:
        "unitdisc segment --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
        " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


rule pieces:
    input:
        units("pieces"),
        lambda w: plan.word_files(w.corpus),
        labels=str(any_corpus.labels),
        weights=str(any_run.weights),
        description=str(any_run.description),
    output:
        directory(str(any_run.pieces)),
    log:
        str(any_run.log("pieces")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("pieces"),
        runtime=minutes("pieces"),
    params:
        code=code("pieces"),
        words=lambda w: plan.word_sources(w.corpus),
        config=settings("pieces"),
    shell:
        "unitdisc pieces --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
        " --threads {threads} --config {params.config:q} > {log:q} 2>&1"


rule export:
    input:
        units("exports"),
        utterances=str(any_corpus.utterances),
        labels=str(any_corpus.labels),
        spellings=str(any_corpus.spellings),
        weights=str(any_run.weights),
        description=str(any_run.description),
    output:
        directory(str(any_run.exports)),
    log:
        str(any_run.log("export")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("export"),
        runtime=minutes("export"),
    params:
        code=code("export"),
        config=settings("export"),
    shell:
        "unitdisc export --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
        " --config {params.config:q} > {log:q} 2>&1"
