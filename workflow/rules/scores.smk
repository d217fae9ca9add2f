for name, splits, corpora in by_splits("score"):

    rule:
        name:
            name
        input:
            labels=results("{corpus}/labels.tsv"),
            units=files("units.tsv", splits),
        output:
            files("scores.tsv", splits),
        log:
            results("{corpus}/{model}/seed{seed}/logs/score.log"),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            "../envs/unitdisc.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=120,
        params:
            code=code_digest("unitdisc.scores.run"),
            config=lambda w: experiment.only(
                corpus=w.corpus, model=w.model, features="kind", scoring=True
            ),
        shell:
            "unitdisc score --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
            " --config {params.config:q} > {log} 2>&1"


# What a model with objective ctc recognises; no other has it.
for name, splits, corpora in by_splits("recognise", of=("dev", "test")):

    rule:
        name:
            name
        input:
            utterances=results("{corpus}/utterances.tsv"),
            labels=results("{corpus}/labels.tsv"),
            features=archives(splits),
            weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
            description=results("{corpus}/{model}/seed{seed}/model.json"),
        output:
            scores=files("ctc.tsv", splits),
            texts=files("recognised.tsv", splits),
        log:
            results("{corpus}/{model}/seed{seed}/logs/recognise.log"),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            "../envs/unitdisc.yaml"
        threads: 1
        resources:
            mem_mb=8000,
            runtime=120,
        params:
            code=code_digest("unitdisc.scores.recognition", "unitdisc.units.encode"),
            config=lambda w: experiment.only(
                corpus=w.corpus, model=w.model, features="kind", scoring=True
            ),
        shell:
            "unitdisc recognise --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
            " --threads {threads} --config {params.config:q} > {log} 2>&1"


for name, splits, corpora in by_splits("abx", of=abx_splits):

    rule:
        name:
            name
        input:
            utterances=results("{corpus}/utterances.tsv"),
            labels=results("{corpus}/labels.tsv"),
            features=archives(splits),
            weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
            description=results("{corpus}/{model}/seed{seed}/model.json"),
            units=files("units.tsv", splits),
        output:
            files("abx.tsv", splits),
        log:
            results("{corpus}/{model}/seed{seed}/logs/abx.log"),
        wildcard_constraints:
            corpus=one_of(corpora),
        conda:
            "../envs/unitdisc.yaml"
        threads: 1
        resources:
            mem_mb=8000,
            runtime=240,
        params:
            code=code_digest(
                "unitdisc.scores.choice",
                "unitdisc.scores.renditions",
                "unitdisc.units.representations",
            ),
            config=lambda w: experiment.only(
                corpus=w.corpus,
                model=w.model,
                features="kind",
                scoring=True,
                also=("abx",),
            ),
        shell:
            "unitdisc abx-run --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
            " --threads {threads} --config {params.config:q} > {log} 2>&1"


rule collect:
    input:
        runs("{split}.scores.tsv"),
        runs("{split}.ctc.tsv", only=("dev", "test"), which=recognises),
        runs("{split}.abx.tsv", only=abx_splits),
        runs("probe.scores.tsv") if experiment.scoring.probes else [],
    output:
        results("scores.tsv"),
    log:
        results("logs/collect.log"),
    localrule: True
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_digest("unitdisc.scores.collection"),
        config=experiment.model_dump_json(),
    shell:
        "unitdisc collect --config {params.config:q} > {log} 2>&1"
