"""``python -m tests.simulation --seed 1 --recipients 2000``: JSON lines, what is known, the hits, then the truth."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields

from tests.simulation import world
from tests.simulation.mailing import Plan


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    for each in fields(Plan):
        kind = type(each.default)
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=kind, default=each.default)
    played = world.play(Plan(**vars(parser.parse_args(arguments))))
    print(json.dumps({"mailing": world.known(played)}))
    for hit in played.hits:
        print(json.dumps(world.told(hit)))
    print(json.dumps({"truth": world.truth(played)}))


if __name__ == "__main__":
    main(sys.argv[1:])
