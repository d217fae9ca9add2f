rule features:
    input:
        results("{corpus}/utterances.tsv"),
    output:
        ark=results("{corpus}/features/{split}.ark"),
        scp=results("{corpus}/features/{split}.scp"),
    log:
        results("{corpus}/logs/features.{split}.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=lambda w: code_digest(
            "unitdisc.features.extract",
            *extractors[experiment.corpora[w.corpus].features.kind],
        ),
        config=lambda w: experiment.only(corpus=w.corpus, drop=("exclude", "never")),
    shell:
        "unitdisc features --corpus {wildcards.corpus} --split {wildcards.split} --jobs {threads}"
        " --config {params.config:q} > {log} 2>&1"
