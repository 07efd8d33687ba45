"""Every service function that changes something leaves an audit entry. The modules are the list: a new one is found."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import estafette.tenancy as room

#: Methods of the control tables that write, and those that are hot notes or letters, no change of anybody's things.
WRITES = ("put_", "add_", "remove_", "end_", "revoke_", "use_", "take_", "accept", "record")
NOTES = {"remove_letter", "add_letter", "take_step", "seen"}


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the room, private helpers too."""
    for module in pkgutil.iter_modules(room.__path__, "estafette.tenancy."):
        tree = ast.parse(inspect.getsource(importlib.import_module(module.name)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield f"{module.name.rpartition('.')[2]}.{node.name}", node


def writes(node: ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls of a function that write to the control tables."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        path = ast.unparse(call.func)
        name = call.func.attr
        if ".control." in f".{path}" and name.startswith(WRITES) and name not in NOTES:
            yield call


def is_entry(value: ast.expr) -> bool:
    """True for ``entry``, ``office.entry(...)`` and the like."""
    return ast.unparse(value).split("(")[0].rpartition(".")[2] == "entry"


def without_entry(node: ast.FunctionDef) -> list[str]:
    return [
        ast.unparse(call)[:90]
        for call in writes(node)
        if not any(is_entry(each) for each in [*call.args, *(keyword.value for keyword in call.keywords)])
    ]


#: What writes without an entry, and why that is right.
ALLOWED = {
    "trust.told": "that a letter was written is no act of anybody",
    "paces.told": "that a letter was written is no act of anybody",
    "domains.new_label": "the domain's own entry tells of it; a label without a domain is only a name that is used up",
    "trust._move": "the ramp follows from figures, which are kept",
}


def test_whatever_writes_gives_an_entry() -> None:
    found = {name: calls for name, node in functions() if (calls := without_entry(node)) and name not in ALLOWED}
    assert not found
    assert sum(1 for _, node in functions() for _ in writes(node)) > 30


def test_a_function_that_forgets_is_found() -> None:
    tree = ast.parse("def forget(office, user):\n    office.control.people.put_user(user, None)\n")
    (node,) = tree.body
    assert isinstance(node, ast.FunctionDef)
    assert without_entry(node) == ["office.control.people.put_user(user, None)"]


def test_a_change_says_what_was_before_and_after() -> None:
    silent = []
    for name, node in functions():
        for call in ast.walk(node):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "entry"):
                continue
            given = {keyword.arg for keyword in call.keywords}
            if not given & {"before", "after", "detail"} and name not in SILENT:
                silent.append(f"{name}: {ast.unparse(call)[:80]}")
    assert not silent


#: Acts without a state that could be told: secrets are the only thing that changes, or nothing does.
SILENT = {
    "domains.add_service_keys", "keyring.rotate", "keyring.reseal", "second_factor.begin", "second_factor.passes",
    "sessions.end_all",
}  # fmt: skip
