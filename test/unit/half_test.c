/* What a move between two SQLite files, or between one and another store, would lose if numbers, streams or the operations of the
 * seam were wrong: each test is one such loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/sqlite/number.h"
#include "store/sqlite/stream.h"
#include "store/store.h"

/* --- numbers ---------------------------------------------------------------------------------------------------- */

static struct number read_number(const char *text) {
    return number_read(text, strlen(text));
}

static void numbers_are_held_to_the_last_digit_or_said_not_to_be(void **state) {
    (void)state;
    static const char *const reals[] = {"0.1", "1.10", "-2.5", "1e22", "5e-324", "0.30000000000000004", "1.7976931348623157e308", "100", "-0.000"};
    static const char *const neither[] = {"0.1234567890123456789", "18446744073709551617", "1e400", "12345678901234567890.5",
                                          "9007199254740993.0"};
    static const char *const words[] = {"", "-", ".", "e5", "1e", "1 ", " 1", "0x10", "NaN", "Infinity", "1_000", "1.2.3", "--1"};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) assert_true(read_number(reals[i]).in_real);
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++) {
        struct number number = read_number(neither[i]);
        assert_true(number.is);
        assert_false(number.in_real || number.in_integer);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) assert_false(read_number(words[i]).is);
    assert_true(read_number("9223372036854775807").in_integer);
    assert_true(read_number("-9223372036854775808").in_integer);
    assert_false(read_number("9223372036854775808").in_integer);
    assert_int_equal(read_number("-42").integer, -42);
    assert_true(read_number("9007199254740993").in_integer);
    assert_false(read_number("9007199254740993").in_real);
    assert_true(read_number("0.05e-99999999999999999999").is); /* and no overflow of the exponent */
}

static void reals_are_written_so_that_they_read_back(void **state) {
    (void)state;
    static const double values[] = {0.0, 1.0, -1.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e22, 5e-324, 1.7976931348623157e308, 2.5, 0.1 + 0.2};
    char text[REAL_TEXT_BYTES];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        real_write(values[i], text);
        assert_true(strtod(text, NULL) == values[i]);
        assert_non_null(strpbrk(text, ".e")); /* no integer reads like it */
    }
    real_write(0.1, text);
    assert_string_equal(text, "0.1");
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

/* The rows that came out, as text: fields in brackets, with the kind's number before. */
static bool note_row(void *context, const struct field *fields, struct error *error) {
    struct text *text = context;
    (void)error;
    for (size_t i = 0; i < 3; i++) {
        const struct field *field = &fields[i];
        text_addf(text, "%d[", (int)field->kind);
        if (field->kind == FIELD_INTEGER) text_addf(text, "%lld", (long long)field->integer);
        if (field->kind == FIELD_REAL) text_addf(text, "%.17g", field->real);
        if (field->data != NULL && field->kind != FIELD_NULL) text_add_n(text, field->data, field->size);
        text_add(text, "]");
    }
    text_add(text, ";");
    return true;
}

static bool feed(const char *data, size_t size, size_t piece, bool raw, struct text *ret, struct error *error) {
    struct field fields[3];
    struct stream_reader reader = {.columns = 3, .raw = raw, .visit = note_row, .context = ret, .fields = fields};
    bool ok = true;
    for (size_t at = 0; ok && at < size; at += piece) ok = stream_feed(&reader, data + at, size - at < piece ? size - at : piece, error);
    ok = ok && stream_end(&reader, error);
    stream_reset(&reader);
    return ok;
}

static void write_rows(const char *sql, bool raw, struct text *ret) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    int column;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) assert_true(stream_write(ret, statement, raw, &column));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

#define ROWS                                                                                                        \
    "SELECT 1, 'a\tb\\c' || char(10) || char(13), NULL UNION ALL SELECT -9223372036854775808, x'00ff', 0.1 UNION ALL " \
    "SELECT '', x'', '\\N'"

