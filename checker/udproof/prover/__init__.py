"""Proofs for every size: from a `System` without an instance to lemmas, obligations and certificates.

Read the modules in this order: `lemmas` (what is proved), `fragment` (for which systems the method is complete), `logic` (a system
in Z3's words), `cases` (one step of the system, ground), `candidates` and `samples` (what to try, and what states refute),
`houdini` and `minimise` (what is inductive, and what of it is needed), `proof` (all of that together), `smtlib` (the same
obligations once more, quantified, for others to check) and `store`.
"""
