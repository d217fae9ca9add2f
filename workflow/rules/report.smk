rule report:
    input:
        str(plan.results.scores),
        plan.reported(),
    output:
        report(
            str(plan.results.report), caption="../report/page.rst", category="Report"
        ),
    log:
        str(plan.results.log("report")),
    conda:
        environment
    threads: 1
    resources:
        mem_mb=megabytes("report"),
        runtime=minutes("report"),
    params:
        code=code("report"),
        config=settings("report"),
    shell:
        "unitdisc report --config {params.config:q} > {log:q} 2>&1"
