#include "migration/change.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "migration/field.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct field NEW_FIELDS[] = {
    {"store", YAML_TEXT, false, "the address of another database; none: the old one's"},
    {"key", YAML_MAP, true, "{TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}"},
    {"create", YAML_TEXT, true, "SQL that creates the new tables"},
    {"index", YAML_TEXT, false, "SQL that is better run after the backfill, such as CREATE INDEX"},
};

static const struct field ALTER_FIELDS[] = {
    {"table", YAML_TEXT, true, "the name of the table"},
    {"change", YAML_TEXT, true, "what follows ALTER TABLE and its name, such as ADD COLUMN city TEXT"},
};

static const char *const KEY_EXPECTED = "{TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}";
static const char *const FORM_EXPECTED = "'new' and 'forward', or the short form, 'alter: {table, change}'";
static const char *const QUERY_EXPECTED = "SELECT, WITH or VALUES";

static const struct table *shape_find(const struct shape *shape, const char *name) {
    for (size_t i = 0; i < shape->count; i++) {
        if (strcasecmp(shape->tables[i].name, name) == 0) return &shape->tables[i];
    }
    return NULL;
}

/* The names of a shape's tables, for messages. */
static struct names shape_names(struct arena *arena, const struct shape *shape) {
    struct names names = {0};
    for (size_t i = 0; i < shape->count; i++) names_add(arena, &names, shape->tables[i].name);
    return names;
}

static bool column_add(struct arena *arena, const struct yaml *at, const char *start, size_t length,
                       struct table *table, struct error *error) {
    while (length > 0 && isspace((unsigned char)*start)) start++, length--;
    while (length > 0 && isspace((unsigned char)start[length - 1])) length--;
    const char *column = arena_copy_n(arena, start, length);
    if (length == 0) {
        return yaml_fail(at, error, "the key of '%s' has a column without a name; expected COLUMN or COLUMN, COLUMN",
                         excerpt(table->name).text);
    }
    if (names_have(&table->key, column)) {
        return yaml_fail(at, error, "the key of '%s' has '%s' twice; expected each column once",
                         excerpt(table->name).text, excerpt(column).text);
    }
    if (table->key.count == KEY_COLUMNS_MAX) {
        return yaml_fail(at, error, "the key of '%s' has too many columns; expected at most %d",
                         excerpt(table->name).text, KEY_COLUMNS_MAX);
    }
    names_add(arena, &table->key, column);
    return true;
}

/* id, or "tenant, customer_id" */
static bool columns_split(struct arena *arena, const struct yaml *value, struct table *table, struct error *error) {
    const char *columns;
    if (!value_fill(arena, value, &columns, error)) return false;
    for (const char *comma; (comma = strchr(columns, ',')) != NULL; columns = comma + 1) {
        if (!column_add(arena, value, columns, (size_t)(comma - columns), table, error)) return false;
    }
    return column_add(arena, value, columns, strlen(columns), table, error);
}

/* [tenant, customer_id]: an item is one column, whatever it holds */
static bool columns_list(struct arena *arena, const struct yaml *list, struct table *table, struct error *error) {
    for (const struct yaml *item = list->first; item != NULL; item = item->next) {
        const char *column;
        if (!value_check(item, "key column", YAML_TEXT, "the name of a column", error) ||
            !value_fill(arena, item, &column, error) ||
            !column_add(arena, item, column, strlen(column), table, error)) {
            return false;
        }
    }
    return true;
}

static bool table_read(struct arena *arena, const struct yaml *value, struct table *table, struct error *error) {
    table->name = value->key->text;
    if (value->kind == YAML_LIST && value->count > 0) return columns_list(arena, value, table, error);
    return value_check(value, table->name, YAML_TEXT, "COLUMN or [COLUMN, COLUMN]", error) &&
           columns_split(arena, value, table, error);
}

/* {customers: id, subscriptions: [tenant, customer_id]} */
static bool shape_read(struct arena *arena, const struct yaml *key, struct shape *ret, struct error *error) {
    struct shape shape = {.tables = ARENA_ARRAY(arena, struct table, key->count)};
    for (const struct yaml *value = key->first; value != NULL; value = value->next) {
        if (shape_find(&shape, value->key->text) != NULL) {
            return yaml_fail(value->key, error, "a second '%s' (case does not tell tables apart); expected each once",
                             excerpt(value->key->text).text);
        }
        if (!table_read(arena, value, &shape.tables[shape.count], error)) return false;
        shape.count++;
    }
    *ret = shape;
    return true;
}

