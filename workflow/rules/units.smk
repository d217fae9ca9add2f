rule encode:
    input:
        utterances=results("{corpus}/utterances.tsv"),
        ark=results("{corpus}/features/{split}.ark"),
        scp=results("{corpus}/features/{split}.scp"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        results("{corpus}/{model}/seed{seed}/{split}.units.tsv"),
    log:
        results("{corpus}/{model}/seed{seed}/logs/encode.{split}.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest("unitdisc.units.encode"),
        config=lambda w: experiment.only(corpus=w.corpus, drop=("exclude", "never")),
    shell:
        "unitdisc encode --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --split {wildcards.split} --threads {threads} --config {params.config:q} > {log} 2>&1"
