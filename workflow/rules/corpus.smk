rule sample:
    output:
        directory(results("{corpus}/source")),
    log:
        results("{corpus}/logs/sample.log"),
    wildcard_constraints:
        corpus=one_of(
            name
            for name, corpus in experiment.corpora.items()
            if corpus.kind in sample_readers
        ),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=lambda w: code_digest(sample_readers[experiment.corpora[w.corpus].kind]),
        config=lambda w: experiment.only(
            corpus=w.corpus, drop=("features", "exclude", "never")
        ),
    shell:
        "unitdisc sample --corpus {wildcards.corpus} --config {params.config:q} > {log} 2>&1"


rule corpus:
    input:
        corpus_sources,
    output:
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
    log:
        results("{corpus}/logs/corpus.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=lambda w: code_digest(
            "unitdisc.corpora.read", *readers[experiment.corpora[w.corpus].kind]
        ),
        folder=corpus_folder,
        config=lambda w: experiment.only(
            corpus=w.corpus, drop=("exclude", "never"), features="kind"
        ),
    shell:
        "unitdisc corpus --corpus {wildcards.corpus} --config {params.config:q} > {log} 2>&1"
