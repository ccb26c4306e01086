"""The ground that everything stands on: values, ids, dates, numerals, titles, citation grammar, graph store."""
