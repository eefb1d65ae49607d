/* What a person who writes a definition file would lose if definition.c were wrong: each test is one such loss.
 * Run from the repository's top directory, or with its path as the first argument (for examples/). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "migration/definition.h"
#include "migration/yaml.h"

/* A long form with nothing wrong in it; the tests that break it say which line they break. */
#define LONG_FORM                                               \
    "migration: split-name\n"                                   \
    "old:\n"                                                    \
    "  store: sqlite:app.db\n"                                  \
    "  key: {customers: id}\n"                                  \
    "new:\n"                                                    \
    "  key: {people: id, phones: person_id}\n"                  \
    "  create: CREATE TABLE people (id);\n"                     \
    "forward:\n"                                                \
    "  people: SELECT id FROM customers\n"                      \
    "  phones: SELECT id AS person_id, phone FROM customers\n"

#define SHORT_FORM                 \
    "migration: points\n"          \
    "old: {store: 'sqlite:app.db'}\n" \
    "alter: {table: customers, change: ADD COLUMN points INTEGER}\n"

static struct definition *accepted_n(const char *text, size_t length) {
    struct definition *definition = NULL;
    struct error error = {0};
    if (!definition_parse("f.yaml", text, length, &definition, &error)) fail_msg("%s", error.message);
    assert_non_null(definition);
    return definition;
}

static struct definition *accepted(const char *text) {
    return accepted_n(text, strlen(text));
}

static void refused_n(const char *text, size_t length, const char *message) {
    struct definition untouched, *definition = &untouched;
    struct error error = {0};
    assert_false(definition_parse("f.yaml", text, length, &definition, &error));
    assert_ptr_equal(definition, &untouched);
    assert_int_equal(error.code, ERROR_DEFINITION);
    assert_string_equal(error.message, message);
}

static void refused(const char *text, const char *message) {
    refused_n(text, strlen(text), message);
}

/* LONG_FORM with one piece replaced by another. */
static void refused_with(const char *piece, const char *replacement, const char *message) {
    TEXT text = {0};
    const char *at = strstr(LONG_FORM, piece);
    assert_non_null(at);
    text_add_n(&text, LONG_FORM, (size_t)(at - LONG_FORM));
    text_add(&text, replacement);
    text_add(&text, at + strlen(piece));
    refused(text_get(&text), message);
}

static struct definition *accepted_with(const char *piece, const char *replacement) {
    TEXT text = {0};
    const char *at = strstr(LONG_FORM, piece);
    assert_non_null(at);
    text_add_n(&text, LONG_FORM, (size_t)(at - LONG_FORM));
    text_add(&text, replacement);
    text_add(&text, at + strlen(piece));
    return accepted(text_get(&text));
}

static void same_digest(struct definition *a, struct definition *b, bool same) {
    assert_int_equal(strlen(a->digest), 16);
    assert_int_equal(strspn(a->digest, "0123456789abcdef"), 16);
    assert_int_equal(strcmp(a->digest, b->digest) == 0, same);
    definition_free(a);
    definition_free(b);
}

/* What is read */

static void everything_in_the_long_form_is_kept(void **state) {
    (void)state;
    struct definition *definition = accepted(LONG_FORM
                                             "backward:\n"
                                             "  customers: |\n"
                                             "    -- newest first\n"
                                             "    with p AS (SELECT 1) SELECT id, phone\n"
                                             "    FROM people;  ;\n"
                                             "soak: 1.5h\n"
                                             "pause_max: 2s\n"
                                             "hold_max: 2.3ms\n"
                                             "retire: drop\n"
                                             "sync: in-database\n");
    const struct change *change = &definition->change;
    assert_string_equal(definition->file, "f.yaml");
    assert_string_equal(change->name, "split-name");
    assert_string_equal(definition->old_store, "sqlite:app.db");
    assert_ptr_equal(definition->old_store, definition->new_store);
    assert_int_equal(change->shapes[SIDE_OLD].count, 1);
    assert_string_equal(change->shapes[SIDE_OLD].tables[0].name, "customers");
    assert_string_equal(change->shapes[SIDE_OLD].tables[0].key.items[0], "id");
    assert_int_equal(change->shapes[SIDE_NEW].count, 2);
    assert_string_equal(change->shapes[SIDE_NEW].tables[1].name, "phones");
    assert_string_equal(change->shapes[SIDE_NEW].tables[1].key.items[0], "person_id");
    assert_string_equal(change->create, "CREATE TABLE people (id);");
    assert_null(change->index);
    assert_int_equal(change->mappings[FORWARD].count, 2);
    assert_string_equal(change->mappings[FORWARD].queries[0].table, "people");
    assert_string_equal(change->mappings[FORWARD].queries[0].sql, "SELECT id FROM customers");
    assert_int_equal(change->mappings[BACKWARD].count, 1);
    assert_string_equal(change->mappings[BACKWARD].queries[0].sql,
                        "-- newest first\nwith p AS (SELECT 1) SELECT id, phone\nFROM people");
    assert_int_equal(definition->soak_ms, 5400000);
    assert_int_equal(definition->pause_ms_max, 2000);
    assert_true(definition->hold_ms_max == 2.3);
    assert_int_equal(change->retire, RETIRE_DROP);
    assert_null(change->alter_table);
    definition_free(definition);
}

