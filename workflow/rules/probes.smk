# Classifiers on the stages of every run; only where the configuration has a section scoring.probes.
rule probe:
    input:
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        features=archives(),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        results("{corpus}/{model}/seed{seed}/probe.scores.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/probe.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=code_digest("unitdisc.probes.run"),
        config=lambda w: experiment.only(
            corpus=w.corpus,
            model=w.model,
            features="kind",
            scoring=True,
            also=("probes",),
        ),
    shell:
        "unitdisc probe --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"
