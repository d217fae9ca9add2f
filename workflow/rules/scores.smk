rule score:
    input:
        labels=results("{corpus}/labels.tsv"),
        units=results("{corpus}/{model}/seed{seed}/{split}.units.tsv"),
        train=results("{corpus}/{model}/seed{seed}/train.units.tsv"),
    output:
        results("{corpus}/{model}/seed{seed}/{split}.scores.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/score.{split}.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("unitdisc.scores.run"),
        config=lambda w: experiment.only(corpus=w.corpus, features="kind", scoring=True),
    shell:
        "unitdisc score --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --split {wildcards.split} --config {params.config:q} > {log} 2>&1"


# What a model with objective ctc recognises; no other has it.
rule recognise:
    input:
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        ark=results("{corpus}/features/{split}.ark"),
        scp=results("{corpus}/features/{split}.scp"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        scores=results("{corpus}/{model}/seed{seed}/{split}.ctc.tsv"),
        texts=results("{corpus}/{model}/seed{seed}/{split}.recognised.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/recognise.{split}.log"),
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
        " --split {wildcards.split} --threads {threads} --config {params.config:q} > {log} 2>&1"


rule abx:
    input:
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        ark=results("{corpus}/features/{split}.ark"),
        scp=results("{corpus}/features/{split}.scp"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
        units=results("{corpus}/{model}/seed{seed}/{split}.units.tsv"),
    output:
        results("{corpus}/{model}/seed{seed}/{split}.abx.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/abx.{split}.log"),
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
        " --split {wildcards.split} --threads {threads} --config {params.config:q} > {log} 2>&1"


rule collect:
    input:
        runs("{corpus}/{model}/seed{seed}/{split}.scores.tsv"),
        recognition_tables,
        abx_tables,
        probe_tables,
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
