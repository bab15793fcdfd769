"""Which cells of a notebook a change of one cell can reach: a test of that change need not run the others."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Sequence


def names(code: str) -> tuple[set[str], set[str], set[str]]:
    """The global names of a cell.

    Returns:
        Three sets: the names that it takes from other cells, those that it binds, and those whose value it changes in
        place (an item, an attribute, or a method called for its effect).
    """
    used, bound, changed = set(), set(), set()

    def look(scope: symtable.SymbolTable, top: bool) -> None:
        for symbol in scope.get_symbols():
            if (top or symbol.is_global()) and symbol.is_referenced():
                used.add(symbol.get_name())
            if (top or symbol.is_declared_global()) and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
        for inner in scope.get_children():
            look(inner, False)

    look(symtable.symtable(code, "<cell>", "exec"), True)
    order = _Order()
    tree = ast.parse(code)
    order.visit(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            changed.add(_root(node))
        elif (
            isinstance(node, ast.Expr)
            and isinstance(call := node.value, ast.Call)
            and isinstance(call.func, ast.Attribute)
        ):
            changed.add(_root(call.func))
    changed &= used
    used -= order.bound_first
    for node in ast.walk(tree):  # a question goes by its key: reveal() needs the cell that asked
        match node:
            case ast.Call(func=ast.Name(id="guess"), args=[ast.Constant(value=key), *_]):
                bound.add(f"question {key}")
            case ast.Call(func=ast.Name(id="reveal"), args=[ast.Constant(value=key), *_]):
                used.add(f"question {key}")
    return used, bound, changed


class _Order(ast.NodeVisitor):
    """Finds the names that a cell binds before it reads them."""

    def __init__(self):
        self.bound_first: set[str] = set()
        self._read: set[str] = set()

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Store):
            self._read.add(node.id)
        elif node.id not in self._read:
            self.bound_first.add(node.id)

    def visit_Import(self, node):
        self.bound_first |= {a.asname or a.name.split(".")[0] for a in node.names} - self._read

    visit_ImportFrom = visit_Import

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node):
        self._read |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}

    def visit_For(self, node):
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_If(self, node):
        # What only one branch binds may come from an earlier cell.
        before = set(self.bound_first)
        self.generic_visit(node)
        self.bound_first = before

    visit_Try = visit_While = visit_If

    def _inner(self, node):
        inside = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
        own = {n.id for n in inside if isinstance(n.ctx, ast.Store)}
        own |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        self._read |= {n.id for n in inside} - own - self.bound_first

    visit_Lambda = visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _inner

    def visit_FunctionDef(self, node):
        self._inner(node)
        if node.name not in self._read:
            self.bound_first.add(node.name)

    visit_ClassDef = visit_FunctionDef


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def reached(cells: Sequence[str], start: int) -> list[int]:
    """The cells that a change of one cell can reach, and those that they need to run.

    Args:
        cells: the code of all cells, in order.
        start: position of the changed cell.

    Returns:
        Positions, in order: the changed cell, every later cell that uses what depends on it, and every cell that one
        of these takes a name from.
    """
    imported = {
        alias.asname or alias.name.split(".")[0]
        for code in cells
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    known = [(used, bound, changed - imported) for used, bound, changed in map(names, cells)]
    touched = set(known[start][1] | known[start][2])
    keep = {start}
    for at in range(start + 1, len(cells)):
        used, bound, changed = known[at]
        if used & touched:
            keep.add(at)
            touched |= bound | changed
        else:
            touched -= bound
    grown = True
    while grown:
        before = len(keep)
        for at in sorted(keep, reverse=True):
            for name in known[at][0]:
                for earlier in range(at - 1, -1, -1):
                    if name in known[earlier][1]:
                        keep.add(earlier)
                        if name not in known[earlier][0]:
                            break  # bound anew there: what was before does not matter
        # What is changed in place may be read by a function that was written before: each change counts until the end.
        alive = {name for at in keep for name in known[at][0]}
        keep |= {at for at in range(max(keep)) if known[at][2] & alive}
        grown = len(keep) > before
    return sorted(keep)