/* One key identifies an entity in every table of both sides, so it has as many columns in each. */
static bool key_widths_check(const struct yaml *key, const struct shape *shape, const struct table *first,
                             struct error *error) {
    const struct yaml *value = key->first;
    const struct table *table = shape->tables;
    for (size_t i = 0; i < shape->count && value != NULL; i++, value = value->next, table++) {
        if (table->key.count == first->key.count) continue; /* NOLINT(clang-analyzer-core.NullDereference): count is 0 then */
        return yaml_fail(value, error,
                         "the key of '%s' has %zu column%s and that of '%s' has %zu; expected the same number in every "
                         "table of both sides",
                         excerpt(table->name).text, table->key.count, table->key.count == 1 ? "" : "s",
                         excerpt(first->name).text, first->key.count);
    }
    return true;
}

/* In one database a table's name tells which side it is of. */
static bool names_apart(const struct yaml *new_key, const struct shape shapes[2], struct error *error) {
    for (const struct yaml *value = new_key->first; value != NULL; value = value->next) {
        if (shape_find(&shapes[SIDE_OLD], value->key->text) == NULL) continue;
        return yaml_fail(value->key, error,
                         "'%s' is on both sides; expected another name for the new table, or the short form, "
                         "'alter: {table, change}', which gives the new table the old name at the end",
                         excerpt(value->key->text).text);
    }
    return true;
}

static bool shapes_read(struct arena *arena, const struct yaml *old_key, const struct yaml *new_key, bool apart,
                        struct shape shapes[2], struct error *error) {
    if (!shape_read(arena, old_key, &shapes[SIDE_OLD], error) || !shape_read(arena, new_key, &shapes[SIDE_NEW], error) ||
        (!apart && !names_apart(new_key, shapes, error))) {
        return false;
    }
    const struct table *first = &shapes[SIDE_OLD].tables[0];
    return key_widths_check(old_key, &shapes[SIDE_OLD], first, error) &&
           key_widths_check(new_key, &shapes[SIDE_NEW], first, error);
}

/* Without what may end a statement, so that it can stand in a larger one. */
static const char *sql_trim(struct arena *arena, const char *sql) {
    size_t length = strlen(sql);
    while (length > 0 && (isspace((unsigned char)sql[length - 1]) || sql[length - 1] == ';')) length--;
    return arena_copy_n(arena, sql, length);
}

/* Where the first word stands: after space and comments. */
static const char *sql_begin(const char *sql) {
    for (;;) {
        sql += strspn(sql, " \t\r\n");
        const char *end;
        if (strncmp(sql, "--", 2) == 0) {
            end = strchr(sql, '\n');
        } else if (strncmp(sql, "/*", 2) == 0) {
            end = strstr(sql + 2, "*/");
        } else {
            return sql;
        }
        if (end == NULL) return "";
        sql = end + (*end == '\n' ? 1 : 2);
    }
}

static bool query_check(const struct yaml *value, const char *sql, struct error *error) {
    static const char *const words[] = {"SELECT", "WITH", "VALUES"};
    const char *word = sql_begin(sql);
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || word[length] == '_') length++;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (length == strlen(words[i]) && strncasecmp(word, words[i], length) == 0) return true;
    }
    if (*word == '\0') {
        return yaml_fail(value, error, "the query of '%s' says nothing; expected %s",
                         excerpt(value->key->text).text, QUERY_EXPECTED);
    }
    return yaml_fail(value, error, "the query of '%s' begins with '%s'; expected %s", excerpt(value->key->text).text,
                     excerpt(word).text, QUERY_EXPECTED);
}

static bool query_read(struct arena *arena, const struct yaml *value, const struct shape *follower, const char *where,
                       struct query *queries, struct error *error) {
    const char *name = value->key->text;
    const struct table *table = shape_find(follower, name);
    if (table == NULL) {
        struct names names = shape_names(arena, follower);
        TEXT suggestion = {0};
        suggestion_add(&suggestion, &names, name);
        return yaml_fail(value->key, error, "%s has no table '%s'; %s", where, excerpt(name).text,
                         text_get(&suggestion));
    }
    struct query *query = &queries[table - follower->tables];
    if (query->sql != NULL) {
        return yaml_fail(value->key, error, "a second query for '%s' (case does not tell tables apart); expected one",
                         excerpt(name).text);
    }
    if (!value_check(value, name, YAML_TEXT, QUERY_EXPECTED, error)) return false;
    *query = (struct query){.table = table->name, .sql = sql_trim(arena, value->text)};
    return query_check(value, query->sql, error);
}

