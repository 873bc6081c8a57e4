"""`udproof certify`: a certificate is checked again, from its files, with a solver that did not find the proof.

With a fleet, the scripts are also written once more from the fleet's model and the certificate's lemmas, and compared byte by
byte: then the certificate is about that fleet's protocol, and not only about what its scripts describe.

What a search of one fleet leaves is no proof but a recipe (`engines.recipe`). It is followed where the fleet is given: the search
is made again, every state by itself.
"""

from __future__ import annotations

from pathlib import Path

from udproof.certify.check import Accepted, Rejected, check
from udproof.cli.console import clean, note, say
from udproof.cli.exits import Code, Refused


def certify(folder: str, fleet: str | None, mutant: str | None) -> Code:
    """Check a certificate. Exit code 0 if it is accepted, 10 if not."""
    path = Path(folder)
    if not path.is_dir():
        raise Refused(f"{clean(folder)}: there is no such folder; give the folder of a certificate.")
    if not (path / "manifest.json").exists() and (path / "search.json").is_file():
        return _followed(folder, path, fleet, mutant)
    try:
        found = check(path, lambda name: None)
        if fleet is not None or mutant is not None:
            _compare(path, found, fleet, mutant)
    except Rejected as reason:
        note(f"{clean(folder)}: not accepted: {clean(str(reason))}.")
        return Code.VIOLATED
    except (OSError, UnicodeError) as problem:
        raise Refused(f"{clean(folder)}: the certificate cannot be read ({clean(str(problem))}).") from problem
    say(f"accepted: model {found.model}, {found.lemmas} lemmas, {found.questions} questions, each answered by cvc5 as claimed.")
    say("It shows, for every instance, in dense time:")
    for name in found.properties:
        say(f"  - {clean(name)}")
    say("Assumed:")
    for line in found.assumed:
        say(f"  - {clean(line)}")
    if found.unbounded:
        said = f"{' and '.join(found.unbounded)} stay{'s' if len(found.unbounded) == 1 else ''} in range"
        say(f"Not shown: that {clean(said)}. It is shown of every run in which that is so.")
    if fleet is None and mutant is None:
        say("That the scripts describe this model is not shown by the files; --fleet FILE writes them again, and compares.")
    else:
        say("The scripts are those that udproof writes for this fleet's model.")
    return Code.HOLDS


def _followed(folder: str, path: Path, fleet: str | None, mutant: str | None) -> Code:
    """The same for the recipe of a search, which says nothing by itself."""
    from udproof.cli.sources import load
    from udproof.cli.verify import cores
    from udproof.engines.recipe import Doubt, follow, read
    from udproof.engines.verdict import Limits

    try:
        recipe = read(path)
        if fleet is None and mutant is None:
            raise Refused(
                f"{clean(folder)}: this is no proof but the recipe of a search ({recipe['states']} states of model "
                f"{clean(recipe['model'])}), and shows nothing by itself; give --fleet FILE, and the search is made again."
            )
        subject = load(fleet, mutant)
        with subject.blamed():
            result = follow(recipe, subject.system, Limits(symmetry=False, jobs=cores()))
    except Doubt as reason:
        note(f"{clean(folder)}: not accepted: {clean(str(reason))}.")
        return Code.VIOLATED
    except (OSError, UnicodeError) as problem:
        raise Refused(f"{clean(folder)}: the recipe cannot be read ({clean(str(problem))}).") from problem
    say(f"accepted: model {subject.system.hash}, {result.figures.states} states, each visited again by itself, as claimed.")
    say(f"Of these, {recipe['orbits']} stood for all in the search that is certified. It came to the same verdicts:")
    for name, outcome in recipe["verdicts"].items():
        say(f"  - {clean(name)} {outcome}")
    say("This is weaker than a proof: the same program has searched again. What --engine parametric proves, another one can check.")
    return Code.HOLDS


def _compare(path: Path, found: Accepted, fleet: str | None, mutant: str | None) -> None:
    """Rejected if the scripts are not those of the fleet's model."""
    from udproof.cli.sources import load
    from udproof.prover import smtlib, store
    from udproof.prover.theorem import formulas

    subject = load(fleet, mutant)
    if found.model != subject.system.hash:
        raise Rejected(f"it is of model {found.model}, and the fleet's model is {subject.system.hash}")
    if unknown := [name for name in found.properties if name not in {prop.name for prop in subject.system.checks}]:
        raise Rejected(f"it is about {unknown[0]}, and the fleet's model has no such property")
    for proof in store.stored(formulas(subject.system)):
        made = smtlib.files(proof, subject.system.hash, found.properties)
        if all((path / name).is_file() and (path / name).read_text(encoding="utf-8") == text for name, text in made.items()):
            return
    raise Rejected("its scripts are not those that udproof writes for this model with the lemmas that it keeps")
