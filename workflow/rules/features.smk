for name, splits, corpora in plan.by_splits("features", corpora=plan.whole):

    rule:
        name:
            name
        input:
            str(any_corpus.utterances),
        output:
            [str(any_corpus.archive(split)) for split in splits],
            [str(any_corpus.index(split)) for split in splits],
        log:
            str(any_corpus.log("features")),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            environment
        threads: 8
        resources:
            mem_mb=megabytes("features"),
            runtime=minutes("features"),
        params:
            code=code("features"),
            sources=lambda w: plan.feature_sources(w.corpus),
            config=settings("features"),
        shell:
            "unitdisc features --corpus {wildcards.corpus:q} --jobs {threads} --config {params.config:q} > {log:q} 2>&1"


# The features of a corpus with a setting of parts, by jobs side by side.
if plan.divided:

    rule features_part:
        input:
            str(any_corpus.utterances),
        output:
            ark=temp(str(any_corpus.part_archive("{split}", "{part}"))),
            scp=temp(str(any_corpus.part_index("{split}", "{part}"))),
        log:
            str(any_corpus.log("features.{split}.{part}")),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("features"),
            runtime=minutes("features"),
        params:
            code=code("features"),
            sources=lambda w: plan.feature_sources(w.corpus),
            config=settings("features"),
        shell:
            "unitdisc features --corpus {wildcards.corpus:q} --split {wildcards.split:q} --part {wildcards.part:q}"
            " --jobs {threads} --config {params.config:q} > {log:q} 2>&1"

    # With all that the parts depend on, because those are removed once they are joined.
    rule features_join:
        input:
            str(any_corpus.utterances),
            parts=lambda w: plan.feature_parts(w.corpus, w.split),
        output:
            ark=str(any_corpus.archive("{split}")),
            scp=str(any_corpus.index("{split}")),
        log:
            str(any_corpus.log("features.{split}")),
        wildcard_constraints:
            corpus=one_of(plan.divided),
        conda:
            environment
        threads: 1
        resources:
            mem_mb=megabytes("join"),
            runtime=minutes("join"),
        params:
            code=code("features"),
            join=code("join"),
            sources=lambda w: plan.feature_sources(w.corpus),
            config=settings("features"),
            parts=lambda w: len(plan.parts(w.corpus)),
        shell:
            "unitdisc join --corpus {wildcards.corpus:q} --split {wildcards.split:q} --parts {params.parts}"
            " --config {params.config:q} > {log:q} 2>&1"


# Which frames are speech or ink, for the report; only of corpora with a setting of activity.
rule activity:
    input:
        utterances=str(any_corpus.utterances),
        labels=str(any_corpus.labels),
        features=archives(),
    output:
        str(any_corpus.activity),
    log:
        str(any_corpus.log("activity")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("activity"),
        runtime=minutes("activity"),
    params:
        code=code("activity"),
        config=settings("activity"),
    shell:
        "unitdisc activity --corpus {wildcards.corpus:q} --config {params.config:q} > {log:q} 2>&1"
