"""The steps of the workflow: one module per rule, which reads inputs, computes, and writes outputs."""
