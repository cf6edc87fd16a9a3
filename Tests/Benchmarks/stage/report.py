"""A measured figure beside its peer, and the table of them all."""

import dataclasses
import operator
import statistics

# How an aim compares a figure; there are no others.
SIGNS = {"<": operator.lt, ">=": operator.ge}


@dataclasses.dataclass
class Row:
    """One figure.

    `samples` are those of celery, in `unit`; the figure is their median. A peer's were
    taken in turn with them. `aim` compares the figure, or with `aims_at_ratio` the ratio.
    """

    what: str
    unit: str
    samples: list
    peer: str = ""
    peer_samples: list = dataclasses.field(default_factory=list)
    # ("<", 5) or (">=", 0.8)
    aim: tuple = None
    aims_at_ratio: bool = False
    benchmark: str = ""

    @property
    def value(self):
        return statistics.median(self.samples)

    @property
    def peer_value(self):
        return statistics.median(self.peer_samples) if self.peer_samples else None

    @property
    def ratio(self):
        """celery's figure for each 1 of the peer's: the median over the rounds when they pair up."""
        if not self.peer_samples or not self.peer_value:
            return None
        if len(self.samples) == len(self.peer_samples) and all(self.peer_samples):
            return statistics.median(a / b for a, b in zip(self.samples, self.peer_samples))
        return self.value / self.peer_value

    @property
    def is_met(self):
        if not self.aim:
            return None
        sign, bound = self.aim
        figure = self.ratio if self.aims_at_ratio else self.value
        return SIGNS[sign](figure, bound)

    def aim_text(self):
        if not self.aim:
            return ""
        sign, bound = self.aim
        unit = "of the peer" if self.aims_at_ratio else self.unit
        return f"{sign.replace('>=', '≥')} {number(bound)} {unit}: {'yes' if self.is_met else 'no'}"

    def text(self):
        parts = [f"{self.what}: {number(self.value)} {self.unit}"]
        if self.peer_samples:
            ratio = "" if self.ratio is None else f", ratio {self.ratio:.2f}"
            parts.append(f"{self.peer}: {number(self.peer_value)} {self.unit}{ratio}")
        if self.aim:
            parts.append(f"aim {self.aim_text()}")
        return "; ".join(parts)

    def json(self):
        return {
            "benchmark": self.benchmark, "what": self.what, "unit": self.unit, "value": self.value,
            "samples": self.samples, "peer": self.peer or None, "peer_value": self.peer_value,
            "peer_samples": self.peer_samples, "ratio": self.ratio,
            "aim": " ".join(map(str, self.aim)) if self.aim else None, "met": self.is_met,
        }


def number(value):
    """Three digits that count, and thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3f}"


def markdown(rows, machine, quick):
    """A table to paste into the README."""
    lines = ["| Measured | celery | Beside it | | Ratio | Aim |", "|---|--:|---|--:|--:|---|"]
    for row in rows:
        peer = f"{number(row.peer_value)} {row.unit}" if row.peer_samples else ""
        ratio = f"{row.ratio:.2f}" if row.peer_samples and row.ratio is not None else ""
        lines.append(
            f"| {row.what} | {number(row.value)} {row.unit} | {row.peer} | {peer} | {ratio} | {row.aim_text()} |")
    lines += [
        "",
        f"Medians{' of a quick run' if quick else ''}; the ratio is celery's figure to that of what was measured beside it, "
        f"in turn. {machine.text()}.",
    ]
    return "\n".join(lines)