static void a_stream_reads_the_same_in_whatever_pieces_it_comes(void **state) {
    (void)state;
    static const char *const expected[] = {
        "1[1]1[a\tb\\c\n\r]0[];1[-9223372036854775808]1[\\x00ff]1[0.1];1[]1[\\x]1[\\N];",
        NULL, /* raw: as it is read in one piece, below */
    };
    for (int raw = 0; raw < 2; raw++) {
        TEXT stream = {0};
        TEXT whole = {0};
        struct error error = {0};
        write_rows(ROWS, raw == 1, &stream);
        assert_true(feed(stream.data, stream.length, stream.length, raw == 1, &whole, &error));
        if (expected[raw] != NULL) assert_string_equal(text_get(&whole), expected[raw]);
        for (size_t piece = 1; piece < stream.length; piece++) {
            TEXT again = {0};
            assert_true(feed(stream.data, stream.length, piece, raw == 1, &again, &error));
            assert_int_equal(again.length, whole.length);
            assert_memory_equal(again.data, whole.data, whole.length);
        }
    }
}

static void raw_values_keep_their_kind(void **state) {
    (void)state;
    TEXT stream = {0};
    TEXT rows = {0};
    struct error error = {0};
    write_rows("SELECT 1, 1.0, '1' UNION ALL SELECT x'31', NULL, 'a' || char(0) || 'b'", true, &stream);
    assert_true(feed(stream.data, stream.length, 3, true, &rows, &error));
    assert_int_equal(rows.length, strlen("2[1]3[1]4[1];5[1]0[]4[a?b];"));
    assert_memory_equal(rows.data, "2[1]3[1]4[1];5[1]0[]4[a\0b];", rows.length);
}

static void what_is_no_stream_is_an_error(void **state) {
    (void)state;
    static const char *const texts[] = {"1\t2\n", "1\t2\t3\t4\n", "1\t2\t3", "1\t2\t\\q\n", "1\t2\t3\\\n", "\n", "1\t2\tx\\N\n"};
    static const struct { const char *data; size_t size; } raws[] = {{"\2\0nn", 4}, {"\3\0nnz", 5}, {"\3\0nni\1", 6},
                                                                     {"\3\0nnt\377\377\377\377", 9}, {"\3", 1}};
    struct error error;
    TEXT rows = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        error = (struct error){0};
        assert_false(feed(texts[i], strlen(texts[i]), 2, false, &rows, &error));
        assert_int_equal(error.code, ERROR_STORE);
    }
    assert_false(feed("a\0\tb\tc\n", 8, 8, false, &rows, &error));
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) assert_false(feed(raws[i].data, raws[i].size, 1, true, &rows, &error));
}

static void a_nul_byte_is_not_written_as_text(void **state) {
    (void)state;
    sqlite3 *db;
    sqlite3_stmt *statement;
    TEXT text = {0};
    int column = -1;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT 1, 'a' || char(0)", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_false(stream_write(&text, statement, false, &column));
    assert_int_equal(column, 1);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* --- the operations, from one file to another --------------------------------------------------------------------- */

#define NAME "half-test"

struct pair {
    char folder[64], paths[2][96];
    struct store *stores[2]; /* by side */
    struct manifest manifests[2];
};

static struct names one_key = {(const char *[]){"id"}, 1};

static struct change the_change(void) {
    static struct table old, new;
    static struct query forward = {"goods", "SELECT id, value FROM items"}, backward = {"items", "SELECT id, value FROM goods"};
    old = (struct table){"items", one_key};
    new = (struct table){"goods", one_key};
    return (struct change){.name = NAME, .shapes = {{&old, 1}, {&new, 1}}, .mappings = {{&forward, 1}, {&backward, 1}},
                           .create = "CREATE TABLE goods (id INTEGER PRIMARY KEY, value, note TEXT)"};
}

static void must(bool ok, const struct error *error) {
    if (!ok) fail_msg("%s", error->message);
}

static void script(const char *path, const char *sql) {
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
    sqlite3_close(db);
}

/* What a query says, its rows one after the other. */
static void expect(const char *path, const char *sql, const char *expected) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    TEXT found = {0};
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *value = (const char *)sqlite3_column_text(statement, 0);
        text_addf(&found, "%s;", value == NULL ? "NULL" : value);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    assert_string_equal(text_get(&found), expected);
}

