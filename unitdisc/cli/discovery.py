"""Commands that score unit sequences against labels."""
