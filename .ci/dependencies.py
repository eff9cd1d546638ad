#!/usr/bin/env python3
"""Reads `cargo metadata` from standard input and compares the licences of all crates that users of this one build, and the crates that
they build in more than one version, with .ci/dependencies.txt. With --update it writes the file instead."""

import collections
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("dependencies.txt")


def main():
    data = json.load(sys.stdin)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    root = data["resolve"]["root"]
    reached, waiting = {root}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            if dependency["pkg"] not in reached and any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                reached.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    versions, users = collections.defaultdict(list), collections.defaultdict(list)
    for package in map(packages.get, reached - {root}):
        versions[package["name"]].append(package["version"])
        users[package["license"] or "not stated"].append(package["name"])
    now = sorted(f"licence: {licence}" for licence in users)
    now += sorted(f"duplicate: {name} {' '.join(sorted(found))}" for name, found in versions.items() if len(found) > 1)
    if sys.argv[1:] == ["--update"]:
        FILE.write_text("\n".join(now) + "\n")
        return 0
    listed = FILE.read_text().splitlines()
    for line in now:
        if line not in listed:
            licence = line.removeprefix("licence: ")
            print(f"not in .ci/dependencies.txt: {line}" + (f" ({', '.join(users[licence])})" if licence in users else ""))
    for line in listed:
        if line not in now:
            print(f"no longer needed in .ci/dependencies.txt: {line}")
    print(f"dependencies: {len(reached) - 1} crates, {len(users)} licences, {len(now) - len(users)} in more than one version")
    return int(now != listed)


sys.exit(main())
