"""The controlled lists are complete, stable and safe to print."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graph.vocabulary
from graph import errors, model
from graph.vocabulary import (
    analysed_event_type,
    grades,
    is_exploitation_event,
    is_exploitation_strand,
    names,
    person_of_concern_roles,
    person_of_concern_ties,
    powers,
    role_of_place,
    tie_types,
    vocabulary,
)
from scripts.generate_vocabulary_page import PAGE, page
from viz.wording import check as check_wording

FOLDER = Path(graph.vocabulary.__file__).with_name("vocabularies")
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))

TEXT = {"type": "string", "minLength": 1, "pattern": r"^\S(.*\S)?$"}
TERM: dict[str, Any] = {
    "code": TEXT,
    "label": TEXT,
    "group": TEXT,
    "note": TEXT,
    "since": {"type": "string", "pattern": "^[0-9]{4}$"},
    "aliases": {"type": "array", "items": TEXT, "minItems": 1},
}
KINDS = {"type": "array", "items": {"enum": [kind.value for kind in model.NodeKind]}, "minItems": 1}
EXTRA: dict[str, dict[str, Any]] = {
    "tie_type": {
        "symmetric": {"type": "boolean"},
        "default_polarity": {"enum": [polarity.value for polarity in model.Polarity]},
        "source_kinds": KINDS,
        "target_kinds": KINDS,
        "sentence": TEXT,
        "sentence_reverse": TEXT,
        "link": {"type": "boolean"},
        "source_is_person_of_concern": {"type": "boolean"},
    },
    "event_type": {"exploitation": {"enum": ["never", "with_strand"]}},
    "power": {
        "law": TEXT,
        "status": {"enum": ["in_force", "not_commenced", "unconfirmed"]},
        "checked": {"type": "boolean"},
    },
}
GROUPED = {"tie_type", "event_type", "power", "place_type", "role", "strand", "action_type", "ethnicity"}

#: how many terms version 2026.1 had and the digest of their codes in order; never change a row, a list only grows
NUMBERED = {
    "tie_type": (40, "28a0177bc8d147a6"),
    "link_type": (37, "fc84d44c5e38fdf0"),
    "event_type": (34, "7823eea90393fd76"),
    "role": (21, "fba863b9e6e31c09"),
    "place_type": (54, "332f1e42e86ddb23"),
    "episode_type": (25, "4e0cb5b9f53b6b00"),
    "strand": (15, "2338fa06393e0d1f"),
    "agency": (13, "718b60f44742b96b"),
    "ethnicity": (20, "2334a1fbbe52e346"),
    "establishment_type": (39, "b4619ff9939f396c"),
}

BUNDLE = {
    "episode_type": "open_to_hub early_help child_in_need child_protection looked_after care_leaver "
    "missing_from_education elective_home_education pupil_referral_unit",
    "event_type": "missing_episode return_interview referral assessment incident offence intelligence "
    "strategy_meeting exclusion",
    "role": "missing_person victim suspect convicted witness mentioned subject",
    "link_type": "parent_of sibling_of partner_of kin_of carer_of shares_household_with placed_with friend_of "
    "companion_of seen_with associate_of contacts targets controls exploits threatens online_contact_with supports "
    "professional_for member_of attends works_at lives_at frequents seen_at feels_safe_at feels_unsafe_at uses "
    "subject_of travels_between",
    "polarity": "concern neutral protective",
    "basis": "fact opinion allegation",
    "handling": "P C",
    "grading_scheme": "3x5x2 5x5x5 none",
    "sex": "F M U",
    "missing_status_903": "M A",
    "ethnicity": "WBRI WIRI WIRT WOTH WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE CNHE OOTH "
    "REFU NOBT",
}


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return data


def schema(name: str) -> dict[str, Any]:
    extra = EXTRA.get(name, {})
    allowed = TERM | extra | ({"commencement": TEXT} if name == "power" else {})
    required = ["code", "label", *extra, *(["group"] if name in GROUPED else [])]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "title", "source", "version", "terms"],
        "properties": {
            "name": {"const": name},
            "title": TEXT,
            "source": {"type": "string", "minLength": 10},
            "version": {"type": "string", "pattern": r"^[0-9]{4}\.[0-9]+$"},
            "official": {"const": True},
            "accept_labels": {"const": True},
            "terms": {
                "type": "array",
                "minItems": 2,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": required,
                    "properties": allowed,
                },
            },
        },
    }


@pytest.mark.parametrize("name", FILES)
def test_file_is_complete(name: str) -> None:
    jsonschema.validate(read(name), schema(name))


@pytest.mark.parametrize("name", FILES)
def test_codes_are_unique_also_among_second_spellings(name: str) -> None:
    terms = read(name)["terms"]
    words = [word for term in terms for word in (term["code"], *term.get("aliases", ()))]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", FILES)
def test_labels_are_unique(name: str) -> None:
    labels = [term["label"].lower() for term in read(name)["terms"]]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("name", [name for name in FILES if not read(name).get("official")])
def test_own_codes_are_snake_case(name: str) -> None:
    assert [term["code"] for term in read(name)["terms"] if not re.fullmatch("[a-z]+(_[a-z0-9]+)*", term["code"])] == []


@pytest.mark.parametrize("name", FILES)
def test_every_text_passes_the_wording_lint(name: str) -> None:
    texts = [text for term in read(name)["terms"] for text in term.values() if isinstance(text, str)]
    assert [finding.words for text in texts for finding in check_wording(text)] == []


@pytest.mark.parametrize(("name", "count", "digest"), [(name, *row) for name, row in NUMBERED.items()])
def test_numbers_of_terms_never_change(name: str, count: int, digest: str) -> None:
    codes = [term.code for term in vocabulary(name).terms[:count]]
    assert hashlib.sha256(" ".join(codes).encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize(("name", "words"), BUNDLE.items())
def test_words_of_the_exchange_bundle_are_valid(name: str, words: str) -> None:
    assert set(words.split()) - vocabulary(name).codes == set()


@pytest.mark.parametrize("name", names())
def test_every_code_of_every_list_can_be_checked_labelled_and_numbered(name: str) -> None:
    words = vocabulary(name)
    for position, term in enumerate(words.terms):
        assert words.check(term.code) == term.code
        assert words.label(term.code) == term.label
        assert words.index[term.code] == position


@pytest.mark.parametrize(
    ("event_type", "detail", "expected"),
    [
        ("missing_episode", "A", "away_or_absent"),
        ("missing_episode", " a ", "away_or_absent"),
        ("missing_episode", "absent", "away_or_absent"),
        ("missing_episode", "M", "missing_episode"),
        ("missing_episode", "medium", "missing_episode"),
        ("missing_episode", None, "missing_episode"),
        ("incident", "A", "incident"),
        (None, "A", None),
    ],
)
def test_away_and_absent_are_not_missing(event_type: str | None, detail: str | None, expected: str | None) -> None:
    assert analysed_event_type(event_type, detail) == expected


@pytest.mark.parametrize(
    ("event_type", "detail", "expected"),
    [
        ("return_interview", "declined", "return_interview_declined"),
        ("return_interview", " Child  refused ", "return_interview_declined"),
        ("return_interview", "completed", "return_interview"),
        ("return_interview", "declined to name anybody", "return_interview"),
        ("return_interview", None, "return_interview"),
        ("prevention_interview", "declined", "prevention_interview"),
    ],
)
def test_an_interview_that_was_declined_was_not_held(event_type: str, detail: str | None, expected: str) -> None:
    assert analysed_event_type(event_type, detail) == expected


def test_unknown_word_is_refused_with_the_nearest_valid_one() -> None:
    with pytest.raises(errors.UnknownWord) as refused:
        vocabulary("link_type").check("freind_of")
    assert refused.value.nearest == "friend_of"


def test_message_does_not_repeat_the_unknown_word() -> None:
    with pytest.raises(errors.UnknownWord) as refused:
        vocabulary("role").check("Somebody's Name")
    assert "Somebody" not in str(refused.value)


@given(st.text(max_size=40))
def test_nearest_is_a_valid_code_or_nothing(word: str) -> None:
    words = vocabulary("event_type")
    nearest = words.nearest(word)
    assert nearest is None or words.check(nearest) == nearest


@pytest.mark.parametrize(
    ("word", "nearest"), [("Looked-After", "looked_after"), ("care leavers", "care_leaver"), ("\N{SNOWMAN}", None)]
)
def test_nearest_looks_past_case_and_punctuation(word: str, nearest: str | None) -> None:
    assert vocabulary("episode_type").nearest(word) == nearest


def test_structural_ties_cannot_be_loaded_as_links() -> None:
    structural = {"took_part_in", "occurred_at", "went_missing_from"}
    assert vocabulary("tie_type").codes - vocabulary("link_type").codes == structural


def test_second_spelling_of_an_ethnicity_code_counts_as_the_first() -> None:
    ethnicity = vocabulary("ethnicity")
    assert (ethnicity.check("CNHE"), ethnicity.index["CNHE"]) == ("CHNE", ethnicity.index["CHNE"])


@pytest.mark.parametrize(("word", "code"), [("14", "14"), ("01", "1"), ("Academy converter", "34")])
def test_establishment_type_is_read_by_code_padded_code_or_official_name(word: str, code: str) -> None:
    assert vocabulary("establishment_type").check(word) == code


@pytest.mark.parametrize(
    ("word", "code"), [("4", "secondary"), ("Secondary", "secondary"), ("16 plus", "sixteen_plus")]
)
def test_phase_is_read_by_code_or_official_name(word: str, code: str) -> None:
    assert vocabulary("phase").check(word) == code


def test_label_of_a_list_of_ours_is_not_a_code() -> None:
    with pytest.raises(errors.UnknownWord):
        vocabulary("role").check("Victim")


def test_unknown_list_is_a_usage_error() -> None:
    with pytest.raises(errors.UsageError):
        vocabulary("../../etc/passwd")


@pytest.mark.parametrize(("scheme", "source", "information"), [("3x5x2", "123", "ABCDE"), ("5x5x5", "ABCDE", "12345")])
def test_grading_schemes_keep_their_own_letters_and_digits(scheme: str, source: str, information: str) -> None:
    lists = grades(scheme)
    assert lists is not None
    assert tuple("".join(term.code for term in each.terms) for each in lists) == (source, information)


def test_ungraded_scheme_has_no_grades() -> None:
    assert grades("none") is None


def test_unknown_scheme_is_refused() -> None:
    with pytest.raises(errors.UnknownWord):
        grades("4x4")


@pytest.mark.parametrize("tie", tie_types().values(), ids=lambda tie: tie.code)
def test_tie_names_both_ends_in_both_directions(tie: graph.vocabulary.TieType) -> None:
    for from_target in (False, True):
        said = tie.say("FIRST", "SECOND", from_target=from_target)
        assert said.count("FIRST") == said.count("SECOND") == 1
        assert "{" not in said


@pytest.mark.parametrize(
    "tie",
    [tie for tie in tie_types().values() if tie.family == "contact_of_concern" and not tie.symmetric],
    ids=lambda tie: tie.code,
)
def test_the_one_who_harms_is_the_one_who_acts(tie: graph.vocabulary.TieType) -> None:
    for template in (tie.sentence, tie.sentence_reverse):
        assert "{source} is reported to" in template
        assert "{target} is" not in template


@pytest.mark.parametrize("tie", [tie for tie in tie_types().values() if tie.symmetric], ids=lambda tie: tie.code)
def test_symmetric_tie_joins_the_same_kinds_at_both_ends(tie: graph.vocabulary.TieType) -> None:
    assert tie.source_kinds == tie.target_kinds


def test_family_of_a_tie_is_one_of_the_eleven() -> None:
    assert " ".join(sorted({tie.family for tie in tie_types().values()})) == (
        "co_presence contact_of_concern friendship group household kinship object operation place professional "
        "structural"
    )


def test_sentence_leaves_names_that_look_like_placeholders_alone() -> None:
    assert tie_types()["targets"].say("{target}", "B") == "{target} is reported to target B"


def test_persons_of_concern_come_from_these_ties_and_roles_only() -> None:
    assert person_of_concern_ties() == {"targets", "controls", "exploits", "threatens", "subject_of"}
    assert person_of_concern_roles() == {"suspect", "convicted"}


@pytest.mark.parametrize(
    ("event_type", "strand", "expected"),
    [
        ("offence", "criminal_exploitation", True),
        ("incident", "county_lines", True),
        ("offence", None, False),
        ("offence", "serious_youth_violence", False),
        ("intelligence", "sexual_exploitation", False),
        ("offence", "no such strand", False),
    ],
)
def test_exploitation_event_needs_harm_and_a_strand(event_type: str, strand: str | None, expected: bool) -> None:
    assert is_exploitation_event(event_type, strand) is expected


def test_violence_alone_is_no_exploitation_strand() -> None:
    assert [is_exploitation_strand(strand) for strand in ("modern_slavery", "threats_to_life")] == [True, False]


@pytest.mark.parametrize(
    ("place_type", "role"),
    [
        ("home_address", "home"),
        ("childrens_home", "placement"),
        ("school", "school"),
        ("police_station", "police"),
        ("railway_station", "transport"),
        ("takeaway", "place_of_gathering"),
        ("online_space", "online"),
        ("hospital", "other"),
        (None, "other"),
        ("no such type", "other"),
    ],
)
def test_places_everyone_touches_are_told_from_places_of_gathering(place_type: str | None, role: str) -> None:
    assert role_of_place(place_type) == role


def test_law_of_2026_is_not_offered_as_in_force() -> None:
    new = [power for power in powers().values() if "2026" in power.law]
    assert len(new) == 3
    assert [power.code for power in new if power.usable or not power.commencement] == []


def test_power_not_in_force_says_why() -> None:
    assert [power.code for power in powers().values() if not power.usable and not power.commencement] == []


def test_generated_page_of_the_lists_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m scripts.generate_vocabulary_page"
