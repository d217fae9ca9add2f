"""The unit browser: what each unit is, and examples of it to see and hear."""
