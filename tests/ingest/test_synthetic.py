"""The invented city: same bytes for the same seed, a valid bundle, planted truth outside it that left evidence."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from graph.model import kind_of
from graph.vocabulary import grades, is_exploitation_event, tie_types, vocabulary
from ingest.city.writing import MINUTES_PER_DAY, Moments, quoted
from ingest.synthetic import Assumptions, generate, main

AS_AT = dt.date(2026, 10, 1)

HEADERS = {
    "people.csv": "person_id,given_name,family_name,also_known_as,date_of_birth,sex,ethnicity,nhs_number,upn,"
    "home_authority,placing_authority,host_authority,address_place_id,protected_address,send,died_on",
    "places.csv": "place_id,name,place_type,easting,northing,precision,postcode,uprn,ward_code,ward_vintage",
    "schools.csv": "urn,name,establishment_type,phase,easting,northing,postcode,opened_on,closed_on",
    "peer_groups.csv": "peer_group_id,name,context",
    "operations.csv": "operation_id,name,lead_agency,strand,opened_on,closed_on,restricted",
    "objects.csv": "object_id,object_type,identifier",
    "reports.csv": "report_id,agency,system,reference,author_role,occurred_from,occurred_to,recorded_at,"
    "grading_scheme,source_evaluation,information_assessment,handling,conditions,basis",
    "episodes.csv": "episode_id,person_id,episode_type,detail,strand,started_on,ended_on,report_id",
    "events.csv": "event_id,event_type,detail,strand,started_at,ended_at,place_id,from_place_id,easting,northing,"
    "report_id",
    "participants.csv": "event_id,entity_id,role,report_id",
    "links.csv": "link_id,source_id,target_id,link_type,qualifier,polarity,started_on,ended_on,report_id,confidence",
    "exposure.csv": "locality_id,exposure,period_from,period_to",
    "populations.csv": "locality_id,age_band,sex,ethnicity,population",
}

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Bundle:
    folder: Path
    truth: Path

    def rows(self, name: str) -> Rows:
        return _read(self.folder / name)

    def planted(self, name: str) -> Rows:
        return _read(self.truth / name)

    def by(self, name: str, key: str) -> dict[str, dict[str, str]]:
        return {row[key]: row for row in self.rows(name)}


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    base = tmp_path_factory.mktemp("city")
    summary = generate("hub", 1, base / "hub", as_at=AS_AT)
    return Bundle(summary.folder, summary.truth)


def _digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _typed_ids(bundle: Bundle) -> set[str]:
    sources = {
        "person": ("people.csv", "person_id"),
        "place": ("places.csv", "place_id"),
        "school": ("schools.csv", "urn"),
        "group": ("peer_groups.csv", "peer_group_id"),
        "operation": ("operations.csv", "operation_id"),
        "event": ("events.csv", "event_id"),
    }
    found = {f"{kind}:{row[key]}" for kind, (name, key) in sources.items() for row in bundle.rows(name)}
    return found | {f"{row['object_type']}:{row['object_id']}" for row in bundle.rows("objects.csv")}


def test_the_same_seed_gives_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    again = generate("hub", 1, tmp_path / "again", as_at=AS_AT)
    assert _digest(again.folder) == _digest(bundle.folder)
    assert _digest(again.truth) == _digest(bundle.truth)


def test_another_seed_gives_other_people(bundle: Bundle, tmp_path: Path) -> None:
    other = generate("hub", 2, tmp_path / "other", as_at=AS_AT)
    assert _digest(other.folder)["people.csv"] != _digest(bundle.folder)["people.csv"]


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_the_header_is_that_of_the_exchange_bundle(bundle: Bundle, name: str) -> None:
    with (bundle.folder / name).open(encoding="utf-8", newline="") as stream:
        assert stream.readline() == HEADERS[name] + "\r\n"


def test_the_bundle_holds_the_files_of_the_exchange_format_and_no_truth(bundle: Bundle) -> None:
    assert {path.name for path in bundle.folder.iterdir()} == {*HEADERS, "localities.geojson"}


def test_a_truth_folder_inside_the_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside"):
        generate("hub", 1, tmp_path / "b", truth=tmp_path / "b" / "truth")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("people.csv", "person_id"),
        ("places.csv", "place_id"),
        ("reports.csv", "report_id"),
        ("episodes.csv", "episode_id"),
        ("events.csv", "event_id"),
        ("links.csv", "link_id"),
        ("objects.csv", "object_id"),
    ],
)
def test_keys_are_unique(bundle: Bundle, name: str, key: str) -> None:
    assert max(Counter(row[key] for row in bundle.rows(name)).values()) == 1


def test_every_reference_resolves(bundle: Bundle) -> None:
    known = _typed_ids(bundle)
    reports = {row["report_id"] for row in bundle.rows("reports.csv")} | {""}
    wanted = {row[end] for row in bundle.rows("links.csv") for end in ("source_id", "target_id")}
    wanted |= {row["entity_id"] for row in bundle.rows("participants.csv")}
    wanted |= {f"event:{row['event_id']}" for row in bundle.rows("participants.csv")}
    wanted |= {f"person:{row['person_id']}" for row in bundle.rows("episodes.csv")}
    wanted |= {f"place:{row['address_place_id']}" for row in bundle.rows("people.csv") if row["address_place_id"]}
    for column in ("place_id", "from_place_id"):
        wanted |= {f"place:{row[column]}" for row in bundle.rows("events.csv") if row[column]}
    assert wanted - known == set()
    for name in ("links.csv", "participants.csv", "events.csv", "episodes.csv"):
        assert {row["report_id"] for row in bundle.rows(name)} <= reports


def test_every_link_names_a_report(bundle: Bundle) -> None:
    assert all(row["report_id"] for row in bundle.rows("links.csv"))


def test_localities_of_exposure_and_populations_are_drawn(bundle: Bundle) -> None:
    drawn = {feature["properties"]["locality_id"] for feature in _features(bundle)}
    named = {row["locality_id"] for name in ("exposure.csv", "populations.csv") for row in bundle.rows(name)}
    assert named <= drawn


WORDS = [
    ("people.csv", "sex", "sex"),
    ("people.csv", "ethnicity", "ethnicity"),
    ("places.csv", "place_type", "place_type"),
    ("places.csv", "precision", "location_precision"),
    ("schools.csv", "establishment_type", "establishment_type"),
    ("schools.csv", "phase", "phase"),
    ("peer_groups.csv", "context", "context"),
    ("operations.csv", "strand", "strand"),
    ("operations.csv", "lead_agency", "agency"),
    ("reports.csv", "agency", "agency"),
    ("reports.csv", "author_role", "author_role"),
    ("reports.csv", "grading_scheme", "grading_scheme"),
    ("reports.csv", "handling", "handling"),
    ("reports.csv", "basis", "basis"),
    ("episodes.csv", "episode_type", "episode_type"),
    ("episodes.csv", "strand", "strand"),
    ("events.csv", "event_type", "event_type"),
    ("events.csv", "strand", "strand"),
    ("participants.csv", "role", "role"),
    ("links.csv", "link_type", "link_type"),
    ("links.csv", "polarity", "polarity"),
]


@pytest.mark.parametrize(("name", "column", "words"), WORDS)
def test_words_are_those_of_the_controlled_lists(bundle: Bundle, name: str, column: str, words: str) -> None:
    used = {row[column] for row in bundle.rows(name)} - {""}
    assert used
    assert used <= vocabulary(words).codes


def test_links_join_kinds_their_type_allows(bundle: Bundle) -> None:
    types = tie_types()
    wrong = {
        (row["link_type"], row["source_id"].split(":")[0], row["target_id"].split(":")[0])
        for row in bundle.rows("links.csv")
        if kind_of(row["source_id"]) not in types[row["link_type"]].source_kinds
        or kind_of(row["target_id"]) not in types[row["link_type"]].target_kinds
    }
    assert wrong == set()


def test_nothing_is_tied_to_itself(bundle: Bundle) -> None:
    assert all(row["source_id"] != row["target_id"] for row in bundle.rows("links.csv"))


def test_police_reports_are_graded_in_their_own_scheme_and_partners_not_at_all(bundle: Bundle) -> None:
    schemes = Counter(row["grading_scheme"] for row in bundle.rows("reports.csv"))
    assert set(schemes) == {"3x5x2", "5x5x5", "none"}
    for row in bundle.rows("reports.csv"):
        lists = grades(row["grading_scheme"])
        if lists is None:
            assert (row["source_evaluation"], row["information_assessment"]) == ("", "")
            assert row["agency"] != "police"
        else:
            assert row["source_evaluation"] in lists[0].codes
            assert row["information_assessment"] in lists[1].codes


def test_times_run_forwards_and_end_before_the_as_at_date(bundle: Bundle) -> None:
    limit = AS_AT.isoformat()
    for row in bundle.rows("reports.csv"):
        assert row["occurred_from"] <= row["recorded_at"] < limit
    for row in bundle.rows("events.csv"):
        assert row["started_at"] < limit
        assert row["ended_at"] == "" or row["started_at"] < row["ended_at"] < limit
    for name in ("links.csv", "episodes.csv"):
        for row in bundle.rows(name):
            assert row["started_on"] <= limit
            assert row["ended_on"] == "" or row["started_on"] <= row["ended_on"]


def test_times_avoid_the_hour_that_a_clock_change_skips_or_repeats() -> None:
    days = [int(np.datetime64(day).astype(np.int64)) for day in ("2026-03-29", "2026-10-25", "2026-03-28")]
    cells = Moments(np.array([day * MINUTES_PER_DAY + 90 for day in days])).strings(0, 3)
    assert cells == ["2026-03-29T02:00:00", "2026-10-25T02:00:00", "2026-03-28T01:30:00"]


def test_cells_are_quoted_only_where_they_must_be() -> None:
    assert quoted('Prentice, "Jr."') == '"Prentice, ""Jr."""'
    assert quoted("O'Rourke") == "O'Rourke"


