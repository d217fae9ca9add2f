# unitdisc: corpus → features → model → units → scores → report, on every corpus and model of the configuration.
# A --configfile takes the place of config.yaml; --config changes single settings.
from snakemake.utils import min_version

min_version("9.0")

if not workflow.configfiles:

    configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/units.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        str(plan.results.scores),
        str(plan.results.report),
        plan.exports(),
    localrule: True
