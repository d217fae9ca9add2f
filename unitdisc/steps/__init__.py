"""The steps of the workflow: one module per rule, which reads the step's inputs, computes, and writes its outputs."""
