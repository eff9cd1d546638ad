#!/usr/bin/env python3
"""Reads rustdoc's JSON of the crate: the public items, the types of other crates in them, and the items without an example.

.ci/api.py JSON public [--update]         compares with tests/api/public.txt
.ci/api.py JSON docs-examples [--update]  compares with tests/api/without-example.txt, which may only shrink

`public --update` adds lines. A line goes away only if CHANGELOG.md has, above the first released version, an entry that begins with
`- Breaking:` and names the item in backquotes. To begin a new listing, delete the file first.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STANDARD = {"std", "core", "alloc"}


class Crate:
    def __init__(self, file):
        data = json.loads(pathlib.Path(file).read_text())
        self.index, self.paths, self.root = data["index"], data["paths"], data["root"]
        self.homes = {}  # item id -> public path
        self.items = []  # (path, item) of all that is public, in order of discovery
        self.external = set()
        self.walk(self.item(self.root), "")

    def item(self, id):
        return self.index.get(str(id))

    def walk(self, module, prefix):
        inner = []
        for id in module["inner"]["module"]["items"]:
            item, name = self.item(id), None
            if item is None or item["visibility"] != "public":
                continue
            if use := item["inner"].get("use"):
                target, name = self.item(use["id"]), use["name"]
                if target is None or target["crate_id"] != 0:
                    self.items.append((prefix + name, item))
                    continue
                if use["is_glob"]:
                    raise SystemExit(f"a glob re-export in {prefix}: list its items by name")
                item = target
            path = prefix + (name or item["name"])
            if "module" in item["inner"]:
                inner.append((item, path))
            elif item["id"] not in self.homes:
                self.homes[item["id"]] = path
                self.items.append((path, item))
        for item, path in inner:
            self.items.append((path, item))
            self.walk(item, path + "::")

    # Types as text.

    def named(self, reference):
        id = reference["id"]
        if id in self.homes:
            name = self.homes[id]
        elif known := self.paths.get(str(id)):
            # Without the modules between, which a crate may move its types to.
            name = known["path"][-1]
            if known["crate_id"] != 0 and known["path"][0] not in STANDARD:
                name = f"{known['path'][0]}::{name}"
                self.external.add(name)
        else:
            name = reference["path"]
        return name + self.arguments(reference.get("args"))

    def arguments(self, args):
        if not args:
            return ""
        if "parenthesized" in args:
            call = args["parenthesized"]
            return self.call(call["inputs"], call["output"])
        inside = [self.argument(arg) for arg in args["angle_bracketed"]["args"]]
        for bound in args["angle_bracketed"]["constraints"]:
            value = bound["binding"]
            inside.append(
                f"{bound['name']} = {self.term(value['equality'])}"
                if "equality" in value
                else f"{bound['name']}: {self.bounds(value['constraint'])}"
            )
        return f"<{', '.join(inside)}>" if inside else ""

    def argument(self, arg):
        if arg == "infer":
            return "_"
        [(kind, value)] = arg.items()
        return value if kind == "lifetime" else self.type(value) if kind == "type" else value["expr"]

    def term(self, term):
        return self.type(term["type"]) if "type" in term else term["constant"]["expr"]

    def call(self, inputs, output):
        return f"({', '.join(map(self.type, inputs))})" + (f" -> {self.type(output)}" if output else "")

    def bounds(self, bounds):
        return " + ".join(map(self.bound, bounds))

    def bound(self, bound):
        if "outlives" in bound:
            return bound["outlives"]
        if "use" in bound:
            return "use<..>"
        bound = bound["trait_bound"]
        sign = {"none": "", "maybe": "?", "maybe_const": "~const "}[bound["modifier"]]
        return sign + self.higher(bound["generic_params"]) + self.named(bound["trait"])

    def higher(self, params):
        return f"for<{', '.join(param['name'] for param in params)}> " if params else ""

    def type(self, type):
        if isinstance(type, str):
            return "_"
        [(kind, value)] = type.items()
        match kind:
            case "resolved_path":
                return self.named(value)
            case "generic" | "primitive":
                return value
            case "borrowed_ref":
                lifetime = f"{value['lifetime']} " if value["lifetime"] else ""
                return f"&{lifetime}{'mut ' if value['is_mutable'] else ''}{self.type(value['type'])}"
            case "tuple":
                return f"({', '.join(map(self.type, value))})"
            case "slice":
                return f"[{self.type(value)}]"
            case "array":
                return f"[{self.type(value['type'])}; {value['len']}]"
            case "impl_trait":
                return f"impl {self.bounds(value)}"
            case "dyn_trait":
                traits = [self.higher(each["generic_params"]) + self.named(each["trait"]) for each in value["traits"]]
                return "dyn " + " + ".join(traits + [value["lifetime"]] * bool(value["lifetime"]))
            case "qualified_path":
                owner = f" as {self.named(value['trait'])}" if value["trait"] else ""
                return f"<{self.type(value['self_type'])}{owner}>::{value['name']}"
            case "function_pointer":
                sig = value["sig"]
                return "fn" + self.call([input for _, input in sig["inputs"]], sig["output"])
            case "raw_pointer":
                return f"*{'mut' if value['is_mutable'] else 'const'} {self.type(value['type'])}"
        raise SystemExit(f"rustdoc's JSON has a kind of type that .ci/api.py does not know: {kind}")

    def generics(self, generics):
        """Parameters in angle brackets and the clauses after them."""
        params, clauses = [], []
        for param in generics["params"]:
            [(kind, value)] = param["kind"].items()
            if kind == "type" and value["is_synthetic"]:
                continue
            text = param["name"]
            if kind == "type" and value["bounds"]:
                text += f": {self.bounds(value['bounds'])}"
            elif kind == "const":
                text = f"const {text}: {self.type(value['type'])}"
            params.append(text)
        for clause in generics["where_predicates"]:
            [(kind, value)] = clause.items()
            if kind == "bound_predicate":
                clauses.append(f"{self.type(value['type'])}: {self.bounds(value['bounds'])}")
            elif kind == "lifetime_predicate":
                clauses.append(f"{value['lifetime']}: {' + '.join(value['outlives'])}")
        return (f"<{', '.join(params)}>" if params else ""), (f" where {', '.join(clauses)}" if clauses else "")

    # Items as lines.

    def function(self, path, function):
        params, clauses = self.generics(function["generics"])
        header, sig = function["header"], function["sig"]
        words = "".join(f"{word} " for word in ("const", "async", "unsafe") if header[f"is_{word}"])
        return f"{words}fn {path}{params}" + self.call([type for _, type in sig["inputs"]], sig["output"]) + clauses

    def listing(self):
        lines = set()
        for path, item in self.items:
            lines.update(self.lines(path, item))
        return sorted(lines) + [f"external {name}" for name in sorted(self.external)]

    def lines(self, path, item):
        [(kind, value)] = item["inner"].items()
        match kind:
            case "use":
                yield f"use {value['source']} as {path}"
            case "module":
                yield f"mod {path}"
            case "function":
                yield self.function(path, value)
            case "struct" | "enum" | "trait" | "union":
                params, clauses = self.generics(value["generics"])
                mark = "#[non_exhaustive] " if "non_exhaustive" in item["attrs"] else ""
                bounds = f": {self.bounds(value['bounds'])}" if value.get("bounds") else ""
                yield f"{mark}{kind} {path}{params}{bounds}{clauses}"
                yield from self.members(path, value)
            case "type_alias":
                params, _ = self.generics(value["generics"])
                yield f"type {path}{params} = {self.type(value['type'])}"
            case "constant" | "assoc_const":
                yield f"const {path}: {self.type(value['type'])}"
            case "static":
                yield f"static {path}: {self.type(value['type'])}"
            case "assoc_type":
                yield f"type {path}" + (f" = {self.type(value['type'])}" if value["type"] else "")
            case "macro" | "proc_macro":
                yield f"macro {path}"

    def members(self, path, value):
        kind = value.get("kind")
        if isinstance(kind, dict):
            fields = kind["plain"]["fields"] if "plain" in kind else [id for id in kind["tuple"] if id is not None]
            for field in map(self.item, fields):
                if field["visibility"] == "public":
                    yield f"field {path}.{field['name']}: {self.type(field['inner']['struct_field'])}"
        for variant in map(self.item, value.get("variants", [])):
            kind, name = variant["inner"]["variant"]["kind"], f"{path}::{variant['name']}"
            if kind == "plain":
                yield f"variant {name}"
                continue
            shape = "struct" if "struct" in kind else "tuple"
            fields = [self.item(id) for id in (kind["struct"]["fields"] if shape == "struct" else kind["tuple"]) if id is not None]
            types = [self.type(field["inner"]["struct_field"]) for field in fields]
            if shape == "struct":
                types = [f"{field['name']}: {type}" for field, type in zip(fields, types)]
            yield f"variant {name}({', '.join(types)})"
        for id in value.get("items", []):
            item = self.item(id)
            default = " (has a default)" if item["inner"].get("function", {}).get("has_body") else ""
            for line in self.lines(f"{path}::{item['name']}", item):
                yield line + default
        for found in self.impls(value):
            body = found["inner"]["impl"]
            if body["trait"]:
                _, clauses = self.generics(body["generics"])
                yield f"impl {self.named(body['trait'])} for {self.type(body['for'])}{clauses}"
                continue
            for item in map(self.item, body["items"]):
                if item["visibility"] == "public":
                    yield from self.lines(f"{path}::{item['name']}", item)

    def impls(self, value):
        """The inherent ones and those of traits that were written or derived."""
        for id in value.get("impls", []):
            item = self.item(id)
            body = item and item["inner"]["impl"]
            if body and not body["is_synthetic"] and body["blanket_impl"] is None:
                if not (body["trait"] and body["trait"]["path"].split("::")[-1] == "StructuralPartialEq"):
                    yield item

    # Docs.

    def without_example(self):
        """Public types, and functions that are async or return a `Result` or a stream, without a code block in their docs."""
        streams = set()
        for _, item in self.items:
            for value in item["inner"].values():
                for found in self.impls(value) if isinstance(value, dict) else []:
                    trait = found["inner"]["impl"]["trait"]
                    if trait and trait["path"].split("::")[-1] == "Stream":
                        streams.add(item["id"])
        lacking = []
        for path, item in self.items:
            [(kind, value)] = item["inner"].items()
            if kind in ("struct", "enum", "union", "trait") and "```" not in (item["docs"] or ""):
                lacking.append(f"{kind} {path}")
            methods = [(path, item)] if kind == "function" else []
            if kind == "trait":
                methods += [(f"{path}::{self.item(id)['name']}", self.item(id)) for id in value["items"]]
            if kind in ("struct", "enum", "union"):
                for found in self.impls(value):
                    if found["inner"]["impl"]["trait"] is None:
                        methods += [(f"{path}::{self.item(id)['name']}", self.item(id)) for id in found["inner"]["impl"]["items"]]
            for name, method in methods:
                function = method["inner"].get("function")
                is_public = method["visibility"] == "public" or kind == "trait"
                if function and is_public and self.may_fail(function, streams) and "```" not in (method["docs"] or ""):
                    lacking.append(f"fn {name}")
        return sorted(lacking)

    def may_fail(self, function, streams):
        output = function["sig"]["output"]
        if function["header"]["is_async"]:
            return True
        if not output:
            return False
        if "impl_trait" in output:
            return bool(re.search(r"\b(Stream|Future|IntoFuture)\b", self.type(output)))
        path = output.get("resolved_path")
        return bool(path) and (path["id"] in streams or path["path"].split("::")[-1] in ("Result", "BoxFuture", "TokenFuture"))


def breaking():
    """The names in backquotes of the entries of CHANGELOG.md's unreleased part that begin with `- Breaking:`."""
    parts = (ROOT / "CHANGELOG.md").read_text().split("\n## ")
    entries = re.findall(r"^- Breaking:.*(?:\n  .*)*", parts[1] if len(parts) > 1 else "", re.M)
    return {last_word(quoted) for entry in entries for quoted in re.findall(r"`([^`]+)`", entry)}


