"""Readers of published files of answers and questions; none of that data is part of the project."""
