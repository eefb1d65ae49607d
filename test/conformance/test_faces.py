"""Both faces through the proxy, on every store: documents as they are, whatever the stage."""
import json
import time

import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, LISTS, ONE_WAY, SPLIT_NAME, SUBSCRIPTIONS
from support.proxy import NEW, OLD, Proxy, Refused, at_work


def carry(midflight, stage):
    """On to a stage."""
    if stage != "Uninitialized":
        midflight.start().done()
    if stage in ("Awaiting Finalization", "Finished"):
        midflight.advance().done()
    if stage == "Finished":
        midflight.advance().done()


def put_or_be_refused(proxy, stage, put):
    """An old document is put while there are old tables to say what it means. Was it?"""
    if stage != "Finished":
        put()
        return True
    with pytest.raises(Refused, match="old tables"):
        put()
    return False


STAGES = pytest.mark.parametrize("stage", ["Uninitialized", "Awaiting Additional Action", "Awaiting Finalization", "Finished"])


class Face:
    """What one shape shows, without what nobody maps."""

    def __init__(self, proxy, face, columns):
        self.proxy, self.face, self.columns = proxy, face, columns

    def __getitem__(self, key):
        document = self.proxy.get(self.face, str(key))
        return document and tuple(document[column] for column in self.columns)


@STAGES
class TestOneRow:
    @pytest.fixture
    def proxy(self, served, stage):
        midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
        carry(midflight, stage)
        self.old, self.new = Face(proxy, OLD, ["id", "name", "email"]), Face(proxy, NEW, ["id", "first_name", "last_name", "email"])
        return proxy

    def test_is_read_on_both_faces(self, proxy, stage):
        assert self.old[1] == (1, "Ann Lee", "ann@x")
        assert self.new[1] == (1, "Ann", "Lee", "ann@x")
        assert self.old[4] is None and self.new[4] is None

    def test_put_on_the_old_face(self, proxy, stage):
        if not put_or_be_refused(proxy, stage, lambda: proxy.put(OLD, "4", {"name": "Di Fox", "email": "di@x"})):
            return
        assert self.old[4] == (4, "Di Fox", "di@x")
        assert self.new[4] == (4, "Di", "Fox", "di@x")

    def test_put_on_the_new_face(self, proxy, stage):
        proxy.put(NEW, "4", {"first_name": "Di", "last_name": "Fox", "email": "di@x"})
        assert self.old[4] == (4, "Di Fox", "di@x")
        assert self.new[4] == (4, "Di", "Fox", "di@x")

    @pytest.mark.parametrize("face, column", [(OLD, "name"), (NEW, "first_name")])
    def test_a_column_that_is_not_named_keeps_its_value(self, proxy, stage, face, column):
        if face == OLD and not put_or_be_refused(proxy, stage, lambda: proxy.put(OLD, "2", {column: "Rob"})):
            return
        proxy.put(face, "2", {column: "Rob"})
        assert self.old[2] == (2, "Rob", "bob@x")

    @pytest.mark.parametrize("face", [OLD, NEW])
    def test_is_deleted(self, proxy, stage, face):
        assert proxy.delete(face, "2") is True
        assert self.old[2] is None and self.new[2] is None
        assert proxy.delete(face, "2") is False

    @pytest.mark.parametrize("face", [OLD, NEW])
    def test_what_was_read_can_be_put_back(self, proxy, stage, face):
        before = [proxy.raw(OLD, "1"), proxy.raw(NEW, "1")]
        if face == OLD and not put_or_be_refused(proxy, stage, lambda: proxy.put(OLD, "1", before[0])):
            return
        proxy.put(face, "1", proxy.raw(face, "1"))
        assert [proxy.raw(OLD, "1"), proxy.raw(NEW, "1")] == before

    @pytest.mark.parametrize("face, other, mine, theirs", [(OLD, NEW, {"name": "Eve"}, {"first_name": "Eva"}),
                                                          (NEW, OLD, {"first_name": "Eve"}, {"name": "Eva"})])
    def test_is_replaced_if_it_is_unchanged(self, proxy, stage, face, other, mine, theirs):
        if stage == "Finished":
            other, theirs = NEW, {"first_name": "Eva"}
            if face == OLD:
                return
        read = proxy.get(face, "2")
        proxy.put(other, "2", theirs)
        with pytest.raises(Refused, match="changed") as refused:
            proxy.replace(face, "2", mine, read)
        assert refused.value.code == "conflict"
        with pytest.raises(Refused):
            proxy.delete(face, "2", read)
        proxy.replace(face, "2", mine, proxy.get(face, "2"))
        assert self.old[2][1] == "Eve"

    @pytest.mark.parametrize("face, column", [(OLD, "name"), (NEW, "first_name")])
    def test_is_inserted_once(self, proxy, stage, face, column):
        if face == NEW:
            proxy.insert(face, "9", {column: "Ida"})
        elif not put_or_be_refused(proxy, stage, lambda: proxy.insert(OLD, "9", {column: "Ida"})):
            return
        with pytest.raises(Refused) as refused:
            proxy.insert(face, "9", {column: "Ivo"})
        assert refused.value.code == "conflict"
        assert self.old[9] == (9, "Ida", None)

    @pytest.mark.parametrize("face", [OLD, NEW])
    def test_are_listed_in_order_page_by_page(self, proxy, stage, face):
        pages, after = [], None
        while page := proxy.list(face, after, 2):
            pages.append([key for key, _ in page])
            after = page[-1][0]
        assert pages == [["1", "2"], ["3"]]
        assert proxy.list(face, None, 1)[0][1] == proxy.get(face, "1")

    def test_a_batch_is_all_or_nothing(self, proxy, stage):
        found = proxy.batch(("put", NEW, "7", {"first_name": "Gus"}), ("get", OLD, "7"), ("delete", OLD, "3"), ("get", NEW, "3"))
        assert found[1]["name"] == "Gus" and found[3] is False
        with pytest.raises(Refused):
            proxy.batch(("put", NEW, "8", {"first_name": "Hal"}), ("put", NEW, "1", {"nome": "x"}))
        assert self.new[8] is None

    def test_the_ledger_is_as_it_would_be_without(self, proxy, stage):
        assert proxy.status().confirmed and proxy.status().nodes == 1
        until = time.monotonic() + 10
        while proxy.status().stage.decode() != stage:  # it may be told a moment later; calls ask the ledger till then
            assert time.monotonic() < until
            time.sleep(0.05)