static void open_store(struct pair *pair, enum side side, const struct change *change, struct error *error) {
    struct store *store;
    char address[128];
    snprintf(address, sizeof address, "sqlite:%s", pair->paths[side]);
    must(store_open(address, &store, error), error);
    pair->stores[side] = store;
    struct standing standing = {.housed = side == SIDE_OLD ? HOUSES_OLD : HOUSES_NEW, .elsewhere = "elsewhere"};
    struct record record = {.name = NAME, .stage = "Running", .token = 1};
    must(store->ops->begin(store, error) && store->ops->ledger_create(store, error) &&
             store->ops->ledger_add(store, &record, "definition", error) && store->ops->commit(store, error), error);
    must(store->ops->bind(store, change, standing, error), error);
    must(store->ops->begin(store, error), error);
    if (side == SIDE_NEW) must(store->ops->shape_make(store, error), error);
    must(side == SIDE_NEW ? store->ops->capture_refuse(store, side, error)
                          : store->ops->capture_note(store, side, error) && store->ops->backfill_open(store, error), error);
    must(store->ops->commit(store, error), error);
    standing.made = true;
    must(store->ops->bind(store, change, standing, error), error);
}

static int pair_open(void **state) {
    struct pair *pair = calloc(1, sizeof *pair);
    struct error error = {0};
    struct change change = the_change();
    strcpy(pair->folder, "/tmp/midflight-half-XXXXXX");
    if (mkdtemp(pair->folder) == NULL) return 1;
    for (int side = 0; side < 2; side++) snprintf(pair->paths[side], sizeof pair->paths[side], "%s/%d.db", pair->folder, side);
    script(pair->paths[SIDE_OLD], "PRAGMA journal_mode = WAL; CREATE TABLE items (id INTEGER PRIMARY KEY, value, hint TEXT UNIQUE);"
                                  "INSERT INTO items (id, value) VALUES (1, 42), (2, 0.1), (3, 'a' || char(9, 10, 92)), (4, x'00ff'), (5, NULL),"
                                  "(6, ''), (7, -9223372036854775808), (8, 1.0)");
    script(pair->paths[SIDE_NEW], "PRAGMA journal_mode = WAL; CREATE TABLE others (id INTEGER)");
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) open_store(pair, side, &change, &error);
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        struct store *leader = pair->stores[leader_of(direction)], *follower = pair->stores[follower_of(direction)];
        must(leader->ops->ship_manifest(leader, direction, &pair->manifests[direction], &error) &&
                 follower->ops->land_expect(follower, direction, &pair->manifests[direction], NULL, &error), &error);
    }
    *state = pair;
    return 0;
}

static int pair_close(void **state) {
    struct pair *pair = *state;
    char command[128];
    for (int side = 0; side < 2; side++) store_close(pair->stores[side]);
    snprintf(command, sizeof command, "rm -r %s", pair->folder);
    free(pair);
    return system(command); /* NOLINT(cert-env33-c): the test's own folder */
}

static bool pass_on(void *context, const char *data, size_t size, struct error *error) {
    struct store *follower = context;
    return follower->ops->land_data(follower, data, size, error);
}

static bool carry_stream(struct pair *pair, enum direction direction, size_t stream, bool raw, struct error *error) {
    struct store *leader = pair->stores[leader_of(direction)], *follower = pair->stores[follower_of(direction)];
    return follower->ops->land_begin(follower, stream, raw, error) && leader->ops->ship(leader, stream, raw, pass_on, follower, error) &&
           follower->ops->land_end(follower, error);
}

/* One parcel, as the engine carries it. */
static bool carry(struct pair *pair, struct parcel *parcel, int64_t token, bool raw, struct error *error) {
    struct store *leader = pair->stores[leader_of(parcel->direction)], *follower = pair->stores[follower_of(parcel->direction)];
    struct error ignored;
    if (!leader->ops->ship_open(leader, parcel, error)) return false;
    if (follower->ops->land_open(follower, parcel, token, error) && (parcel->fresh || carry_stream(pair, parcel->direction, 0, false, error)) &&
        carry_stream(pair, parcel->direction, 1, raw, error) && follower->ops->land_close(follower, true, error)) {
        return leader->ops->ship_close(leader, true, error);
    }
    follower->ops->land_abandon(follower);
    (void)leader->ops->ship_close(leader, false, &ignored);
    return false;
}

