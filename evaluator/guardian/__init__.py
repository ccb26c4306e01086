"""The guardian: grades an answer on R1, R2 and Q1 to Q4, with a reason, evidence and a probability for each."""