def test_awkward_names_survive_the_file(bundle: Bundle) -> None:
    names = {(row["given_name"], row["family_name"]) for row in bundle.rows("people.csv")}
    assert {("Jean", "Prentice, Jr."), ("ميّادة", "الخطّاب"), ("Zoë", "O’Shaughnessy-D'Arcy")} <= names


def test_birth_dates_come_in_three_precisions(bundle: Bundle) -> None:
    lengths = {len(row["date_of_birth"]) for row in bundle.rows("people.csv")}
    assert lengths == {0, 4, 7, 10}


def test_health_numbers_are_valid_and_in_the_range_kept_for_tests(bundle: Bundle) -> None:
    numbers = [row["nhs_number"] for row in bundle.rows("people.csv") if row["nhs_number"]]
    assert len(set(numbers)) == len(numbers) > 500
    for number in numbers:
        check = 11 - sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True)) % 11
        assert number.startswith("999")
        assert int(number[9]) == check % 11


def test_pupil_numbers_carry_the_right_check_letter(bundle: Bundle) -> None:
    numbers = [row["upn"] for row in bundle.rows("people.csv") if row["upn"]]
    assert len(set(numbers)) == len(numbers) > 300
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number[1:], range(2, 14), strict=True))
        assert number[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]


def _features(bundle: Bundle) -> list[dict[str, dict[str, str]]]:
    collection = json.loads((bundle.folder / "localities.geojson").read_text(encoding="utf-8"))
    features: list[dict[str, dict[str, str]]] = collection["features"]
    return features


