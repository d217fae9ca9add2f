rule train:
    input:
        utterances=results("{corpus}/utterances.tsv"),
        features=archives(("train", "dev")),
        labels=lambda w: (
            results(f"{w.corpus}/labels.tsv") if recognises(w.model) else []
        ),
    output:
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
        epochs=results("{corpus}/{model}/seed{seed}/training.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/train.log"),
    benchmark:
        results("{corpus}/{model}/seed{seed}/logs/train.benchmark.tsv")
    conda:
        "../envs/unitdisc.yaml"
    threads: training_threads
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=gpus,
    params:
        code=code_digest("unitdisc.training.fit"),
        config=lambda w: experiment.only(
            corpus=w.corpus,
            model=w.model,
            drop=("exclude",) if recognises(w.model) else ("exclude", "never"),
        ),
    shell:
        "unitdisc train --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"
