"""Readers: one file in, its text out, character for character; a bad file becomes a Problem."""