static void the_short_form_is_kept(void **state) {
    (void)state;
    struct definition *definition = accepted(SHORT_FORM);
    const struct change *change = &definition->change;
    assert_string_equal(change->alter_table, "customers");
    assert_string_equal(change->alter_change, "ADD COLUMN points INTEGER");
    assert_int_equal(change->shapes[SIDE_OLD].count, 0);
    assert_int_equal(change->mappings[FORWARD].count, 0);
    assert_null(change->create);
    definition_free(definition);
}

static void a_setting_left_out_has_its_default(void **state) {
    (void)state;
    struct definition *definition = accepted(LONG_FORM);
    assert_int_equal(definition->soak_ms, 24 * 3600 * 1000);
    assert_int_equal(definition->pause_ms_max, 200);
    assert_true(definition->hold_ms_max == 0);
    assert_int_equal(definition->change.retire, RETIRE_RENAME);
    assert_int_equal(definition->change.mappings[BACKWARD].count, 0);
    definition_free(definition);
}

static void a_key_of_many_columns_may_be_a_list_or_a_text(void **state) {
    (void)state;
    struct definition *definition = accepted("migration: m\n"
                                             "old: {store: a, key: {customers: [tenant, id]}}\n"
                                             "new: {store: a, key: {people: ' tenant ,id'}, create: X}\n"
                                             "forward: {people: VALUES(1)}\n");
    for (int side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct names *key = &definition->change.shapes[side].tables[0].key;
        assert_int_equal(key->count, 2);
        assert_string_equal(key->items[0], "tenant");
        assert_string_equal(key->items[1], "id");
    }
    assert_ptr_equal(definition->old_store, definition->new_store);
    definition_free(definition);
}

static void queries_stand_in_the_order_of_their_tables(void **state) {
    (void)state;
    struct definition *definition =
        accepted("migration: m\n"
                 "old: {store: a, key: {c: id}}\n"
                 "new: {key: {Alpha: id, beta: id}, create: X}\n"
                 "forward: {BETA: SELECT 2, alpha: /* one */ select(1)}\n");
    const struct mapping *forward = &definition->change.mappings[FORWARD];
    assert_string_equal(forward->queries[0].table, "Alpha");
    assert_string_equal(forward->queries[0].sql, "/* one */ select(1)");
    assert_string_equal(forward->queries[1].table, "beta");
    definition_free(definition);
}

static void a_file_with_byte_order_mark_and_crlf_is_read(void **state) {
    (void)state;
    struct definition *definition = accepted("\xef\xbb\xbfmigration: m\r\n"
                                             "old: {store: a}\r\n"
                                             "alter:\r\n"
                                             "  table: \"caf\\u00e9\"\r\n"
                                             "  change: |\r\n"
                                             "    ADD COLUMN a;\r\n");
    assert_string_equal(definition->change.alter_table, "caf\xc3\xa9");
    assert_string_equal(definition->change.alter_change, "ADD COLUMN a");
    definition_free(definition);
}

/* ${VARIABLES} */

static void a_variable_is_filled_in_and_the_text_keeps_its_name(void **state) {
    (void)state;
    setenv("MIDFLIGHT_TEST_DB", "sqlite:filled.db", 1);
    setenv("MIDFLIGHT_TEST_H", "12", 1);
    const char *text = "migration: m-${MIDFLIGHT_TEST_H}\n"
                       "old: {store: '${MIDFLIGHT_TEST_DB}?x=$1'}\n"
                       "alter: {table: t, change: ADD COLUMN a}\n"
                       "soak: ${MIDFLIGHT_TEST_H}${MIDFLIGHT_TEST_H}s\n";
    struct definition *definition = accepted(text);
    assert_string_equal(definition->change.name, "m-12");
    assert_string_equal(definition->old_store, "sqlite:filled.db?x=$1");
    assert_int_equal(definition->soak_ms, 1212000);
    assert_string_equal(definition->text, text);
    definition_free(definition);
}

static void sql_is_never_filled_in(void **state) {
    (void)state;
    struct definition *definition =
        accepted("migration: m\n"
                 "old: {store: a, key: {c: id}}\n"
                 "new: {key: {p: id}, create: \"CREATE '${NO_SUCH}'\", index: \"INDEX '${NO_SUCH}'\"}\n"
                 "forward: {p: \"SELECT '${NO_SUCH}'\"}\n"
                 "backward: {c: \"SELECT '${'\"}\n");
    assert_string_equal(definition->change.create, "CREATE '${NO_SUCH}'");
    assert_string_equal(definition->change.index, "INDEX '${NO_SUCH}'");
    assert_string_equal(definition->change.mappings[FORWARD].queries[0].sql, "SELECT '${NO_SUCH}'");
    assert_string_equal(definition->change.mappings[BACKWARD].queries[0].sql, "SELECT '${'");
    definition_free(definition);
    definition = accepted("migration: m\nold: {store: a}\nalter: {table: t, change: \"ADD c DEFAULT '${NO_SUCH}'\"}\n");
    assert_string_equal(definition->change.alter_change, "ADD c DEFAULT '${NO_SUCH}'");
    definition_free(definition);
}

