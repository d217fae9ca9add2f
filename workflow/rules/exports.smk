# What the configuration asks to be given out of every run: segments, pieces, other programs' formats; by default nothing.
rule segment:
    input:
        all_units,
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        features=archives(),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/segments")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/segment.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest(
            "unitdisc.cli.unit_scores",
            "unitdisc.units.segmentation",
            "unitdisc.units.exports.manifest",
            "unitdisc.scores.run",
            "unitdisc.scores.difference",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus, model=w.model, scoring=True, also=("segmentation",)
        ),
    shell:
        "unitdisc segment --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"


rule pieces:
    input:
        chosen_units("pieces"),
        word_times,
        labels=results("{corpus}/labels.tsv"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/pieces")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/pieces.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code_digest(
            "unitdisc.cli.unit_scores",
            "unitdisc.units.pieces",
            "unitdisc.units.segmentation",
            "unitdisc.units.words",
            "unitdisc.units.exports.manifest",
            "unitdisc.corpora.words",
            "unitdisc.scores.run",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus,
            model=w.model,
            scoring=True,
            also=("segmentation", "pieces"),
        ),
    shell:
        "unitdisc pieces --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"


rule export:
    input:
        chosen_units("exports"),
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/units")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/export.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest(
            "unitdisc.cli.unit_scores",
            "unitdisc.units.exports",
            "unitdisc.units.exports.manifest",
            "unitdisc.units.segmentation",
            "unitdisc.scores.alignment",
            "unitdisc.scores.mapping",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus, model=w.model, also=("segmentation", "exports")
        ),
    shell:
        "unitdisc export --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --config {params.config:q} > {log} 2>&1"
