"""Verdicts in their final shape; findings and proofs rest on graph nodes."""