@STAGES
class TestSeveralRows:
    @pytest.fixture
    def proxy(self, served, stage):
        midflight, proxy = served(LISTS, SUBSCRIPTIONS)
        carry(midflight, stage)
        return proxy

    def plans(self, proxy, key):
        return [row["plan"] for row in proxy.get(NEW, key)["subscriptions"]], json.loads(proxy.get(OLD, key)["plans"])

    def test_are_a_document_of_tables(self, proxy, stage):
        assert self.plans(proxy, "1") == (["basic", "storage"], ["basic", "storage"])
        assert self.plans(proxy, "2") == ([], [])
        assert [row["name"] for row in proxy.get(NEW, "1")["people"]] == ["Ann"]

    def test_are_put_on_the_new_face(self, proxy, stage):
        proxy.put(NEW, "1", {"people": [{"name": "Anna"}], "subscriptions": [
            {"position": 0, "plan": "storage"}, {"position": 1, "plan": "gold"}, {"position": 2, "plan": "basic"}]})
        assert self.plans(proxy, "1") == (["storage", "gold", "basic"], ["storage", "gold", "basic"])
        assert proxy.get(OLD, "1")["name"] == "Anna"

    def test_those_that_the_document_lacks_go(self, proxy, stage):
        proxy.put(NEW, "1", {"people": [{"name": "Ann"}], "subscriptions": []})
        assert self.plans(proxy, "1") == ([], [])

    def test_are_put_on_the_old_face(self, proxy, stage):
        if not put_or_be_refused(proxy, stage, lambda: proxy.put(OLD, "2", {"name": "Bob", "plans": '["gold"]'})):
            return
        assert self.plans(proxy, "2") == (["gold"], ["gold"])

    @pytest.mark.parametrize("face", [OLD, NEW])
    def test_are_deleted_whole(self, proxy, stage, face):
        assert proxy.delete(face, "1")
        assert proxy.get(OLD, "1") is None and proxy.get(NEW, "1") is None


def test_a_rolled_back_migration_is_served_on(served):
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    midflight.advance().done()
    proxy.put(NEW, "4", {"first_name": "Di", "last_name": "Fox"})
    midflight.rollback().done()
    assert proxy.get(NEW, "4")["last_name"] == "Fox"
    assert proxy.get(OLD, "4")["name"] == "Di Fox"


def test_a_percentage_of_the_reads_comes_from_the_new_side(app, served):
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    app.sql("UPDATE people SET note = 'new'")  # which the query over the old side does not have
    from_new = []
    for percent in (0, 50, 100, 0):
        proxy.rollout(percent)
        from_new.append(sum("note" in proxy.get(NEW, str(key)) for key in (1, 2, 3)))
    assert from_new[0] == from_new[3] == 0 and from_new[2] == 3


