"""Alignment: grounded chain of thought, preference pairs with named faults, training stages, the guardian's loop."""
