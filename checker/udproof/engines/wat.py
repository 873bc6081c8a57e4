"""A small language for kernels: functions in a subset of Python's grammar, as WebAssembly text.

WebAssembly text is tiring to read where it computes addresses and walks through lists. Here such a function is written as

    def close(m, d, sb):
        k = 0
        while k < d:
            ...

Every value is an i32, unless a parameter is annotated `: i64` or what a name is first set to is one. `while`, `if`, `return`,
assignments, arithmetic, comparisons (signed) and calls are all there is; names in capitals are constants or globals. `functions`
translates a text of such definitions; `SIGNATURES` are functions that stand for single instructions. Whatever else is written is
refused, so nothing is translated by guess.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Type: TypeAlias = Literal["i32", "i64", ""]  # "" for nothing
Signature: TypeAlias = tuple[tuple[Type, ...], Type]

# Functions that are one instruction: types of arguments, of the result, and the text.
SIGNATURES: dict[str, tuple[tuple[Type, ...], Type, str]] = {
    "load": (("i32",), "i32", "i32.load"),
    "load64": (("i32",), "i64", "i64.load"),
    "store": (("i32", "i32"), "", "i32.store"),
    "store64": (("i32", "i64"), "", "i64.store"),
    "table": (("i32",), "i32", "i32.load $T"),
    "set_table": (("i32", "i32"), "", "i32.store $T"),
    "below": (("i32", "i32"), "i32", "i32.lt_u"),
    "wide": (("i32",), "i64", "i64.extend_i32_u"),
    "narrow": (("i64",), "i32", "i32.wrap_i64"),
    "ctz": (("i64",), "i64", "i64.ctz"),
    "copy": (("i32", "i32", "i32"), "", "memory.copy"),
    "fill": (("i32", "i32", "i32"), "", "memory.fill"),
}
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor", ast.LShift: "shl",
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt_s", ast.LtE: "le_s", ast.Gt: "gt_s", ast.GtE: "ge_s",
}  # fmt: skip


@dataclass(slots=True)
class _Function:
    """A function that is being translated."""

    constants: Mapping[str, int]
    variables: Mapping[str, Type]  # globals
    signatures: Mapping[str, Signature]
    types: dict[str, Type]
    result: Type
    labels: int = 0
    locals: dict[str, Type] = field(default_factory=dict)

    # --- statements

    def block(self, body: list[ast.stmt]) -> str:
        return " ".join(self.statement(statement) for statement in body)

    def statement(self, node: ast.stmt) -> str:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self._set(name, value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                return self._set(name, ast.BinOp(ast.Name(name), op, value))
            case ast.Expr(value=ast.Call() as call):
                text, kind = self.value(call)
                return f"(drop {text})" if kind else text
            case ast.Expr(value=ast.Constant(value=str())):
                return ""
            case ast.Return(value=None):
                return "(return)"
            case ast.Return(value=ast.expr() as value):
                return f"(return {self.typed(value, self.result)})"
            case ast.If(test=test, body=body, orelse=other):
                otherwise = f" (else {self.block(other)})" if other else ""
                return f"(if {self.typed(test, 'i32')} (then {self.block(body)}){otherwise})"
            case ast.While(test=test, body=body, orelse=[]):
                self.labels += 1
                end, again = f"$end{self.labels}", f"$again{self.labels}"
                stop = f"(br_if {end} (i32.eqz {self.typed(test, 'i32')}))"
                return f"(block {end} (loop {again} {stop} {self.block(body)} (br {again})))"
        raise SyntaxError(f"line {node.lineno} of a kernel is not in its language: {ast.unparse(node)}")

    def _set(self, name: str, value: ast.expr) -> str:
        known = self.types.get(name) or self.variables.get(name)
        if known is None:
            text, kind = self.value(value)
            self.types[name] = self.locals[name] = kind
        else:
            text = self.typed(value, known)
        return f"({'local' if name in self.types else 'global'}.set ${name} {text})"

    # --- expressions

    def typed(self, node: ast.expr, wanted: Type) -> str:
        """The expression, of a type that is known; a number takes any."""
        number = self._number(node)
        if number is not None:
            return f"({wanted}.const {number})"
        text, kind = self.value(node)
        if kind != wanted:
            raise SyntaxError(f"line {node.lineno} of a kernel: {ast.unparse(node)} is {kind}, not {wanted}")
        return text

    def _number(self, node: ast.expr) -> int | None:
        match node:
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id=name) if name in self.constants:
                return self.constants[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._number(operand)
                return None if inner is None else -inner
        return None

    def value(self, node: ast.expr) -> tuple[str, Type]:
        """The expression and its type."""
        number = self._number(node)
        if number is not None:
            return f"(i32.const {number})", "i32"
        match node:
            case ast.Name(id=name) if name in self.types:
                return f"(local.get ${name})", self.types[name]
            case ast.Name(id=name) if name in self.variables:
                return f"(global.get ${name})", self.variables[name]
            case ast.BinOp(left=left, op=op, right=right):
                a, b, kind = self._both(left, right)
                name = _BINARY.get(type(op)) or ("shr_s" if kind == "i32" else "shr_u") * isinstance(op, ast.RShift)
                if name:
                    return f"({kind}.{name} {a} {b})", kind
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a, b, kind = self._both(left, right)
                return f"({kind}.{_COMPARED[type(op)]} {a} {b})", "i32"
            case ast.BoolOp(op=op, values=values):  # the second part is not evaluated needlessly
                text = self.typed(values[-1], "i32")
                for part in reversed(values[:-1]):
                    first = self.typed(part, "i32")
                    text = (
                        f"(if (result i32) {first} (then {text}) (else (i32.const 0)))"
                        if isinstance(op, ast.And)
                        else f"(if (result i32) {first} (then (i32.const 1)) (else {text}))"
                    )
                return text, "i32"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"(i32.eqz {self.typed(operand, 'i32')})", "i32"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                text, kind = self.value(operand)
                return f"({kind}.sub ({kind}.const 0) {text})", kind
            case ast.IfExp(test=test, body=body, orelse=other):
                a, b, kind = self._both(body, other)
                return f"(select {a} {b} {self.typed(test, 'i32')})", kind
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args, node)
        raise SyntaxError(f"line {node.lineno} of a kernel is not in its language: {ast.unparse(node)}")

    def _both(self, left: ast.expr, right: ast.expr) -> tuple[str, str, Type]:
        if self._number(left) is not None:
            b, kind = self.value(right)
            return self.typed(left, kind), b, kind
        a, kind = self.value(left)
        return a, self.typed(right, kind), kind

    def _call(self, name: str, args: list[ast.expr], node: ast.expr) -> tuple[str, Type]:
        known = SIGNATURES.get(name)
        takes, gives = known[:2] if known else self.signatures[name]
        if len(takes) != len(args):
            raise SyntaxError(f"line {node.lineno} of a kernel: {name} takes {len(takes)} arguments")
        given = " ".join(self.typed(arg, kind) for arg, kind in zip(args, takes, strict=True))
        return f"({known[2] if known else f'call ${name}'} {given})", gives


def functions(
    text: str, constants: Mapping[str, int], variables: Mapping[str, Type], others: Mapping[str, Signature] | None = None
) -> str:
    """The definitions of a text as WebAssembly functions. `others` are functions that are written elsewhere.

    A function returns an i32 if it returns anything. One whose docstring begins with "export" is exported under its name.
    """
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    signatures: dict[str, Signature] = dict(others or {})
    for node in found:
        returns = any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))
        signatures[node.name] = tuple(_kind(arg) for arg in node.args.args), "i32" if returns else ""
    return "\n".join(_function(node, constants, variables, signatures) for node in found)


def _function(
    node: ast.FunctionDef, constants: Mapping[str, int], variables: Mapping[str, Type], signatures: Mapping[str, Signature]
) -> str:
    params = {arg.arg: _kind(arg) for arg in node.args.args}
    writer = _Function(constants, variables, signatures, dict(params), signatures[node.name][1])
    body = writer.block(node.body)
    declared = " ".join(f"(param ${name} {kind})" for name, kind in params.items())
    result = f"(result {writer.result})" if writer.result else ""
    inner = " ".join(f"(local ${name} {kind})" for name, kind in writer.locals.items())
    exported = f'(export "{node.name}")' if (ast.get_docstring(node) or "").startswith("export") else ""
    end = "(unreachable)" if writer.result else ""
    return f"(func ${node.name} {exported} {declared} {result} {inner}\n  {body} {end})"


def _kind(arg: ast.arg) -> Type:
    return "i64" if isinstance(arg.annotation, ast.Name) and arg.annotation.id == "i64" else "i32"
