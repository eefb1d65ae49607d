"""What proves the proxy can fail: something that its protocol asks for is left out, and the history shows it. MIDFLIGHT_BUILD must be one
with failpoints."""
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


def running(course):
    """In the middle of the copy."""
    course.percent(100).begin_start()
    course.work(1)


def back(course):
    course.verb("start", until="Awaiting Additional Action").advance().rollback()


def test_a_read_of_what_is_not_copied_yet_is_found(found):
    found("rolled out while running", "split", running)


def test_a_list_of_the_side_that_is_not_whole_is_found(found):
    found("list of the other side", "split", running, GONE)


def test_a_replacement_that_does_not_look_is_found(found):
    found("expectation forgotten", "lists", lambda course: course.work(1))


def test_a_write_that_locks_nothing_is_found(found, app):
    if app.store == SQLITE:
        pytest.skip("one writer at a time it has anyway")
    found("entity not locked", "lists", lambda course: course.work(3), hot_count=2)


def test_a_stage_that_changes_without_waiting_for_the_proxies_is_found(found):
    found("epoch not waited for", "split", back, GONE, count=6000)


def test_a_call_that_does_not_look_at_the_stage_again_is_found(found):
    found("stage not looked at again", "split", back, GONE, count=6000)