def _shapes(bundle: Bundle, kind: str) -> dict[str, shapely.Geometry]:
    return {
        feature["properties"]["locality_id"]: shapely.from_geojson(json.dumps(feature["geometry"]))
        for feature in _features(bundle)
        if feature["properties"]["locality_type"] == kind
    }


@pytest.mark.parametrize(("kind", "count"), [("ward", 12), ("neighbourhood", 60)])
def test_areas_tile_without_gap_or_overlap(bundle: Bundle, kind: str, count: int) -> None:
    shapes = list(_shapes(bundle, kind).values())
    assert len(shapes) == count
    assert all(shape.is_valid for shape in shapes)
    union = shapely.union_all(shapes)
    assert union.area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-9)
    city = next(iter(_shapes(bundle, "district").values()))
    assert shapely.symmetric_difference(union, city).area < city.area * 1e-9


def test_the_ground_is_open_sea(bundle: Bundle) -> None:
    west, south, east, north = shapely.union_all(list(_shapes(bundle, "district").values())).bounds
    assert 1.0 < west < east < 2.0
    assert 55.2 < south < north < 55.8


def test_places_lie_in_the_ward_they_name(bundle: Bundle) -> None:
    wards = _shapes(bundle, "ward")
    to_degrees = pyproj.Transformer.from_crs("EPSG:27700", "OGC:CRS84", always_xy=True)
    rows = bundle.rows("places.csv")
    x, y = to_degrees.transform([float(row["easting"]) for row in rows], [float(row["northing"]) for row in rows])
    # a place on a rounded border may fall to the neighbour: two metres of grace
    outside = [
        row["place_id"]
        for row, point in zip(rows, shapely.points(x, y), strict=True)
        if wards[row["ward_code"]].distance(point) > 3e-5
    ]
    assert outside == []


def test_children_open_to_the_hub_are_as_many_as_a_demonstration_needs(bundle: Bundle) -> None:
    assert 120 <= len(_known(bundle)) <= 190
    missing = sum(row["event_type"] == "missing_episode" for row in bundle.rows("events.csv"))
    assert missing >= 100


