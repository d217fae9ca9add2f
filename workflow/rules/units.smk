for name, splits, corpora in by_splits("encode"):

    rule:
        name:
            name
        input:
            utterances=results("{corpus}/utterances.tsv"),
            features=archives(splits),
            weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
            description=results("{corpus}/{model}/seed{seed}/model.json"),
        output:
            files("units.tsv", splits),
        log:
            results("{corpus}/{model}/seed{seed}/logs/encode.log"),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            "../envs/unitdisc.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=240,
        params:
            code=code_digest("unitdisc.units.encode"),
            config=lambda w: experiment.only(
                corpus=w.corpus, model=w.model, drop=("exclude", "never")
            ),
        shell:
            "unitdisc encode --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
            " --threads {threads} --config {params.config:q} > {log} 2>&1"