static void a_variable_that_cannot_be_filled_in_is_named(void **state) {
    (void)state;
    unsetenv("NO_SUCH");
    setenv("MIDFLIGHT_TEST_EMPTY", "", 1);
    refused_with("sqlite:app.db", "${NO_SUCH}",
                 "f.yaml:3:10: ${NO_SUCH} is not set; expected NO_SUCH in the environment");
    refused_with("sqlite:app.db", "a${MIDFLIGHT_TEST_EMPTY",
                 "f.yaml:3:10: '${' without its '}'; expected ${NAME}");
    refused_with("sqlite:app.db", "${2 B}",
                 "f.yaml:3:10: '${2 B}' names no variable; expected ${NAME}, of A-Z, a-z, 0-9 and _");
    refused_with("sqlite:app.db", "${MIDFLIGHT_TEST_EMPTY}",
                 "f.yaml:3:10: '${MIDFLIGHT_TEST_EMPTY}' is empty once filled in; expected a value in the "
                 "environment");
}

static void a_password_from_the_environment_is_never_shown(void **state) {
    (void)state;
    setenv("MIDFLIGHT_TEST_DB", "postgresql://me:secret@db", 1);
    refused("migration: m\n"
            "old: {store: '${MIDFLIGHT_TEST_DB}', key: {c: id}}\n"
            "new: {store: 'other', key: {p: id}, create: X}\n"
            "sync: in-database\n"
            "forward: {p: SELECT 1}\n",
            "f.yaml:4:7: 'in-database' between two stores; expected outbox, or no 'sync'");
    refused(SHORT_FORM "soak: ${MIDFLIGHT_TEST_DB}\n",
            "f.yaml:4:7: '${MIDFLIGHT_TEST_DB}' is no duration; expected a number and ms, s, m, h or d, such as 1.5h");
    refused(SHORT_FORM "retire: ${MIDFLIGHT_TEST_DB}\n",
            "f.yaml:4:9: '${MIDFLIGHT_TEST_DB}' is unknown here; expected one of: rename, drop, keep");
}

/* Keys */

static void a_misspelt_key_is_recognised(void **state) {
    (void)state;
    refused_with("store:", "stroe:", "f.yaml:3:3: unknown key 'stroe' in old; did you mean 'store'?");
    refused_with("forward:", "foward:", "f.yaml:8:1: unknown key 'foward' in the file; did you mean 'forward'?");
    refused_with("create:", "ddl:", "f.yaml:7:3: unknown key 'ddl' in new; expected one of: store, key, create, index");
    refused("migration: m\nold: {store: a}\nalter: {tables: c, change: X}\n",
            "f.yaml:3:9: unknown key 'tables' in alter; did you mean 'table'?");
}

static void a_key_given_twice_is_not_silently_dropped(void **state) {
    (void)state;
    refused(LONG_FORM "migration: again\n",
            "f.yaml:11:1: a second 'migration', after the one in line 1; expected each key once");
    refused_with("{people: id, phones: person_id}", "{people: id, people: person_id}",
                 "f.yaml:6:21: a second 'people', after the one in line 6; expected each key once");
    refused_with("{people: id, phones: person_id}", "{people: id, People: person_id}",
                 "f.yaml:6:21: a second 'People' (case does not tell tables apart); expected each once");
    refused_with("  phones: SELECT", "  PEOPLE: SELECT",
                 "f.yaml:10:3: a second query for 'PEOPLE' (case does not tell tables apart); expected one");
}

static void a_missing_key_is_named(void **state) {
    (void)state;
    refused("old: {store: a}\n",
            "f.yaml:1:1: the file has no 'migration'; expected a name of a-z, 0-9 and -, such as split-name");
    refused("migration: m\n", "f.yaml:1:1: the file has no 'old'; expected {store: ADDRESS, key: {TABLE: COLUMN}}");
    refused("migration: m\nold: {store: a, key: {c: id}}\n",
            "f.yaml:1:1: the file has no 'new'; expected 'new' and 'forward', or the short form, 'alter: {table, "
            "change}'");
    refused("migration: m\nold: {store: a, key: {c: id}}\nnew: {key: {p: id}, create: X}\n",
            "f.yaml:1:1: the file has no 'forward'; expected 'new' and 'forward', or the short form, 'alter: {table, "
            "change}'");
    refused_with("  key: {customers: id}\n", "",
                 "f.yaml:3:3: old has no 'key'; expected {TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}");
    refused_with("  create: CREATE TABLE people (id);\n", "",
                 "f.yaml:6:3: new has no 'create'; expected SQL that creates the new tables");
}