static void copy_all(struct pair *pair, bool raw) {
    struct store *old = pair->stores[SIDE_OLD], *new = pair->stores[SIDE_NEW];
    struct error error = {0};
    struct claim claim;
    char *cursor = NULL;
    must(old->ops->range_take(old, 1, &claim, &error), &error);
    assert_int_equal(claim.place, 1);
    must(new->ops->begin(new, &error) && new->ops->land_claim(new, NAME, &claim, &cursor, &error) &&
             new->ops->commit(new, &error), &error);
    assert_null(cursor);
    for (struct parcel parcel = {0}; !parcel.done;) {
        parcel = (struct parcel){.kind = PARCEL_RANGE, .direction = FORWARD, .fresh = true, .rows = 3};
        must(carry(pair, &parcel, claim.token, raw, &error), &error);
    }
    must(old->ops->range_take(old, 1, &claim, &error), &error);
    assert_true(claim.done && claim.place == 0);
}

#define KINDS_HERE "1integer42;2real0.1;3text'a\t\n\\';4blobX'00FF';5nullNULL;6text'';7integer-9223372036854775808;8real1.0;"

static void values_of_every_kind_are_copied_raw(void **state) {
    struct pair *pair = *state;
    copy_all(pair, true);
    expect(pair->paths[SIDE_NEW], "SELECT id || typeof(value) || quote(value) FROM goods ORDER BY id", KINDS_HERE);
}

static void keys_that_were_noted_are_carried_over_and_leave_the_outbox(void **state) {
    struct pair *pair = *state;
    struct store *old = pair->stores[SIDE_OLD];
    struct error error = {0};
    struct backlog backlog;
    copy_all(pair, true);
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 'new' WHERE id = 1; DELETE FROM items WHERE id = 2; UPDATE items SET id = 30 WHERE id = 3;"
                                  "UPDATE items SET hint = 'h' || id; UPDATE items SET value = value");
    must(old->ops->backlog(old, &backlog, &error), &error);
    assert_int_equal(backlog.keys, 4);
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = 100};
    must(old->ops->ship_open(old, &parcel, &error), &error); /* written while the parcel is under way: */
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 'later' WHERE id = 1");
    must(old->ops->ship_close(old, false, &error), &error);
    parcel.rows = 100;
    must(carry(pair, &parcel, 1, true, &error), &error);
    assert_true(parcel.done);
    must(old->ops->backlog(old, &backlog, &error), &error);
    assert_int_equal(backlog.keys, 0);
    expect(pair->paths[SIDE_NEW], "SELECT id || quote(value) FROM goods WHERE id IN (1, 2, 3, 30)", "1'later';30'a\t\n\\';");
}

static void a_row_noted_behind_the_snapshot_stays_in_the_outbox(void **state) {
    struct pair *pair = *state;
    struct store *old = pair->stores[SIDE_OLD];
    struct error error = {0};
    struct backlog backlog;
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 1 WHERE id = 5");
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = 100};
    must(old->ops->ship_open(old, &parcel, &error), &error);
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 2 WHERE id = 5");
    must(old->ops->ship_close(old, true, &error), &error);
    must(old->ops->backlog(old, &backlog, &error), &error);
    assert_int_equal(backlog.keys, 1);
    /* and no later row is given the id of one that was read */
    parcel = (struct parcel){.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = 100};
    must(old->ops->ship_open(old, &parcel, &error) && old->ops->ship_close(old, true, &error), &error);
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 3 WHERE id = 5");
    expect(pair->paths[SIDE_OLD], "SELECT max(id) FROM \"midflight_" NAME "_outbox\"", "3;");
}

static void a_lower_token_lands_nothing(void **state) {
    struct pair *pair = *state;
    struct store *new = pair->stores[SIDE_NEW];
    struct error error = {0};
    copy_all(pair, true);
    must(new->ops->begin(new, &error) && new->ops->lease_follow(new, NAME, "another", 2, &error) && new->ops->commit(new, &error), &error);
    script(pair->paths[SIDE_OLD], "UPDATE items SET value = 'zombie' WHERE id = 1");
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = FORWARD, .rows = 100};
    assert_false(carry(pair, &parcel, 1, true, &error));
    assert_int_equal(error.code, ERROR_HELD);
    expect(pair->paths[SIDE_NEW], "SELECT value FROM goods WHERE id = 1", "42;");
    must(carry(pair, &parcel, 2, true, &error), &error);
    expect(pair->paths[SIDE_NEW], "SELECT value FROM goods WHERE id = 1", "zombie;");
}

static bool count_difference(void *context, const struct difference *difference, struct error *error) {
    struct text *text = context;
    (void)error;
    text_addf(text, "%s: %s / %s;", difference->key, difference->expected == NULL ? "-" : difference->expected,
              difference->found == NULL ? "-" : difference->found);
    return true;
}

