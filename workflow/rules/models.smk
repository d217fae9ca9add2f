# Models whose settings ask for a curve have one more table, and their training reads the splits that it shows.
for name, names, tables in plan.trainings():

    rule:
        name:
            name
        input:
            utterances=str(any_corpus.utterances),
            features=lambda w: plan.archives(w.corpus, model_of(w).splits),
            built_on=lambda w: plan.built_on(w.corpus, w.model, w.seed),
            labels=lambda w: (
                str(plan.results.corpus(w.corpus).labels)
                if model_of(w).learns_labels
                else []
            ),
        output:
            weights=str(any_run.weights),
            description=str(any_run.description),
            tables=[str(path) for path in tables],
        log:
            str(any_run.log("train")),
        benchmark:
            str(any_run.benchmark("train"))
        wildcard_constraints:
            model=one_of(names),
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