static void a_value_of_the_wrong_kind_is_told_apart(void **state) {
    (void)state;
    refused("- a\n- b\n",
            "f.yaml:1:1: no 'key: value' at the top; expected a definition, 'migration: NAME' and so on");
    refused_with("{customers: id}", "customers",
                 "f.yaml:4:8: 'key' is a text; expected {TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}");
    refused_with("sqlite:app.db", "[a, b]",
                 "f.yaml:3:10: 'store' is a list; expected the address of the database, such as sqlite:app.db");
    refused_with("SELECT id FROM customers", "{a: b}",
                 "f.yaml:9:11: 'people' is a map; expected SELECT, WITH or VALUES");
    refused_with("{customers: id}", "{customers: {a: b}}",
                 "f.yaml:4:20: 'customers' is a map; expected COLUMN or [COLUMN, COLUMN]");
    refused_with("{customers: id}", "{customers: [a, {b: c}]}",
                 "f.yaml:4:24: 'key column' is a map; expected the name of a column");
}

static void an_empty_value_is_reported_where_its_key_stands(void **state) {
    (void)state;
    refused_with("sqlite:app.db", "",
                 "f.yaml:3:3: 'store' is empty; expected the address of the database, such as sqlite:app.db");
    refused_with("sqlite:app.db", "'  '",
                 "f.yaml:3:3: 'store' is empty; expected the address of the database, such as sqlite:app.db");
    refused_with("{customers: id}", "{}",
                 "f.yaml:4:3: 'key' is empty; expected {TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}");
    refused_with("{customers: id}", "{customers: }",
                 "f.yaml:4:9: 'customers' is empty; expected COLUMN or [COLUMN, COLUMN]");
    refused_with("{customers: id}", "{customers: []}",
                 "f.yaml:4:9: 'customers' is empty; expected COLUMN or [COLUMN, COLUMN]");
    refused(LONG_FORM "backward:\n",
            "f.yaml:11:1: 'backward' is empty; expected {OLD TABLE: SELECT ... FROM new tables}");
}

/* What the values mean */

static void a_name_that_would_not_fit_everywhere_is_refused(void **state) {
    (void)state;
    static const char *const names[] = {"Split", "split_name", "-split", "a b",
                                        "a23456789-123456789-123456789-123456789-123456789"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TEXT text = {0}, message = {0};
        text_addf(&text, "migration: %s\nold: {store: a}\nalter: {table: t, change: X}\n", names[i]);
        text_addf(&message,
                  "f.yaml:1:12: '%s' is no name of a migration; expected a-z, 0-9 and -, a letter or digit first, at "
                  "most 48 characters",
                  names[i]);
        refused(text_get(&text), text_get(&message));
    }
    definition_free(accepted("migration: 023456789-123456789-123456789-123456789-12345678\n"
                             "old: {store: a}\nalter: {table: t, change: X}\n"));
}

static void a_duration_without_its_unit_is_not_guessed(void **state) {
    (void)state;
    static const char *const wrong[] = {"24", "h", "1.h", ".5h", "1,5h", "24 h", "-1h", "1e3s", "0x1s", "inf", "1hh"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        TEXT text = {0}, message = {0};
        text_addf(&text, SHORT_FORM "soak: '%s'\n", wrong[i]);
        text_addf(&message,
                  "f.yaml:4:7: '%s' is no duration; expected a number and ms, s, m, h or d, such as 1.5h", wrong[i]);
        refused(text_get(&text), text_get(&message));
    }
}

static void a_duration_out_of_bounds_is_refused(void **state) {
    (void)state;
    refused(SHORT_FORM "hold_max: 0.9ms\n", "f.yaml:4:11: 0.9ms is out of bounds; expected 1ms to 10s");
    refused(SHORT_FORM "hold_max: 11s\n", "f.yaml:4:11: 11s is out of bounds; expected 1ms to 10s");
    refused(SHORT_FORM "pause_max: 0s\n", "f.yaml:4:12: 0s is out of bounds; expected 1ms to 1h");
    refused(SHORT_FORM "soak: 366d\n", "f.yaml:4:7: 366d is out of bounds; expected 0s to 365d");
    TEXT text = {0};
    text_add(&text, SHORT_FORM "soak: ");
    for (int i = 0; i < 800; i++) text_add(&text, i == 400 ? "." : "1"); /* infinite, over an infinite divisor */
    text_add(&text, "d\n");
    refused(text_get(&text), "f.yaml:4:7: "
                             "1111111111111111111111111111111111111111111111"
                             "1111111111111111111111111111111111111111111111... is out of bounds; expected 0s to 365d");
    struct definition *definition = accepted(SHORT_FORM "soak: 0s\npause_max: 1ms\nhold_max: 10s\n");
    assert_int_equal(definition->soak_ms, 0);
    assert_int_equal(definition->pause_ms_max, 1);
    assert_true(definition->hold_ms_max == 10000);
    definition_free(definition);
}

static void a_choice_that_does_not_exist_is_refused(void **state) {
    (void)state;
    refused(SHORT_FORM "retire: renam\n", "f.yaml:4:9: 'renam' is unknown here; did you mean 'rename'?");
    refused(SHORT_FORM "sync: never\n", "f.yaml:4:7: 'never' is unknown here; expected one of: in-database, outbox");
    refused(SHORT_FORM "sync: outbox\n",
            "f.yaml:4:7: 'outbox' with 'alter', whose two tables both take writes; expected in-database, or no 'sync', or the change as "
            "'new', 'forward' and 'backward'");
    struct definition *definition = accepted(SHORT_FORM "retire: keep\n");
    assert_int_equal(definition->change.retire, RETIRE_KEEP);
    definition_free(definition);
}