static bool note_key(void *context, const char *key, struct error *error) {
    (void)error;
    text_addf(context, "%s;", key);
    return true;
}

static void differences_and_strays_are_found(void **state) {
    struct pair *pair = *state;
    struct store *old = pair->stores[SIDE_OLD], *new = pair->stores[SIDE_NEW];
    struct error error = {0};
    TEXT found = {0};
    TEXT strays = {0};
    copy_all(pair, true);
    script(pair->paths[SIDE_NEW], "DROP TRIGGER \"midflight_" NAME "_new_goods_refuse_UPDATE\"; DROP TRIGGER \"midflight_" NAME "_new_goods_refuse_INSERT\";"
                                  "UPDATE goods SET value = 43 WHERE id = 1; INSERT INTO goods (id) VALUES (99)");
    struct parcel parcel = {.kind = PARCEL_SPAN, .direction = FORWARD, .landing = LAND_COMPARE, .rows = 100};
    must(old->ops->ship_open(old, &parcel, &error) && new->ops->land_open(new, &parcel, 0, &error) &&
             carry_stream(pair, FORWARD, 0, false, &error) && carry_stream(pair, FORWARD, 1, true, &error) &&
             new->ops->land_differ(new, count_difference, &found, &error) && new->ops->land_close(new, false, &error) &&
             old->ops->ship_close(old, false, &error), &error);
    assert_string_equal(text_get(&found), "1: (id=1, value=42) / (id=1, value=43);");
    assert_string_equal(parcel.until, "8");
    parcel = (struct parcel){.kind = PARCEL_SPAN, .direction = BACKWARD, .landing = LAND_COMPARE, .rows = 100};
    must(new->ops->ship_open(new, &parcel, &error) && old->ops->land_open(old, &parcel, 0, &error) &&
             carry_stream(pair, BACKWARD, 0, false, &error) && old->ops->land_absent(old, note_key, &strays, &error) &&
             old->ops->land_close(old, false, &error) && new->ops->ship_close(new, false, &error), &error);
    assert_string_equal(text_get(&strays), "99;");
}

static void the_way_back_leaves_what_nobody_maps(void **state) {
    struct pair *pair = *state;
    struct error error = {0};
    script(pair->paths[SIDE_OLD], "UPDATE items SET hint = 'kept' WHERE id = 1");
    copy_all(pair, true);
    struct store *new = pair->stores[SIDE_NEW], *old = pair->stores[SIDE_OLD];
    must(old->ops->begin(old, &error) && old->ops->capture_refuse(old, SIDE_OLD, &error) && old->ops->commit(old, &error), &error);
    must(new->ops->begin(new, &error) && new->ops->capture_note(new, SIDE_NEW, &error) && new->ops->commit(new, &error), &error);
    script(pair->paths[SIDE_NEW], "UPDATE goods SET value = x'aa' WHERE id = 1; DELETE FROM goods WHERE id > 2");
    struct parcel parcel = {.kind = PARCEL_OUTBOX, .direction = BACKWARD, .rows = 100};
    must(carry(pair, &parcel, 1, true, &error), &error);
    expect(pair->paths[SIDE_OLD], "SELECT id || quote(value) || coalesce(hint, '') FROM items ORDER BY id", "1X'AA'kept;20.1;");
}

#define OF_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_open, pair_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_held_to_the_last_digit_or_said_not_to_be),
        cmocka_unit_test(reals_are_written_so_that_they_read_back),
        cmocka_unit_test(a_stream_reads_the_same_in_whatever_pieces_it_comes),
        cmocka_unit_test(raw_values_keep_their_kind),
        cmocka_unit_test(what_is_no_stream_is_an_error),
        cmocka_unit_test(a_nul_byte_is_not_written_as_text),
        OF_PAIR(values_of_every_kind_are_copied_raw),
        OF_PAIR(keys_that_were_noted_are_carried_over_and_leave_the_outbox),
        OF_PAIR(a_row_noted_behind_the_snapshot_stays_in_the_outbox),
        OF_PAIR(a_lower_token_lands_nothing),
        OF_PAIR(differences_and_strays_are_found),
        OF_PAIR(the_way_back_leaves_what_nobody_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
