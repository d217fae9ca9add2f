rule train:
    input:
        utterances=str(any_corpus.utterances),
        features=archives(("train", "dev")),
        built_on=lambda w: plan.built_on(w.corpus, w.model, w.seed),
        labels=lambda w: (
            str(plan.results.corpus(w.corpus).labels)
            if model_of(w).learns_labels
            else []
        ),
    output:
        weights=str(any_run.weights),
        description=str(any_run.description),
        epochs=str(any_run.training),
    log:
        str(any_run.log("train")),
    benchmark:
        str(any_run.benchmark("train"))
    conda:
        environment
    threads: lambda w: model_of(w).threads
    resources:
        mem_mb=megabytes("train"),
        runtime=minutes("train"),
        gpu=lambda w: model_of(w).gpus,
    params:
        code=code("train"),
        sources=lambda w: plan.model_sources(w.model),
        config=settings("train"),
    shell:
        "unitdisc train --corpus {wildcards.corpus:q} --model {wildcards.model:q} --seed {wildcards.seed:q}"
        " --threads {threads} --config {params.config:q} > {log:q} 2>&1"