/* Shapes and queries */

static void keys_of_different_widths_are_refused(void **state) {
    (void)state;
    refused_with("phones: person_id", "phones: [tenant, person_id]",
                 "f.yaml:6:29: the key of 'phones' has 2 columns and that of 'customers' has 1; expected the same "
                 "number in every table of both sides");
    refused_with("{customers: id}", "{customers: 'tenant, id', old_phones: id}",
                 "f.yaml:4:46: the key of 'old_phones' has 1 column and that of 'customers' has 2; expected the same "
                 "number in every table of both sides");
}

static void a_key_column_must_be_a_name_given_once(void **state) {
    (void)state;
    refused_with("{customers: id}", "{customers: 'tenant, '}",
                 "f.yaml:4:20: the key of 'customers' has a column without a name; expected COLUMN or COLUMN, COLUMN");
    refused_with("{customers: id}", "{customers: [a, A]}",
                 "f.yaml:4:24: the key of 'customers' has 'A' twice; expected each column once");
    refused_with("{customers: id}", "{customers: 'a,b,c,d,e,f,g,h,i'}",
                 "f.yaml:4:20: the key of 'customers' has too many columns; expected at most 8");
}

static void a_table_on_both_sides_is_told_what_to_do(void **state) {
    (void)state;
    refused_with("{people: id", "{Customers: id",
                 "f.yaml:6:9: 'Customers' is on both sides; expected another name for the new table, or the short "
                 "form, 'alter: {table, change}', which gives the new table the old name at the end");
}

static void a_table_without_its_query_is_not_left_empty(void **state) {
    (void)state;
    refused_with("  phones: SELECT id AS person_id, phone FROM customers\n", "",
                 "f.yaml:8:1: 'forward' has no query for 'phones'; expected one for each table of new.key");
    refused_with("  phones: SELECT", "  phone: SELECT", "f.yaml:10:3: new.key has no table 'phone'; did you mean "
                                                        "'phones'?");
    refused(LONG_FORM "backward: {orders: SELECT 1}\n",
            "f.yaml:11:12: old.key has no table 'orders'; expected: customers");
    struct definition *definition = accepted_with("{customers: id}", "{customers: id, orders: customer_id}");
    definition_free(definition);
    refused("migration: m\n"
            "old: {store: a, key: {customers: id, orders: customer_id}}\n"
            "new: {key: {people: id}, create: X}\n"
            "forward: {people: SELECT 1}\n"
            "backward: {customers: SELECT 1}\n",
            "f.yaml:5:1: 'backward' has no query for 'orders'; expected one for each table of old.key");
}

static void a_statement_that_is_no_query_is_refused(void **state) {
    (void)state;
    refused_with("SELECT id FROM customers", "DELETE FROM customers",
                 "f.yaml:9:11: the query of 'people' begins with 'DELETE FROM customers'; expected SELECT, WITH or "
                 "VALUES");
    refused_with("SELECT id FROM customers", "|\n   -- why\n   SELECTED",
                 "f.yaml:10:4: the query of 'people' begins with 'SELECTED'; expected SELECT, WITH or VALUES");
    refused("migration: m\r\n"
            "old: {store: a, key: {c: id}}\r\n"
            "new:\r\n"
            "  key: {p: id}\r\n"
            "  create: |\r\n"
            "\r\n"
            "    X\r\n"
            "forward:\r\n"
            "  p: |\r\n"
            "  \r\n"
            "\r\n"
            "     SELECTED",
            "f.yaml:12:6: the query of 'p' begins with 'SELECTED'; expected SELECT, WITH or VALUES");
    refused_with("SELECT id FROM customers", "'; ;'",
                 "f.yaml:9:11: the query of 'people' says nothing; expected SELECT, WITH or VALUES");
    refused_with("SELECT id FROM customers", "/* SELECT",
                 "f.yaml:9:11: the query of 'people' says nothing; expected SELECT, WITH or VALUES");
}

static void the_two_forms_are_not_mixed(void **state) {
    (void)state;
    refused(LONG_FORM "alter: {table: customers, change: X}\n",
            "f.yaml:5:1: 'new' beside 'alter', which stands for it; expected one or the other");
    refused("migration: m\nold: {store: a, key: {c: id}}\nalter: {table: c, change: X}\n",
            "f.yaml:2:17: 'key' beside 'alter', which stands for it; expected one or the other");
    refused(SHORT_FORM "backward: {c: SELECT 1}\n",
            "f.yaml:4:1: 'backward' beside 'alter', which stands for it; expected one or the other");
    refused("migration: m\nold: {store: a}\nalter: {table: c, change: ';'}\n",
            "f.yaml:3:27: 'change' says nothing; expected what follows ALTER TABLE and its name, such as ADD COLUMN "
            "city TEXT");
}

/* The file */

