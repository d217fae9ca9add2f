rule features:
    input:
        str(any_corpus.utterances),
    output:
        ark=str(any_corpus.archive("{split}")),
        scp=str(any_corpus.index("{split}")),
    log:
        str(any_corpus.log("features.{split}")),
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
        "unitdisc features --corpus {wildcards.corpus:q} --split {wildcards.split:q} --jobs {threads}"
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
