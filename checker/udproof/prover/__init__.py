"""Proofs for every size: from a `System` without an instance to lemmas, obligations and certificates.

Read the modules in this order: `lemmas` (what is proved), `fragment` (for which systems the method is complete), `logic` (a system
in Z3's words), `cases` (one step of the system, ground), `candidates`, `hints` and `samples` (what to try, and what states refute),
`houdini` and `minimise` (what is inductive, and what of it is needed), `search` and `theorem` (all of that together), `smtlib` and
`recheck` (the same obligations once more, quantified, and their check), `store` and `certificate` (where proofs are kept and
written), `argument`, `wording` and `review` (why a proof holds, for people).
"""