static void broken_yaml_says_where(void **state) {
    (void)state;
    refused("migration: m\nold: {store: a\n",
            "f.yaml:3:1: this is not YAML: did not find expected ',' or '}' while parsing a flow mapping (line 2); "
            "expected YAML (SQL is best written as a block after '|')");
    refused("migration: m: n\n",
            "f.yaml:1:13: this is not YAML: mapping values are not allowed in this context; expected YAML (SQL is best "
            "written as a block after '|')");
    refused("\xef\xbb\xbf\xc3\xa9: \"\xc3\xa9\\q\"\r\n",
            "f.yaml:1:6: this is not YAML: found unknown escape character while parsing a quoted scalar (line 1); "
            "expected YAML (SQL is best written as a block after '|')");
    refused("migration: m\nold: {store: a\nsoak: 1h\n",
            "f.yaml:2:14: a text of several lines; expected its end in this line, or a block after '|'");
    refused("migration: m\n  old: x\n",
            "f.yaml:1:12: a text of several lines; expected its end in this line, or a block after '|'");
}

static void yaml_that_a_definition_has_no_use_for_is_refused(void **state) {
    (void)state;
    refused("migration: &a m\n", "f.yaml:1:12: an anchor or alias; expected the value itself, written out");
    refused("migration: &a |\n  m\n", "f.yaml:1:12: an anchor or alias; expected the value itself, written out");
    refused("migration: *a\n", "f.yaml:1:12: an anchor or alias; expected the value itself, written out");
    refused("migration: !!str m\n",
            "f.yaml:1:12: a tag (a word after '!'); expected the value alone, or in quotes");
    refused("? [a]\n: b\n", "f.yaml:1:3: a key that is no name; expected 'name: value'");
    refused("'': b\n", "f.yaml:1:1: a key that is no name; expected 'name: value'");
    refused("a: b\n---\nc: d\n",
            "f.yaml:2:1: another document follows after '---'; expected one migration in a file");
    refused("# later\n%YAML 1.2\n---\na: b\n",
            "f.yaml:2:1: a directive (a line that begins with '%'); expected the definition alone");
    refused("", "f.yaml:1:1: the file is empty; expected a definition, 'migration: NAME' and so on");
    refused("# later\n", "f.yaml:1:1: the file is empty; expected a definition, 'migration: NAME' and so on");
}

static void bytes_that_are_no_text_are_refused(void **state) {
    (void)state;
    static const char nul[] = "migration: m\nold: \0";
    refused_n(nul, sizeof nul - 1, "f.yaml:2:6: the byte 0x00; expected UTF-8 text without control characters");
    refused("migration: \x1b[31m\n", "f.yaml:1:12: the byte 0x1b; expected UTF-8 text without control characters");
    refused("migration: |\n  a\xe2\x80\xa8  b\n",
            "f.yaml:2:4: the byte 0xe2; expected UTF-8 text without control characters");
    refused("migration: \"\\0\"\n", "f.yaml:1:12: an escaped control character; expected text without them");
    static const char *const broken[] = {"\xff", "\xc3", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xe2\x82", "\xf8\x90\x80\x80",
                                         "\xef\xbf\xbf", "\xc2\x85", "\x7f"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        TEXT text = {0}, message = {0};
        text_addf(&text, "\xc3\xa9: %s", broken[i]);
        text_addf(&message, "f.yaml:1:4: the byte 0x%02x; expected UTF-8 text without control characters",
                  (unsigned char)broken[i][0]);
        refused(text_get(&text), text_get(&message));
    }
}

static void a_block_that_the_end_of_the_file_cuts_short_is_whole(void **state) {
    (void)state;
    TEXT text = {0};
    text_add(&text, "migration: m\n"
                    "old: {store: a, key: {c: id}}\n"
                    "forward: {p: SELECT 1}\n"
                    "new:\n"
                    "  key: {p: id}\n"
                    "  create: |\n"
                    "    CREATE TABLE p\n"
                    "      (id)");
    struct definition *cut = accepted(text_get(&text));
    text_add(&text, "\n");
    struct definition *whole = accepted(text_get(&text));
    assert_string_equal(cut->change.create, "CREATE TABLE p\n  (id)\n");
    same_digest(cut, whole, true);
}

static void a_comment_in_sql_never_swallows_the_next_line(void **state) {
    (void)state;
    static const char *const folded[] = {
        "SELECT id -- key\n    FROM customers",
        "'SELECT id -- key\n    FROM customers'",
        "\"SELECT id -- key\n    FROM customers\"",
        ">\n    SELECT id -- key\n    FROM customers",
    };
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
        TEXT message = {0};
        text_addf(&message,
                  "f.yaml:%s: a text of several lines; expected its end in this line, or a block after '|'",
                  folded[i][0] == '>' ? "10:5" : "9:11");
        refused_with("SELECT id FROM customers", folded[i], text_get(&message));
    }
    struct definition *definition =
        accepted_with("SELECT id FROM customers", "|\n    SELECT id -- key\n\n      FROM customers");
    assert_string_equal(definition->change.mappings[FORWARD].queries[0].sql,
                        "SELECT id -- key\n\n  FROM customers");
    definition_free(definition);
}

