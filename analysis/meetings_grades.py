"""How much of a score rests on the lowest grades of evidence, so that it never does so silently."""

from __future__ import annotations

import numpy as np

from analysis.codes import code
from analysis.excess import Meetings
from graph.snapshot import Bool, Snapshot

#: position in the scheme's scale from which a grade is one of the two lowest, by source and by information; a source
#: has three grades in the 3x5x2 scheme, of which the lowest is "not reliable"
_LOW = {"3x5x2": (2, 3), "5x5x5": (3, 3)}


def low_reports(snapshot: Snapshot) -> Bool:
    """Reports of the lowest grades: information not known or suspected false, or a source not reliable or not tested.

    What police do not grade is not low: it is not graded.
    """
    reports = snapshot.reports
    low = np.zeros(len(reports.agency), dtype=np.bool_)
    for scheme, (source, information) in _LOW.items():
        graded = reports.scheme == code("grading_scheme", scheme)
        low |= graded & ((reports.source_evaluation >= source) | (reports.information_assessment >= information))
    return low


def low_ties(snapshot: Snapshot) -> Bool:
    """Ties of which every report is of the lowest grades; a tie without a report is not graded, so not low."""
    ties = snapshot.ties
    count = len(ties.source)
    owner = np.repeat(np.arange(count), np.diff(ties.report_start))
    better = np.bincount(owner, weights=~low_reports(snapshot)[ties.report_of_tie], minlength=count)
    answer: Bool = (np.diff(ties.report_start) > 0) & (better == 0)
    return answer


def low_meetings(meetings: Meetings, low: Bool) -> Bool:
    """Meetings of which either tie is low."""
    answer: Bool = low[meetings.tie] | ((meetings.other_tie >= 0) & low[meetings.other_tie])
    return answer


def low_grade_words(
    share: float, listed_without: bool, first: int = 10, among_first: bool = False, among_first_without: bool = False
) -> list[str]:
    """What to say beside a flag of which ``share`` of what speaks for it rests on the lowest grades.

    ``among_first``: whether it is one of the ``first`` of its queue, and whether it would be without those grades.
    """
    said = []
    if share > 0.5:
        said.append(
            f"About {share:.0%} of what speaks for this flag rests on reports of the lowest grades: "
            "information not known to be true, or a source not tested or not reliable."
        )
    if not listed_without:
        said.append("Without reports of the lowest grades this would not be listed.")
    elif among_first and not among_first_without:
        said.append(f"Without reports of the lowest grades this would not be among the first {first} of the list.")
    elif among_first_without and not among_first:
        said.append(f"Without reports of the lowest grades this would be among the first {first} of the list.")
    return said
