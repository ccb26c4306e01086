"""From legal sources to a build: ledger, origins, readers, repairs, parsing, versions, citations."""
