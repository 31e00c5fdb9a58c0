# SPDX-License-Identifier: Apache-2.0
"""What the bench says: tables, budgets with met or missed, and the same as JSON."""

import os

from contest import Ratio

WIDTH = 34


def _number(value):
    return "%.2f" % value if value < 100 else "%.0f" % value


def _time(seconds):
    return "%.2f" % (seconds * 1000)


def _row(name, *cells):
    return "  %-*s%s" % (WIDTH, name, "".join("%12s" % cell for cell in cells))


def _spread(ratio):
    return "%s-%s" % (_number(ratio.low), _number(ratio.high))


class Report:
    def __init__(self, **settings):
        uname = os.uname()
        self.data = {
            "version": 1,
            "settings": settings,
            "machine": {"kernel": uname.release, "architecture": uname.machine, "cpus": os.cpu_count()},
            "tables": [],
            "unusable": [],
            "discarded": [],
            "budgets": [],
        }
        self._lines = []

    def _say(self, *lines):
        self._lines.extend(lines)

    def unusable(self, name, why):
        self.data["unusable"].append({"name": name, "reason": why})

    def discarded(self, title, discarded, kept):
        self.data["discarded"].append({"table": title, "rounds": discarded, "kept": kept})

    def starts(self, title, rounds, contenders):
        """A contest: medians, and each one's ratio to the reference."""
        self._say("", title, _row("", "ms", "cpu ms", "x", "quartiles", "cpu x"))
        rows = []
        for contender in contenders:
            name = contender.name
            wall, cpu = rounds.ratio(name), rounds.ratio(name, field="cpu")
            note = "  (%s)" % contender.note if contender.note else ""
            cells = [_time(rounds.wall(name)), _time(rounds.cpu(name)), _number(wall.medians), _spread(wall), _number(cpu.medians)]
            self._say(_row(name, *cells) + note)
            rows.append({
                "name": name, "note": contender.note, "wall": rounds.wall(name), "cpu": rounds.cpu(name),
                "ratio": wall._asdict(), "cpu_ratio": cpu._asdict(),
            })
        self.data["tables"].append({"title": title, "reference": rounds.reference, "rows": rows})

    def pairs(self, title, names, pairs):
        """PAIRS of two by how many there were at once."""
        self._say("", title, _row("", *["%s ms" % n for n in names], "x", "quartiles"))
        rows = []
        for count, pair in pairs:
            self._say(_row(str(count), _time(pair.this), _time(pair.that), _number(pair.ratio.medians), _spread(pair.ratio)))
            rows.append({"count": count, names[0]: pair.this, names[1]: pair.that, "ratio": pair.ratio._asdict()})
        self.data["tables"].append({"title": title, "rows": rows})

    def memory(self, title, rows):
        """ROWS: name, number of pods, {program: KiB}."""
        self._say("", title, _row("", "pods", "KiB a pod"))
        for name, count, parts in rows:
            each = ", ".join("%s %.0f" % (program, size / count) for program, size in sorted(parts.items()))
            self._say(_row(name, count, "%.0f" % (sum(parts.values()) / count)) + "  " + each)
        self.data["tables"].append({
            "title": title,
            "rows": [{"name": n, "count": c, "kib": sum(p.values()) / c, "programs": p} for n, c, p in rows],
        })

    def budget(self, key, what, value, limit, unit, note=""):
        """VALUE a ratio, a number, or None where it was not measured: NOTE says why."""
        spread = value if isinstance(value, Ratio) else None
        number = spread.medians if spread else value
        if number is None:
            verdict = "not measured"
        else:
            verdict = "met" if number <= limit else "missed"
        self.data["budgets"].append({
            "key": key, "what": what, "limit": limit, "unit": unit, "value": number,
            "quartiles": [spread.low, spread.high] if spread else None, "verdict": verdict, "note": note,
        })

    def _tail(self):
        lines = ["", "budgets", _row("", "limit", "measured", "quartiles")]
        for row in self.data["budgets"]:
            quartiles = row["quartiles"]
            lines.append(
                _row(
                    row["what"],
                    _number(row["limit"]),
                    "-" if row["value"] is None else _number(row["value"]),
                    _spread(Ratio(0, *quartiles)) if quartiles else "",
                )
                + "  %-14s%s%s" % (row["verdict"], row["unit"], "; " + row["note"] if row["note"] else "")
            )
        lines.append("")
        for row in self.data["unusable"]:
            lines.append("not measured: %s: %s" % (row["name"], row["reason"]))
        for row in self.data["discarded"]:
            lines.append("%s: %d rounds, and %d discarded as disturbed" % (row["table"], row["kept"], row["rounds"]))
        return lines

    def text(self):
        machine = self.data["machine"]
        head = "%(cpus)d cpus, kernel %(kernel)s, %(architecture)s; x: ratio of medians to the first line" % machine
        return "\n".join([head] + self._lines + self._tail())
