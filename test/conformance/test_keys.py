"""Keys of texts and of several columns: each entity is itself alone, whatever its key looks like."""
import pytest

from scenario.conftest import Scene

TEXTS = ["", " ", "a", "A", "ä", "a ", "o'32", 'z"q"', "b, c", "汉", "%_\\", "NULL", "1", "01", "x" * 500]

WORDS = """
    CREATE TABLE words (word TEXT PRIMARY KEY NOT NULL, n INTEGER, hint TEXT);
"""
TERMS = """
    migration: words
    old:
      store: ${APP_DB}
      key: {words: word}
    new:
      key: {terms: term}
      create: CREATE TABLE terms (term TEXT PRIMARY KEY NOT NULL, size INTEGER, note TEXT)
    forward:
      terms: SELECT word AS term, n AS size FROM words
    backward:
      words: SELECT term AS word, size AS n FROM terms
    soak: 0s
"""


class Words(Scene):
    def holds(self, sizes):
        for table, key, size in (("words", "word", "n"), ("terms", "term", "size")):
            assert dict(self.sql(f"SELECT {key}, {size} FROM {table}")) == sizes, table
        self.agree()


@pytest.fixture
def words(app, start):
    values = ", ".join(f"('{text.replace(chr(39), chr(39) * 2)}', {n}, 'old')" for n, text in enumerate(TEXTS))
    scene = start(f"{WORDS} INSERT INTO words VALUES {values};", TERMS, Words)
    scene.sizes = {text: n for n, text in enumerate(TEXTS)}
    return scene


class TestText:
    def test_rows_of_every_key_are_copied_and_followed(self, words):
        words.holds(words.sizes)
        for text in TEXTS:
            words.sql("UPDATE words SET n = n + 100 WHERE word = ?1", text)
            words.sql("UPDATE terms SET size = size + 1000 WHERE term = ?1", text)
        words.holds({text: n + 1100 for text, n in words.sizes.items()})

    def test_keys_that_look_alike_stay_apart(self, words):
        words.sql("DELETE FROM words WHERE word = 'a'")
        words.sql("UPDATE terms SET term = 'aa' WHERE term = 'A'")
        expected = {{"A": "aa"}.get(text, text): n for text, n in words.sizes.items() if text != "a"}
        words.holds(expected)

    def test_a_key_that_changes_its_case_alone_moves(self, words):
        words.sql("UPDATE words SET word = 'Ä' WHERE word = 'ä'")
        words.holds({"Ä" if text == "ä" else text: n for text, n in words.sizes.items()})

    @pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
    def test_damage_is_found_under_every_key_and_mended(self, words, text):
        words.behind_the_back("UPDATE terms SET size = -1 WHERE size = %d" % words.sizes[text])
        assert words.midflight.verify("--repair").done().json["repaired"] == 1
        words.holds(words.sizes)

    def test_every_stage_takes_them(self, words):
        words.midflight.advance().done()
        words.sql("UPDATE terms SET size = size + 1")
        words.holds({text: n + 1 for text, n in words.sizes.items()})
        words.midflight.advance().done()
        words.app.holds_nothing_of_midflight()


BOOKINGS = """
    CREATE TABLE bookings (hotel TEXT NOT NULL, night INTEGER NOT NULL, guest TEXT, hint TEXT, PRIMARY KEY (hotel, night));
    INSERT INTO bookings VALUES ('a', 1, 'Ann', 'old a1'), ('a', 2, 'Bob', 'old a2'), ('b', 1, 'Cy', 'old b1');
"""
STAYS = """
    migration: bookings
    old:
      store: ${APP_DB}
      key: {bookings: [hotel, night]}
    new:
      key: {stays: [house, day]}
      create: |
        CREATE TABLE stays (day INTEGER NOT NULL, house TEXT NOT NULL, person TEXT, note TEXT, PRIMARY KEY (house, day));
    forward:
      stays: SELECT hotel AS house, night AS day, guest AS person FROM bookings
    backward:
      bookings: SELECT house AS hotel, day AS night, person AS guest FROM stays
    soak: 0s
"""


class Bookings(Scene):
    BEFORE = {("a", 1): ("Ann", "old a1", "new a1"), ("a", 2): ("Bob", "old a2", "new a2"), ("b", 1): ("Cy", "old b1", "new b1")}

    def __init__(self, app, midflight):
        super().__init__(app, midflight)
        self.sql("UPDATE stays SET note = 'new ' || house || day")

    def holds(self, rows):
        """{(hotel, night): (guest, hint, note)}"""
        assert self.sql("SELECT hotel, night, guest, hint FROM bookings ORDER BY 1, 2") == [
            (*key, guest, hint) for key, (guest, hint, _) in sorted(rows.items())]
        assert self.sql("SELECT house, day, person, note FROM stays ORDER BY 1, 2") == [
            (*key, guest, note) for key, (guest, _, note) in sorted(rows.items())]
        self.agree()


@pytest.fixture
def bookings(start):
    return start(BOOKINGS, STAYS, Bookings)


class TestComposite:
    @pytest.mark.parametrize("statement", ["UPDATE bookings SET night = 7 WHERE guest = 'Bob'",
                                           "UPDATE stays SET day = 7 WHERE person = 'Bob'"], ids=["old", "new"])
    def test_one_column_of_it_moves_the_entity(self, bookings, statement):
        bookings.sql(statement)
        rows = dict(bookings.BEFORE)
        rows["a", 7] = rows.pop(("a", 2))
        bookings.holds(rows)

    @pytest.mark.parametrize("statement", ["UPDATE bookings SET hotel = 'c' WHERE hotel = 'a'",
                                           "UPDATE stays SET house = 'c' WHERE house = 'a'"], ids=["old", "new"])
    def test_the_column_that_rows_share_moves_them_all(self, bookings, statement):
        bookings.sql(statement)
        bookings.holds({("c" if hotel == "a" else hotel, night): row for (hotel, night), row in bookings.BEFORE.items()})

    def test_neighbours_stay_as_they_are(self, bookings):
        bookings.sql("DELETE FROM bookings WHERE hotel = 'a' AND night = 1")
        bookings.sql("INSERT INTO stays (house, day, person) VALUES ('b', 2, 'Di') "
                     "ON CONFLICT (house, day) DO UPDATE SET person = 'No'")
        rows = {**bookings.BEFORE, ("b", 2): ("Di", None, None)}
        del rows["a", 1]
        bookings.holds(rows)

    def test_damage_is_found_and_mended(self, bookings):
        bookings.behind_the_back("UPDATE stays SET person = 'astray' WHERE house = 'a' AND day = 2",
                                 "DELETE FROM stays WHERE house = 'b'")
        assert bookings.midflight.verify().diverged().json["diverged"] == 2
        bookings.midflight.verify("--repair").done()
        assert bookings.sql("SELECT house, day, person FROM stays ORDER BY 1, 2") == [
            ("a", 1, "Ann"), ("a", 2, "Bob"), ("b", 1, "Cy")]
        bookings.agree()
