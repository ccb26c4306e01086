"""Norms out of provisions: lexicons, segmenter, sentences, roles, lists, context, ties."""
