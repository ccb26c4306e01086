"""Finding the clause that governs: exact citations, lexical and dense search, fusion."""
