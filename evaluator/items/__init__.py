"""Questions and cases made from norms: objective questions by program, scenarios by a language model."""