def _known(bundle: Bundle) -> set[str]:
    """Children open to the hub in the last 24 months."""
    return {
        f"person:{row['person_id']}"
        for row in bundle.rows("episodes.csv")
        if row["episode_type"] == "open_to_hub" and (not row["ended_on"] or row["ended_on"] >= "2024-10-01")
    }


def test_known_children_of_rings_are_known_and_the_others_are_not(bundle: Bundle) -> None:
    known = _known(bundle)
    exploited = _victims_of_exploitation(bundle)
    for row in bundle.planted("members.csv"):
        if row["role"] == "child_known":
            assert row["person"] in known
        elif row["role"] in ("child_hidden", "child_future"):
            assert row["person"] not in known | exploited


def _victims_of_exploitation(bundle: Bundle) -> set[str]:
    events = bundle.by("events.csv", "event_id")
    return {
        row["entity_id"]
        for row in bundle.rows("participants.csv")
        if row["role"] == "victim"
        and is_exploitation_event(events[row["event_id"]]["event_type"], events[row["event_id"]]["strand"] or None)
    }


def test_victims_of_recorded_exploitation_are_children_the_hub_knows(bundle: Bundle) -> None:
    assert _victims_of_exploitation(bundle) <= _known(bundle)


def test_every_ring_left_evidence(bundle: Bundle) -> None:
    rings: dict[str, set[str]] = defaultdict(set)
    for row in bundle.planted("members.csv"):
        rings[row["ring"]].add(row["person"])
    places = {row["place"]: row["ring"] for row in bundle.planted("places_truth.csv") if row["ring"]}
    at_place: Counter[str] = Counter()
    events = bundle.by("events.csv", "event_id")
    for row in bundle.rows("participants.csv"):
        ring = places.get(f"place:{events[row['event_id']]['place_id']}")
        if ring is not None and row["entity_id"] in rings[ring]:
            at_place[ring] += 1
    between: Counter[str] = Counter()
    for row in bundle.rows("links.csv"):
        for ring, people in rings.items():
            between[ring] += row["source_id"] in people and row["target_id"] in people
    assert len(rings) == 6
    assert all(at_place[ring] >= 2 and between[ring] >= 3 for ring in rings)


def test_children_out_together_overlap_in_time(bundle: Bundle) -> None:
    events = bundle.by("events.csv", "event_id")
    episodes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in bundle.rows("participants.csv"):
        if row["role"] == "missing_person":
            event = events[row["event_id"]]
            episodes[row["entity_id"]].append((event["started_at"], event["ended_at"] or "9999"))
    pairs = [row for row in bundle.planted("co_missing.csv") if row["kind"] == "ring"]
    assert len(pairs) >= 20
    overlapping = sum(
        any(a[0] < b[1] and b[0] < a[1] for a in episodes[row["person_a"]] for b in episodes[row["person_b"]])
        for row in pairs
    )
    assert overlapping >= 0.95 * len(pairs)


def test_offence_patterns_are_offences_against_their_victim(bundle: Bundle) -> None:
    roles = {(row["event_id"], row["entity_id"], row["role"]) for row in bundle.rows("participants.csv")}
    patterns = {row["pattern"]: row for row in bundle.planted("offence_patterns.csv")}
    assert {row["shape"] for row in patterns.values()} == {"party", "boyfriend", "lone_offenders"}
    for row in bundle.planted("offence_pattern_events.csv"):
        key = row["event"].removeprefix("event:")
        assert (key, patterns[row["pattern"]]["victim"], "victim") in roles


def test_planted_areas_are_steady_and_emerging(bundle: Bundle) -> None:
    areas = bundle.planted("areas.csv")
    assert {row["kind"] for row in areas} == {"steady", "emerging"}
    assert {row["locality_id"] for row in areas} <= set(_shapes(bundle, "neighbourhood"))


def test_one_person_is_known_to_one_restricted_operation_only(bundle: Bundle) -> None:
    reports = bundle.by("reports.csv", "report_id")
    restricted = bundle.planted("restricted.csv")
    (secret,) = [row for row in restricted if row["kind"] == "known_only_here"]
    condition = secret["operation"]
    links = [row for row in bundle.rows("links.csv") if secret["item"] in (row["source_id"], row["target_id"])]
    taking_part = [row for row in bundle.rows("participants.csv") if row["entity_id"] == secret["item"]]
    assert any(row["link_type"] == "subject_of" and row["target_id"] == secret["operation"] for row in links)
    for row in [*links, *taking_part]:
        assert reports[row["report_id"]]["conditions"] == condition
        assert reports[row["report_id"]]["handling"] == "C"
    assert not any(f"person:{row['person_id']}" == secret["item"] for row in bundle.rows("episodes.csv"))


