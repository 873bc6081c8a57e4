"""Lemmas as English sentences, made from the names that a model declares.

A model names its variables with nouns (`stage`), its truths with adjectives (`eligible`, `impacted`), and functions by where they
lead (`host_of`). So `stage[host_of[v]] = Stage.paused` reads "the stage of the host of v is paused", and `impacted(v)` reads "v is
impacted". Clocks keep their names, in code style. A sentence says what its formula says, no more and no less; where the grammar
here has no words for a formula, the formula stands itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from udproof.language import expressions as ex
from udproof.language.printing import show, show_bound
from udproof.language.sentences import Sentence
from udproof.prover.lemmas import Atom, ClockAt, Lemma, Literal, Spread, show_sum

Names = Mapping[ex.Param, str]

_COMPARED = {"<": "less than", "<=": "at most", ">=": "at least", ">": "more than"}
_OPPOSITE = {"<": ">=", "<=": ">", ">=": "<", ">": "<="}


def called(params: Sequence[ex.Param], taken: Sequence[str] = ()) -> dict[ex.Param, str]:
    """A name for each parameter after its sort (v for a Vm), unlike each other and unlike those taken."""
    names: dict[ex.Param, str] = {}
    for node in params:
        name = node.sort.name[0].lower()
        while name in (*names.values(), *taken):
            name += "'"
        names[node] = name
    return names


def lemma_words(lemma: Lemma) -> str:
    """A lemma as one sentence."""
    names = called(lemma.params)
    premises = [literal_words(Literal(True, one.atom), names) for one in lemma.literals if not one.positive]
    conclusions = [literal_words(one, names) for one in lemma.literals if one.positive]
    over = " and ".join(f"every {node.sort.name} {names[node]}" for node in lemma.params)
    opening = f"For {over}: " if over else ""
    if not premises:
        text = " or ".join(conclusions)
    elif not conclusions and len(premises) == 1:
        text = literal_words(next(one for one in lemma.literals), names)
    elif not conclusions:
        text = f"it is never so that {' and '.join(premises)}"
    else:
        text = f"while {' and '.join(premises)}, {' or '.join(conclusions)}"
    return f"{opening or text[0].upper()}{text if opening else text[1:]}."


def a_word(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def literal_words(literal: Literal, names: Names) -> str:
    """A literal as a clause of a sentence."""
    return _atom(literal.atom, literal.positive, names)


def sentence_words(said: Sentence, names: Names) -> str:
    """What an action says of itself, about elements that are given by name."""
    filled = "".join(f"{text}{_term(part, names)}" for text, part in zip(said.texts, said.parts, strict=False))
    return filled + said.texts[-1]


def formula_words(node: ex.Expr, names: Names) -> str:
    """A formula as a clause of a sentence."""
    return _formula(node, True, names)


def _atom(atom: Atom, positive: bool, names: Names) -> str:
    if not isinstance(atom, Spread):
        return _formula(atom, positive, names)
    left, total = _clock_at(atom.left, names), show_sum(atom.bounds)
    if atom.right is None:
        return f"{left} shows {'at most' if positive else 'more than'} {total}"
    if not atom.bounds:
        return f"{left} is {'not ' if positive else ''}ahead of {_clock_at(atom.right, names)}"
    return f"{left} is ahead of {_clock_at(atom.right, names)} by {'at most' if positive else 'more than'} {total}"


def _clock_at(at: ClockAt, names: Names) -> str:
    return _clock(at.clock, at.args, names)


def _clock(clock: ex.ClockSymbol, args: Sequence[ex.Expr], names: Names) -> str:
    return f"`{clock.name}`{_of(args, names)}"


def _of(args: Sequence[ex.Expr], names: Names) -> str:
    return f" of {' and '.join(_term(arg, names) for arg in args)}" if args else ""


def _formula(node: ex.Expr, positive: bool, names: Names) -> str:
    match node:
        case ex.Not(body=body):
            return _formula(body, not positive, names)
        case ex.Or(parts=(ex.Not(body=premise), conclusion)) if positive:
            return f"if {_formula(premise, True, names)}, then {_formula(conclusion, True, names)}"
        case ex.Or(parts=(ex.Eq(left=left, right=ex.Lit()), ex.Eq(), *_) as parts) if _one_of(left, parts):
            *values, last = [_term(part.right, names) for part in parts if isinstance(part, ex.Eq)]
            return (
                f"{_term(left, names)} is {'' if positive else 'neither '}{', '.join(values)} {'or' if positive else 'nor'} {last}"
            )
        case ex.And(parts=parts) | ex.Or(parts=parts) if parts:
            word = " and " if isinstance(node, ex.And) is positive else " or "
            return word.join(_part(part, positive, names) for part in parts)
        case ex.Eq(left=left, right=right):
            return f"{_term(left, names)} is {'' if positive else 'not '}{_term(right, names)}"
        case ex.Le(left=ex.Lit() as left, right=right) if not isinstance(right, ex.Lit):
            return f"{_term(right, names)} is {'at least' if positive else 'less than'} {_term(left, names)}"
        case ex.Le(left=left, right=right):
            return f"{_term(left, names)} is {'at most' if positive else 'more than'} {_term(right, names)}"
        case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
            compared = _COMPARED[comparison if positive else _OPPOSITE[comparison]]
            return f"{_clock(clock, args, names)} shows {compared} {show_bound(bound)}"
        case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body):
            inner = {**names, **called((param,), tuple(names.values()))}
            if isinstance(node, ex.ForAll) is positive:
                return f"for every {param.sort.name} {inner[param]}, {_formula(body, positive, inner)}"
            return f"there is {a_word(param.sort.name)} {inner[param]} for which {_formula(body, positive, inner)}"
        case ex.Read(symbol=symbol, args=args, sort=ex.BoolSort()):
            return _truth(symbol, args, positive, names)
        case _:
            return f"{'' if positive else 'not '}{show(node, names)}"


def _one_of(left: ex.Expr, parts: Sequence[ex.Expr]) -> bool:
    """Do all parts say of the same reading which value it has?"""
    return all(isinstance(part, ex.Eq) and part.left == left and isinstance(part.right, ex.Lit) for part in parts)


def _part(node: ex.Expr, positive: bool, names: Names) -> str:
    """A formula inside another one, in brackets if it is composed of several."""
    inner = node.body if isinstance(node, ex.Not) else node
    text = _formula(node, positive, names)
    composed = isinstance(inner, ex.And | ex.Or) and len(inner.parts) > 1
    return f"({text})" if composed else text


def _truth(symbol: ex.Symbol, args: Sequence[ex.Expr], positive: bool, names: Names) -> str:
    """A truth about some elements: the name is an adjective of the one that it is about."""
    if len(args) == 1:
        return f"{_term(args[0], names)} is {'' if positive else 'not '}{_plain(symbol.name)}"
    return f"`{symbol.name}`{_of(args, names)} is {'true' if positive else 'false'}"


def _term(node: ex.Expr, names: Names) -> str:
    match node:
        case ex.Lit(value=value, sort=ex.EnumSort(words=words)) if isinstance(value, int):
            return words[value]
        case ex.Lit(value=value, sort=ex.BoolSort()):
            return "true" if value else "false"
        case ex.Lit(value=value):
            return str(value)
        case ex.Param():
            return names.get(node, node.name)
        case ex.Read(symbol=symbol, args=(arg,)) if isinstance(arg.sort, ex.IndexSort) and symbol.name == arg.sort.name.lower():
            return _term(arg, names)  # the state of an event is called as the event itself: e is started
        case ex.Read(symbol=symbol, args=args) if args:
            return f"the {_plain(symbol.name).removesuffix(' of')}{_of(args, names)}"
        case ex.Read(symbol=symbol):
            return f"`{symbol.name}`"
        case ex.Sum(left=left, right=right, factor=factor):
            return f"{_term(left, names)} {'plus' if factor == 1 else 'minus'} {_term(right, names)}"
        case _:
            return show(node, names)


def _plain(name: str) -> str:
    return name.replace("_", " ")
