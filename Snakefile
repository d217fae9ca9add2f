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


# Braces in the path of the results are wildcards to Snakemake: each stands for itself, also where no output says so.
if plan.braces:
    target = workflow.get_rule("all")
    expand = target.expand_input
    target.expand_input = lambda wildcards, groupid=None: expand(plan.braces, groupid)