def last_word(text):
    """The name at the end of a path: `gone` of `fn Imap::gone(&Imap)`, `Clone` of `impl Clone for X`."""
    return (re.findall(r"\w+", re.split(r"[(<]|: | = | for ", text)[0]) or [""])[-1]


def public(crate, file, update):
    now, new = crate.listing(), not file.exists()
    before = [] if new else file.read_text().splitlines()
    added, removed = [line for line in now if line not in before], [line for line in before if line not in now]
    names = breaking()
    unexplained = [line for line in removed if last_word(line) not in names]
    print(f"public API: {len(now)} lines, {len(added)} added, {len(removed)} removed, {len(unexplained)} of these without an entry")
    if update and not unexplained:
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(now) + "\n")
        return 0
    for line in removed:
        print(f"- {line}" + (" (CHANGELOG.md has no `- Breaking:` entry that names it)" if line in unexplained else ""))
    for line in added:
        print(f"+ {line}")
    if added or removed:
        print("`.ci/guards api --update` writes tests/api/public.txt anew")
    return int(bool(added or removed))


def docs_examples(crate, file, update):
    now = crate.without_example()
    allowed = file.read_text().splitlines() if file.exists() else now
    more, less = [line for line in now if line not in allowed], [line for line in allowed if line not in now]
    for line in now:
        print(line)
    print(f"docs without an example: {len(now)}, {len(more)} of them not in tests/api/without-example.txt")
    if update and not more:
        file.write_text("".join(line + "\n" for line in now))
        return 0
    for line in more:
        print(f"needs an example: {line}")
    if less:
        print(f"{len(less)} lines of the file have one now: `.ci/guards docs-examples --update` removes them")
    return int(bool(more or less))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in ("public", "docs-examples"):
        sys.exit(__doc__)
    crate, update = Crate(sys.argv[1]), sys.argv[3:] == ["--update"]
    if sys.argv[2] == "public":
        sys.exit(public(crate, ROOT / "tests/api/public.txt", update))
    sys.exit(docs_examples(crate, ROOT / "tests/api/without-example.txt", update))
