#!/usr/bin/env python3
"""Reads operations, one JSON object a line, and shows who copied whom and in how many rounds.

A copy is of the round after the last one that its donor was part of, as donor or as recipient.
"""
import datetime
import json
import sys


def seconds(text):
    return datetime.datetime.fromisoformat(text.split(".")[0].rstrip("Z")).timestamp() + float(
        "0." + (text.rstrip("Z").split(".") + ["0"])[1])


def main():
    copies = []
    for line in sys.stdin:
        operation = json.loads(line)
        times = {time["step"]: time for time in operation["times"]}
        copies.append((seconds(times["clone"]["started"]), seconds(times["clone"]["ended"]),
                       operation["donor"], operation["recipient"], seconds(operation["requested"]),
                       seconds(operation["ended"])))
    first = min(copy[4] for copy in copies)
    round_of = {}
    print("round  recipient         copies            from      to        done")
    for began, ended, donor, recipient, _, done in sorted(copies):
        number = round_of.get(donor, 0) + 1
        round_of[donor] = round_of[recipient] = number
        print(f"{number:5d}  {recipient}  {donor}  {began - first:6.1f} s  {ended - first:6.1f} s  "
              f"{done - first:6.1f} s")
    whole = max(copy[5] for copy in copies) - first
    print(f"{len(copies)} tablets in {max(round_of.values())} rounds and {whole:.1f} s")


if __name__ == "__main__":
    main()