static void a_text_with_many_quotes_is_whole(void **state) {
    (void)state;
    struct definition *few =
        accepted("migration: m\n"
                 "old: {store: a}\n"
                 "alter: {table: \"x\\\"\\\\y\", change: 'ADD c DEFAULT '''' CHECK (''x'' > '''')'}\n");
    assert_string_equal(few->change.alter_change, "ADD c DEFAULT '' CHECK ('x' > '')");
    assert_string_equal(few->change.alter_table, "x\"\\y");
    definition_free(few);
    TEXT text = {0}, change = {0};
    text_add(&text, "migration: m\nold: {store: a}\nalter: {table: t, change: 'ADD c DEFAULT ");
    text_add(&change, "ADD c DEFAULT ");
    for (int i = 0; i < 1000; i++) text_add(&text, "''");
    for (int i = 0; i < 1000; i++) text_add(&change, "'");
    text_add(&text, "'}\n");
    struct definition *definition = accepted(text_get(&text));
    assert_string_equal(definition->change.alter_change, text_get(&change));
    definition_free(definition);
}

static void a_file_made_to_exhaust_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *beginning, *repeated, *message;
    } files[] = {
        {"", "[", "f.yaml:1:9: nested too deep; expected at most 8 levels"},
        {"", "[{", "f.yaml:1:3: a key that is no name; expected 'name: value'"},
        {"", "{a: ", "f.yaml:1:33: nested too deep; expected at most 8 levels"},
        {"", "- ", "f.yaml:1:17: nested too deep; expected at most 8 levels"},
        {"", "? ", "f.yaml:1:3: a key that is no name; expected 'name: value'"},
        {"", "-\n", "f.yaml:4096:2: too many values; expected at most 4096 keys and values"},
        {"", "\n", "f.yaml:1:1: the file is empty; expected a definition, 'migration: NAME' and so on"},
        {"", "#\n", "f.yaml:1:1: the file is empty; expected a definition, 'migration: NAME' and so on"},
        {"", "%TAG ! x\n", "f.yaml:1:1: a directive (a line that begins with '%'); expected the definition alone"},
        {"- a\n- |\n", "\r\n",
         "f.yaml:1:1: no 'key: value' at the top; expected a definition, 'migration: NAME' and so on"},
        {"- a\n- b\n", "\n c",
         "f.yaml:2:3: a text of several lines; expected its end in this line, or a block after '|'"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        TEXT text = {0};
        text_add(&text, files[i].beginning);
        while (text.length + strlen(files[i].repeated) <= YAML_BYTES_MAX) text_add(&text, files[i].repeated);
        refused(text_get(&text), files[i].message);
    }
    TEXT large = {0};
    while (large.length <= YAML_BYTES_MAX) text_add(&large, "# filler\n");
    refused(text_get(&large),
            "f.yaml:1:1: the file is larger than 1 MiB; expected a definition, which is a page or two");
}

static void a_message_stays_readable_whatever_it_quotes(void **state) {
    (void)state;
    TEXT text = {0};
    for (int i = 0; i < 100; i++) text_add(&text, "\xc3\xa9");
    text_add(&text, ": 1\n");
    refused(text_get(&text), "f.yaml:1:1: unknown key '"
                             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                             "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...' in the file; expected one of: "
                             "migration, old, new, forward, backward, alter, soak, pause_max, hold_max, retire, sync, old_writes, outbox_max, side_lock, "
                             "pgbouncer");
    static const char *const lines[] = {"\"a\\nb\": 1\n", "\"a\\rb\": 1\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        refused(lines[i], "f.yaml:1:1: unknown key 'a...' in the file; expected one of: migration, old, new, forward, "
                          "backward, alter, soak, pause_max, hold_max, retire, sync, old_writes, outbox_max, side_lock, "
                          "pgbouncer");
    }
}

static void a_file_that_cannot_be_read_is_not_a_wrong_definition(void **state) {
    (void)state;
    struct definition untouched, *definition = &untouched;
    struct error error = {0};
    assert_false(definition_read("/no/such.yaml", &definition, &error));
    assert_int_equal(error.code, ERROR_FILE);
    assert_string_equal(error.message,
                        "/no/such.yaml: No such file or directory; expected a definition file that can be read");
    assert_false(definition_read("/", &definition, &error));
    assert_int_equal(error.code, ERROR_FILE);
    assert_string_equal(error.message, "/: Is a directory; expected a definition file that can be read");
    assert_false(definition_read("/dev/zero", &definition, &error));
    assert_int_equal(error.code, ERROR_DEFINITION);
    assert_ptr_equal(definition, &untouched);
}

static void every_example_is_accepted(void **state) {
    (void)state;
    static const char *const examples[] = {"examples/split-name.yaml", "examples/subscriptions.yaml",
                                           "examples/alter.yaml"};
    setenv("APP_DB", "sqlite:app.db", 1);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct definition *definition = NULL;
        struct error error = {0};
        if (!definition_read(examples[i], &definition, &error)) fail_msg("%s", error.message);
        assert_string_equal(definition->old_store, "sqlite:app.db");
        definition_free(definition);
    }
}

/* The digest */

