"""Whatever is done to a migration while clients are at work on it, each entity is a register to them: no write is lost, nothing that is
read is older than what was written before, no page of a list lacks an entity."""
import pytest


@pytest.mark.parametrize("shape", ["split", "lists"])
def test_every_stage(course, shape):
    (course(shape).work()
     .start().percent(30, 100, 0, 60)
     .advance(dies=True).demote().kill_a_proxy()
     .advance().rollback()
     .start().percent(50).advance().finish()
     .ends())
