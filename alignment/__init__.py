"""Training data and recipes for language models; empty until the guardian exists."""
