"""What proves the proxy can fail: one proxy among others leaves something out that the protocol asks for, and the history shows it.
MIDFLIGHT_BUILD must be one with failpoints."""
import pytest

from support.stores import SQLITE

STALE, GONE = "nothing explains", "nothing explains|is listed as None"


@pytest.fixture
def found(course):
    """found(fault, shape, fly, said): with the fault, what fly(course) does fails so."""
    def check(fault, shape, fly, said=STALE, **more):
        made = course(shape, fault=fault, **more)
        with pytest.raises(AssertionError, match=said):
            fly(made)
            made.ends()
    return check


@pytest.fixture
def found_between(course_between):
    """The same between two stores."""
    def check(fault, fly):
        made = course_between("split", fault=fault)
        with pytest.raises(AssertionError, match=STALE):
            fly(made)
            made.ends()
    return check


def running(course):
    """In the middle of the copy."""
    course.percent(100).begin_start()
    course.work(3)


def over(course):
    """Up to the cut-over."""
    course.verb("start", until="Awaiting Additional Action").work(0.5).advance().work(1)


def outrun(course):
    """Every read is to come from the new side, and nobody carries writes there."""
    course.verb("start", until="Awaiting Additional Action").percent(100).work(1)


def test_a_read_of_what_is_not_copied_yet_is_found(found):
    found("rolled out while running", "split", running, count=40_000)


def test_a_list_of_the_side_that_is_not_whole_is_found(found):
    found("list of the other side", "split", running, GONE, count=40_000)


def test_a_replacement_that_does_not_look_is_found(found):
    found("expectation forgotten", "lists", lambda course: course.work(1))


def test_a_server_that_does_not_look_is_found(found):
    found("expectation forgotten", "lists", lambda course: course.work(1), served=2)


def test_a_write_that_locks_nothing_is_found(found, app):
    if app.store == SQLITE:
        pytest.skip("one writer at a time it has anyway")
    found("entity not locked", "lists", lambda course: course.work(3), hot_count=2)


def test_a_proxy_that_confirms_a_stage_and_does_not_follow_is_found(found_between):
    found_between("stage confirmed and not followed", over)


def test_a_call_that_does_not_look_at_the_stage_again_is_found(found_between):
    found_between("stage not looked at again", over)


def test_a_read_that_does_not_ask_the_outbox_is_found(found_between):
    found_between("outbox unasked", outrun)
