rule report:
    input:
        results("scores.tsv"),
        shown_exports,
        runs("training.tsv"),
        runs("model.safetensors"),
        runs("{split}.units.tsv"),
        [results(f"{corpus}/labels.tsv") for corpus in experiment.runs],
        [results(f"{corpus}/utterances.tsv") for corpus in experiment.runs],
        [
            results(f"{corpus}/features/{split}.scp")
            for corpus in experiment.runs
            for split in split_names(experiment.corpora[corpus])
        ],
    output:
        report(results("report.html"), caption="../report/page.rst", category="Report"),
    log:
        results("logs/report.log"),
    conda:
        "../envs/unitdisc.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code_digest(
            "unitdisc.report.page",
            "unitdisc.features.speech",
            "unitdisc.corpora.audio",
        ),
        config=experiment.model_dump_json(),
    shell:
        "unitdisc report --config {params.config:q} > {log} 2>&1"