def test_an_entity_is_brought_over_when_it_is_read(app, served):
    rows = "".join(f",({key}, 'A{key} B', NULL, NULL)" for key in range(10, 20000))
    midflight, proxy = served(CUSTOMERS.rstrip().rstrip(";") + rows + ";", SPLIT_NAME)
    assert stopped_backfill(midflight, 19993).status != 0
    until = time.monotonic() + 10
    while proxy.status().stage != b"Running":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert proxy.get(NEW, "19999")["first_name"] == "A19999"
    brought = app.value("SELECT count(*) FROM people WHERE id = 19999")
    if app.store == "postgresql":  # noted, for whoever drains
        brought = app.value("SELECT count(*) FROM midflight.\"midflight_split-name_outbox\" WHERE k1 = 19999")
    assert brought == 1
    midflight.start().done()
    midflight.verify().done()


def test_without_a_way_back_one_side_alone_takes_writes(served):
    midflight, proxy = served(CUSTOMERS, ONE_WAY)
    midflight.start().done()
    assert proxy.get(NEW, "1")["first_name"] == "Ann"
    with pytest.raises(Refused, match="takes no writes"):
        proxy.put(NEW, "1", {"first_name": "Ann"})
    midflight.advance().done()
    proxy.put(NEW, "1", {"first_name": "Anna"})
    with pytest.raises(Refused, match="backward"):
        proxy.get(OLD, "1")


def test_what_has_no_place_on_the_leading_side_is_refused(served):
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    with pytest.raises(Refused, match="people.note has no place"):
        proxy.put(NEW, "1", {"note": "lost"})
    midflight.advance().done()
    proxy.put(NEW, "1", {"note": "kept"})
    assert proxy.get(NEW, "1")["note"] == "kept"


def test_another_definition_is_refused(app, served, migration):
    midflight, _ = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    other = app.define(midflight.file.read_text().replace("' ' || last_name", "'  ' || last_name"), "last-week.yaml")
    with pytest.raises(Refused, match="definition of migration split-name was changed"):
        Proxy(other, app.environment())


@pytest.mark.parametrize("key, document, said", [
    ("4", '{"name": "Di"', "no JSON"), ("4", '[]', "object"), ("4", '{"nome": "Di"}', "nome"), ("4", '{"id": 5, "name": "x"}', "key"),
    ("'x", '{"name": "Di"}', "key"), ("1,2", '{"name": "Di"}', "key"), ("4", '{"name": ["Di"]}', "column name"),
    ("4); DROP TABLE customers; --", '{"name": "Di"}', "key")])
def test_bad_input_is_told_and_writes_nothing(app, served, key, document, said):
    _, proxy = served(CUSTOMERS, SPLIT_NAME)
    before = app.rows("SELECT * FROM customers ORDER BY id")
    with pytest.raises(Refused, match=said):
        proxy.put(OLD, key, document)
    assert app.rows("SELECT * FROM customers ORDER BY id") == before


def test_a_number_too_large_is_refused_and_infinity_kept(app, served):
    schema = CUSTOMERS.replace("hint TEXT", "hint TEXT, score DOUBLE PRECISION").replace("customers VALUES", "customers (id, name, email, hint) VALUES")
    _, proxy = served(schema, SPLIT_NAME)
    for number in ("1e999", "-1e400"):
        with pytest.raises(Refused, match="1e999|1e400"):
            proxy.put(OLD, "1", f'{{"score": {number}}}')
    assert proxy.get(OLD, "1")["score"] is None
    app.sql("UPDATE customers SET score = " + ("9e999" if app.store == "sqlite" else "'Infinity'") + " WHERE id = 1")
    read = proxy.raw(OLD, "1")
    proxy.put(OLD, "2", json.dumps({"score": proxy.get(OLD, "1")["score"]}).replace("Infinity", "9e999") if app.store == "sqlite"
              else {"score": "Infinity"})
    proxy.put(OLD, "1", read)
    assert app.value("SELECT count(*) FROM customers WHERE score > 1e308") == 2


def test_a_delete_is_not_undone_by_a_write_of_the_other_face_that_began_before_the_row_was_there(served):
    """The one face's documents are made of the other's, as it is when the row is held: also where it was made just now."""
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    with at_work([lambda: proxy.put(NEW, "7", {"first_name": "Eve"})] * 3, but=("busy",)):
        end, turns = time.monotonic() + 3, 0
        while time.monotonic() < end:
            turns += 1
            proxy.put(OLD, "7", {"name": "Ann Lee", "email": f"{turns}@x"})
            proxy.delete(OLD, "7")
            found = proxy.get(OLD, "7")
            assert found is None or found["email"] is None, f"turn {turns}: {found}"
    assert turns > 10, turns
