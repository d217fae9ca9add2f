rule sample:
    output:
        directory(str(any_corpus.source)),
    log:
        str(any_corpus.log("sample")),
    wildcard_constraints:
        corpus=one_of(plan.samples()),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("sample"),
        runtime=minutes("sample"),
    params:
        code=code("sample"),
        config=settings("sample"),
    shell:
        "unitdisc sample --corpus {wildcards.corpus:q} --config {params.config:q} > {log:q} 2>&1"


rule corpus:
    input:
        lambda w: plan.corpus_files(w.corpus),
    output:
        utterances=str(any_corpus.utterances),
        labels=str(any_corpus.labels),
        spellings=str(any_corpus.spellings),
    log:
        str(any_corpus.log("corpus")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("corpus"),
        runtime=minutes("corpus"),
    params:
        code=code("corpus"),
        sources=lambda w: plan.corpus_sources(w.corpus),
        config=settings("corpus"),
    shell:
        "unitdisc corpus --corpus {wildcards.corpus:q} --config {params.config:q} > {log:q} 2>&1"
