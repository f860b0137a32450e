"""What pages offer to whom, and that what is hidden answers like what never was."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from api.app import create_app
from graph.access.actors import Role
from graph.access.policy import RULES, Action
from tests.api.conftest import PASSWORD, PEOPLE, Clock, make_hub
from tests.api.http import Client
from tests.api.world import SECRET_IDS, SECRET_PERSON

LogIn = Callable[[str], Client]

#: what a role must have to be offered a page
OFFERED = {
    "/flags": Action.READ_FLAGS,
    "/hotspots": Action.READ_HOTSPOTS,
    "/equity": Action.READ_EQUITY,
    "/lists/school": Action.READ_PLACES,
    "/lists/place": Action.READ_PLACES,
    "/lists/group": Action.READ_NAMED,
    "/lists/operation": Action.READ_NAMED,
    "/localities": Action.READ_LOCALITIES,
    "/loads": Action.READ_LOADS,
    "/audit": Action.READ_AUDIT,
    "/accounts": Action.MANAGE_ACCOUNTS,
}


def masked(text: str) -> str:
    """A page without what differs from one session to the next."""
    return re.sub(r'name="form_token" value="[^"]*"', "", text)


@pytest.mark.parametrize(("name", "role"), [(name, role) for name, role, _ in PEOPLE])
def test_the_navigation_offers_what_the_role_may_open_and_nothing_else(name: str, role: Role, as_user: LogIn) -> None:
    navigation = as_user(name).get("/").text.partition('<nav class="kith-nav"')[2].partition("</nav>")[0]
    assert set(re.findall(r'href="([^"]+)"', navigation)) - {"/"} == {
        path for path, action in OFFERED.items() if action in RULES[role]
    }


@pytest.mark.parametrize(("name", "role"), [(name, role) for name, role, _ in PEOPLE])
@pytest.mark.parametrize("path", OFFERED)
def test_a_page_is_refused_to_a_role_without_it(path: str, name: str, role: Role, as_user: LogIn) -> None:
    expected = 200 if OFFERED[path] in RULES[role] else 403
    assert as_user(name).get(path).status_code == expected


@pytest.mark.parametrize("path", ["/entities/{}", "/maps/{}"])
def test_a_hidden_record_answers_like_one_that_never_was(path: str, as_user: LogIn) -> None:
    client = as_user("officer")
    hidden = client.get(path.format(SECRET_PERSON.replace(":", "/") if "maps" in path else SECRET_PERSON))
    never = client.get(path.format("person/none" if "maps" in path else "person:none"))
    assert (hidden.status_code, masked(hidden.text)) == (404, masked(never.text))


@pytest.mark.parametrize("path", ["/", "/entities/person:1", "/entities/place:park", "/lists/operation", "/localities"])
def test_pages_are_the_same_whether_a_secret_exists_or_not(path: str, tmp_path: Path) -> None:
    answers = []
    for secret in (True, False):
        folder = tmp_path / str(secret)
        folder.mkdir()
        with make_hub(folder, Clock(), secret=secret) as hub:
            client = Client(create_app(hub))
            client.log_in("officer", PASSWORD)
            answers.append(masked(client.get(path).text))
    assert answers[0] == answers[1]


def test_a_member_sees_what_the_others_do_not(as_user: LogIn) -> None:
    page = as_user("police").get("/entities/person:1").text
    assert all(f"/ties/{tie}" in page for tie in SECRET_IDS if tie == "t-secret")


def test_what_is_searched_for_comes_back_escaped(as_user: LogIn) -> None:
    answer = as_user("analyst").post("/search", data={"q": '"><script>x</script>'})
    assert "<script>x" not in answer.text
    assert "&lt;script&gt;x" in answer.text


@pytest.mark.parametrize(
    "next_address",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/api/v1/audit", "/a\r\nSet-Cookie: x"],
)
def test_log_in_leads_to_a_page_of_ours_only(next_address: str, as_user: LogIn) -> None:
    client = as_user("police")
    form = {"name": "police", "password": PASSWORD, "purpose": "a test", "next": next_address}
    assert client.post("/login", data=form).headers["location"] == "/"


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("name", "Enter your account name"),
        ("password", "Enter your password"),
        ("purpose", "Say why you are here today"),
    ],
)
def test_log_in_says_what_is_missing(left_out: str, words: str, as_user: LogIn) -> None:
    form = {"name": "police", "password": PASSWORD, "purpose": "a test", left_out: ""}
    answer = as_user("police").post("/login", data=form)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_a_wrong_password_and_an_unknown_account_read_the_same(as_user: LogIn) -> None:
    client = as_user("police")
    pages = [
        client.post("/login", data={"name": name, "password": "not this one", "purpose": "a test"}).text.replace(
            name, ""
        )
        for name in ("police", "nobody1")
    ]
    assert pages[0] == pages[1]


def test_a_copy_needs_somebody_to_be_for(as_user: LogIn) -> None:
    answer = as_user("police").post("/maps/school/100/export", data={"recipient": " ", "ending": "csv"})
    assert (answer.status_code, "who the copy is for" in answer.text) == (400, True)