static void a_running_migration_may_change_its_bounds(void **state) {
    (void)state;
    same_digest(accepted(LONG_FORM), accepted(LONG_FORM "soak: 1s\npause_max: 1s\nhold_max: 1s\nretire: keep\n"), true);
    same_digest(accepted(LONG_FORM), accepted_with("sqlite:app.db", "sqlite:moved.db"), true);
    same_digest(accepted(LONG_FORM), accepted_with("SELECT id FROM customers", "SELECT id FROM customers;"), true);
    same_digest(accepted(LONG_FORM), accepted_with("old:\n", "\n# a comment\nold:\n"), true);
    same_digest(accepted("migration: m\nold: {store: a}\nalter:\n  table: t\n  change: |\n    ADD COLUMN a\n"),
                accepted("migration: m\nold: {store: a}\nalter:\n  table: t\n  change: |\n    ADD COLUMN a"), true);
}

static void a_running_migration_may_not_become_another(void **state) {
    (void)state;
    same_digest(accepted(LONG_FORM), accepted_with("split-name", "split-names"), false);
    same_digest(accepted(LONG_FORM), accepted_with("customers: id", "customers: no"), false);
    same_digest(accepted(LONG_FORM), accepted_with("{customers: id}", "{customers: id, orders: id}"), false);
    same_digest(accepted(LONG_FORM), accepted_with("(id);", "(id, x);"), false);
    same_digest(accepted(LONG_FORM), accepted_with("forward:", "  index: X\nforward:"), false);
    same_digest(accepted(LONG_FORM), accepted_with("SELECT id FROM", "SELECT no FROM"), false);
    same_digest(accepted(LONG_FORM), accepted(LONG_FORM "backward: {customers: SELECT 1}\n"), false);
    same_digest(accepted(SHORT_FORM),
                accepted("migration: points\nold: {store: a}\nalter: {table: customers, change: DROP COLUMN x}\n"),
                false);
    same_digest(accepted(SHORT_FORM),
                accepted("migration: points\nold: {store: a}\n"
                         "alter: {table: customer, change: ADD COLUMN points INTEGER}\n"),
                false);
}

static void the_digest_of_today_is_that_of_tomorrow(void **state) {
    (void)state;
    /* A ledger keeps it: if this test fails, running migrations would be refused after an upgrade. */
    struct definition *definition = accepted(LONG_FORM);
    assert_string_equal(definition->digest, "ae239bfca60e5bc1");
    definition_free(definition);
}

static void freeing_nothing_is_allowed(void **state) {
    (void)state;
    definition_free(NULL);
}

int main(int count, char **arguments) {
    if (count > 1 && chdir(arguments[1]) != 0) return EXIT_FAILURE;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_in_the_long_form_is_kept),
        cmocka_unit_test(the_short_form_is_kept),
        cmocka_unit_test(a_setting_left_out_has_its_default),
        cmocka_unit_test(a_key_of_many_columns_may_be_a_list_or_a_text),
        cmocka_unit_test(queries_stand_in_the_order_of_their_tables),
        cmocka_unit_test(a_file_with_byte_order_mark_and_crlf_is_read),
        cmocka_unit_test(a_variable_is_filled_in_and_the_text_keeps_its_name),
        cmocka_unit_test(sql_is_never_filled_in),
        cmocka_unit_test(a_variable_that_cannot_be_filled_in_is_named),
        cmocka_unit_test(a_password_from_the_environment_is_never_shown),
        cmocka_unit_test(a_misspelt_key_is_recognised),
        cmocka_unit_test(a_key_given_twice_is_not_silently_dropped),
        cmocka_unit_test(a_missing_key_is_named),
        cmocka_unit_test(a_value_of_the_wrong_kind_is_told_apart),
        cmocka_unit_test(an_empty_value_is_reported_where_its_key_stands),
        cmocka_unit_test(a_name_that_would_not_fit_everywhere_is_refused),
        cmocka_unit_test(a_duration_without_its_unit_is_not_guessed),
        cmocka_unit_test(a_duration_out_of_bounds_is_refused),
        cmocka_unit_test(a_choice_that_does_not_exist_is_refused),
        cmocka_unit_test(keys_of_different_widths_are_refused),
        cmocka_unit_test(a_key_column_must_be_a_name_given_once),
        cmocka_unit_test(a_table_on_both_sides_is_told_what_to_do),
        cmocka_unit_test(a_table_without_its_query_is_not_left_empty),
        cmocka_unit_test(a_statement_that_is_no_query_is_refused),
        cmocka_unit_test(the_two_forms_are_not_mixed),
        cmocka_unit_test(broken_yaml_says_where),
        cmocka_unit_test(yaml_that_a_definition_has_no_use_for_is_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_block_that_the_end_of_the_file_cuts_short_is_whole),
        cmocka_unit_test(a_comment_in_sql_never_swallows_the_next_line),
        cmocka_unit_test(a_text_with_many_quotes_is_whole),
        cmocka_unit_test(a_file_made_to_exhaust_is_refused),
        cmocka_unit_test(a_message_stays_readable_whatever_it_quotes),
        cmocka_unit_test(a_file_that_cannot_be_read_is_not_a_wrong_definition),
        cmocka_unit_test(every_example_is_accepted),
        cmocka_unit_test(a_running_migration_may_change_its_bounds),
        cmocka_unit_test(a_running_migration_may_not_become_another),
        cmocka_unit_test(the_digest_of_today_is_that_of_tomorrow),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests_name("definition", tests, NULL, NULL);
}