/* {people: SELECT ..., subscriptions: SELECT ...}, one for each table of the follower, kept in its order. */
static bool mapping_read(struct arena *arena, const struct yaml *map, const struct shape *follower, const char *where,
                         struct mapping *ret, struct error *error) {
    struct query *queries = ARENA_ARRAY(arena, struct query, follower->count);
    for (const struct yaml *value = map->first; value != NULL; value = value->next) {
        if (!query_read(arena, value, follower, where, queries, error)) return false;
    }
    for (size_t i = 0; i < follower->count; i++) {
        if (queries[i].sql != NULL) continue;
        return yaml_fail(map->key, error, "'%s' has no query for '%s'; expected one for each table of %s",
                         map->key->text, excerpt(follower->tables[i].name).text, where);
    }
    *ret = (struct mapping){.queries = queries, .count = follower->count};
    return true;
}

static bool mappings_read(struct arena *arena, const struct yaml *root, struct change *change, struct error *error) {
    const struct yaml *forward = yaml_get(root, "forward"), *backward = yaml_get(root, "backward");
    const struct shape *shapes = change->shapes;
    if (!mapping_read(arena, forward, &shapes[SIDE_NEW], "new.key", &change->mappings[FORWARD], error)) return false;
    return backward == NULL ||
           mapping_read(arena, backward, &shapes[SIDE_OLD], "old.key", &change->mappings[BACKWARD], error);
}

/* The long form: two shapes, and the queries between them. */
static bool long_form_read(struct arena *arena, const struct yaml *root, bool apart, struct change *change, struct error *error) {
    const struct yaml *old = yaml_get(root, "old"), *new = yaml_get(root, "new");
    if (new == NULL || yaml_get(root, "forward") == NULL) {
        return yaml_fail(root, error, "the file has no '%s'; expected %s", new == NULL ? "new" : "forward",
                         FORM_EXPECTED);
    }
    const struct yaml *old_key = yaml_get(old, "key");
    if (old_key == NULL) return yaml_fail(old, error, "old has no 'key'; expected %s", KEY_EXPECTED);
    if (!fields_check(new, "new", NEW_FIELDS, COUNT(NEW_FIELDS), error)) return false;
    const struct yaml *index = yaml_get(new, "index");
    change->create = yaml_get(new, "create")->text;
    change->index = index == NULL ? NULL : index->text;
    return shapes_read(arena, old_key, yaml_get(new, "key"), apart, change->shapes, error) &&
           mappings_read(arena, root, change, error);
}

/* The short form: one table and what changes in it. The store derives everything else. */
static bool short_form_read(struct arena *arena, const struct yaml *root, struct change *change, struct error *error) {
    const struct yaml *alter = yaml_get(root, "alter");
    const struct yaml *derived[] = {yaml_get(root, "new"), yaml_get(root, "forward"), yaml_get(root, "backward"),
                                    yaml_get(yaml_get(root, "old"), "key")};
    for (size_t i = 0; i < COUNT(derived); i++) {
        if (derived[i] == NULL) continue;
        return yaml_fail(derived[i]->key, error, "'%s' beside 'alter', which stands for it; expected one or the other",
                         derived[i]->key->text);
    }
    if (!fields_check(alter, "alter", ALTER_FIELDS, COUNT(ALTER_FIELDS), error)) return false;
    const struct yaml *sql = yaml_get(alter, "change");
    change->alter_change = sql_trim(arena, sql->text);
    if (*sql_begin(change->alter_change) == '\0') {
        return yaml_fail(sql, error, "'change' says nothing; expected %s", ALTER_FIELDS[1].expected);
    }
    return value_fill(arena, yaml_get(alter, "table"), &change->alter_table, error);
}

bool change_read(struct arena *arena, const struct yaml *root, bool apart, struct change *ret, struct error *error) {
    struct change change = {0};
    bool is_short = yaml_get(root, "alter") != NULL;
    bool read = is_short ? short_form_read(arena, root, &change, error) : long_form_read(arena, root, apart, &change, error);
    if (!read) return false;
    *ret = change;
    return true;
}