def test_what_a_restricted_operation_knows_rests_on_its_reports_alone(bundle: Bundle) -> None:
    reports = bundle.by("reports.csv", "report_id")
    operations = bundle.by("operations.csv", "operation_id")
    assert sum(row["restricted"] == "1" for row in operations.values()) == 2
    for row in bundle.rows("links.csv"):
        if row["link_type"] == "subject_of" and operations[row["target_id"].split(":")[1]]["restricted"] == "1":
            assert reports[row["report_id"]]["conditions"] == row["target_id"]


def test_one_event_is_entered_by_two_agencies(bundle: Bundle) -> None:
    entries: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in bundle.rows("participants.csv"):
        entries[row["event_id"], row["entity_id"], row["role"]].add(row["report_id"])
    assert sum(len(reports) > 1 for reports in entries.values()) >= 20


def test_different_people_share_a_name(bundle: Bundle) -> None:
    names = Counter((row["given_name"], row["family_name"]) for row in bundle.rows("people.csv"))
    alike = [row for row in bundle.planted("confounders.csv") if row["kind"] == "same_name_as_known_child"]
    people = bundle.by("people.csv", "person_id")
    shared = [people[row["person"].split(":")[1]] for row in alike]
    assert len(shared) >= 3
    # a person with an awkward name keeps it
    assert sum(names[row["given_name"], row["family_name"]] > 1 for row in shared) >= len(shared) - 1


def _varied(folder: Path, assumptions: Assumptions) -> Bundle:
    summary = generate("hub", 1, folder / "varied", assumptions=assumptions, as_at=AS_AT)
    return Bundle(summary.folder, summary.truth)


def test_lost_ties_are_missing_from_the_bundle(bundle: Bundle, tmp_path: Path) -> None:
    varied = _varied(tmp_path, Assumptions(tie_loss=0.3))
    before = {row["link_id"] for row in bundle.rows("links.csv")}
    after = {row["link_id"] for row in varied.rows("links.csv")}
    assert after < before
    assert len(after) == pytest.approx(0.7 * len(before), rel=0.05)


def test_second_person_records_carry_part_of_the_ties(bundle: Bundle, tmp_path: Path) -> None:
    varied = _varied(tmp_path, Assumptions(duplicate_people=0.1))
    twins = varied.planted("duplicate_people.csv")
    assert len(varied.rows("people.csv")) == len(bundle.rows("people.csv")) + len(twins)
    assert len(twins) == pytest.approx(200, abs=60)
    ends = Counter(row[end] for row in varied.rows("links.csv") for end in ("source_id", "target_id"))
    assert sum(ends[row["person"]] > 0 for row in twins) > len(twins) / 2
    assert not {row["person"] for row in twins} & {f"person:{row['person_id']}" for row in bundle.rows("people.csv")}


def test_without_the_co_missing_signal_no_ring_pair_is_missing_together(tmp_path: Path) -> None:
    varied = _varied(tmp_path, Assumptions(co_missing_signal=0.0))
    assert [row for row in varied.planted("co_missing.csv") if row["kind"] == "ring"] == []


def test_recording_bias_adds_contact_for_over_recorded_groups_only(bundle: Bundle, tmp_path: Path) -> None:
    varied = _varied(tmp_path, Assumptions(recording_bias=3.0))
    assert _contact_ratio(varied) > 1.5 * _contact_ratio(bundle)


def _contact_ratio(bundle: Bundle) -> float:
    """Recorded whereabouts per person of over-recorded groups, over those of the others."""
    over = {"BAFR", "BCRB", "BOTH", "MWBC", "MWBA"}
    group = {f"person:{row['person_id']}": row["ethnicity"] in over for row in bundle.rows("people.csv")}
    contacts = Counter(
        group[row["source_id"]] for row in bundle.rows("links.csv") if row["link_type"] in ("seen_at", "frequents")
        and row["source_id"] in group
    )  # fmt: skip
    people = Counter(group.values())
    return (contacts[True] / people[True]) / (contacts[False] / people[False])


@pytest.mark.parametrize("wrong", [{"tie_loss": 1.0}, {"duplicate_people": 0.6}, {"false_ties": -1.0}])
def test_impossible_assumptions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|negative"):
        Assumptions(**wrong)


def test_the_command_writes_both_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--size", "hub", "--seed", "3", "--out", str(tmp_path / "b"), "--truth", str(tmp_path / "t")])
    assert code == 0
    assert (tmp_path / "b" / "people.csv").exists()
    assert (tmp_path / "t" / "members.csv").exists()
    assert "links and participations" in capsys.readouterr().out
