#include "migration/definition.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "migration/change.h"
#include "migration/field.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAME_BYTES_MAX 48

/* What the file may say, from top to bottom. */
static const struct field FILE_FIELDS[] = {
    {"migration", YAML_TEXT, true, "a name of a-z, 0-9 and -, such as split-name"},
    {"old", YAML_MAP, true, "{store: ADDRESS, key: {TABLE: COLUMN}}"},
    {"new", YAML_MAP, false, "{key: {TABLE: COLUMN}, create: SQL}"},
    {"forward", YAML_MAP, false, "{NEW TABLE: SELECT ... FROM old tables}"},
    {"backward", YAML_MAP, false, "{OLD TABLE: SELECT ... FROM new tables}"},
    {"alter", YAML_MAP, false, "{table: TABLE, change: SQL}"},
    {"soak", YAML_TEXT, false, "how long old follows new before the end, such as 24h"},
    {"pause_max", YAML_TEXT, false, "how long writers may wait for the cut-over, such as 200ms"},
    {"hold_max", YAML_TEXT, false, "how long writers may wait for one chunk, such as 10ms"},
    {"retire", YAML_TEXT, false, "what becomes of the old tables: rename, drop or keep"},
    {"sync", YAML_TEXT, false, "in-database, or outbox: always that between two stores"},
    {"old_writes", YAML_TEXT, false, "what becomes of writes on the old side after the cut-over: refuse or hold"},
    {"outbox_max", YAML_TEXT, false, "how large the outbox may grow when nobody drains it, such as 1GB"},
    {"side_lock", YAML_TEXT, false, "whether writers of the two sides take turns: true or false"},
    {"pgbouncer", YAML_MAP, false, "{admin: ADDRESS, database: NAME, config: FILE}"},
};

static const struct field POOLER_FIELDS[] = {
    {"admin", YAML_TEXT, true, "the address of PgBouncer's console, such as postgresql://admin@127.0.0.1:6432/pgbouncer"},
    {"database", YAML_TEXT, true, "the name that the application connects to"},
    {"config", YAML_TEXT, true, "the file with that name's line, such as /etc/pgbouncer/pgbouncer.ini"},
    {"target", YAML_TEXT, false, "what the line says after the cut-over, such as host=10.0.0.2 dbname=shop"},
};

static const struct field OLD_FIELDS[] = {
    {"store", YAML_TEXT, true, "the address of the database, such as sqlite:app.db"},
    {"key", YAML_MAP, false, "{TABLE: COLUMN} or {TABLE: [COLUMN, COLUMN]}"},
};

static bool name_read(struct definition *definition, const struct yaml *value, struct error *error) {
    const char *name;
    if (!value_fill(definition->arena, value, &name, error)) return false;
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (name[length] != '\0' || length > NAME_BYTES_MAX || name[0] == '-') {
        return yaml_fail(value, error,
                         "'%s' is no name of a migration; expected a-z, 0-9 and -, a letter or digit first, at most %d "
                         "characters",
                         excerpt(value->text).text, NAME_BYTES_MAX);
    }
    definition->change.name = name;
    return true;
}

static bool stores_read(struct definition *definition, const struct yaml *root, struct error *error) {
    const struct yaml *new = yaml_get(root, "new");
    const struct yaml *new_store = new == NULL || new->kind != YAML_MAP ? NULL : yaml_get(new, "store");
    const char *old_address, *new_address;
    if (!value_fill(definition->arena, yaml_get(yaml_get(root, "old"), "store"), &old_address, error)) return false;
    definition->old_store = definition->new_store = old_address;
    if (new_store == NULL) return true;
    if (!value_check(new_store, "store", YAML_TEXT, "the address of a database", error) ||
        !value_fill(definition->arena, new_store, &new_address, error)) {
        return false;
    }
    if (strcmp(old_address, new_address) != 0) definition->new_store = new_address;
    return true;
}

/* Between two stores live writes follow by an outbox, in one database by the triggers, unless the file says otherwise. */
static bool sync_read(struct definition *definition, const struct yaml *value, struct error *error) {
    const char *items[] = {"in-database", "outbox"};
    struct names choices = {.items = items, .count = COUNT(items)};
    bool apart = definition_is_apart(definition);
    size_t choice;
    if (!value_choice(definition->arena, value, &choices, &choice, error)) return false;
    if (choice == 0 && apart) return yaml_fail(value, error, "'in-database' between two stores; expected outbox, or no 'sync'");
    if (choice == 1 && definition->change.side_lock) {
        return yaml_fail(value, error, "'outbox' with 'side_lock', where one side takes writes at a time; expected one of the two");
    }
    if (choice == 1 && definition->change.alter_table != NULL) {
        return yaml_fail(value, error, "'outbox' with 'alter', whose two tables both take writes; expected in-database, or no 'sync', or "
                         "the change as 'new', 'forward' and 'backward'");
    }
    definition->change.outbox = choice == 1;
    return true;
}

static bool old_writes_read(const struct definition *definition, const struct yaml *value, bool *ret, struct error *error) {
    const char *items[] = {"refuse", "hold"};
    struct names choices = {.items = items, .count = COUNT(items)};
    const struct change *change = &definition->change;
    size_t choice;
    if (!value_choice(definition->arena, value, &choices, &choice, error)) return false;
    *ret = choice == 1;
    if (!*ret) return true;
    if (!change->outbox) return yaml_fail(value, error, "'hold' where both sides take writes; expected 'sync: outbox' beside it, or no 'old_writes'");
    return change->mappings[BACKWARD].count > 0 ||
           yaml_fail(value, error, "'hold' without a way back; expected a 'backward', or no 'old_writes'");
}

static bool milliseconds_read(struct arena *arena, const struct yaml *value, const char *min, const char *max,
                              int64_t *ret, struct error *error) {
    double ms;
    if (!value_duration(arena, value, min, max, &ms, error)) return false;
    *ret = llround(ms);
    return true;
}

static bool retire_read(struct arena *arena, const struct yaml *value, enum retire *ret, struct error *error) {
    const char *items[] = {[RETIRE_RENAME] = "rename", [RETIRE_DROP] = "drop", [RETIRE_KEEP] = "keep"};
    struct names choices = {.items = items, .count = COUNT(items)};
    size_t choice;
    if (!value_choice(arena, value, &choices, &choice, error)) return false;
    *ret = (enum retire)choice;
    return true;
}

static bool boolean_read(struct arena *arena, const struct yaml *value, bool *ret, struct error *error) {
    const char *items[] = {"false", "true"};
    struct names choices = {.items = items, .count = COUNT(items)};
    size_t choice;
    if (!value_choice(arena, value, &choices, &choice, error)) return false;
    *ret = choice == 1;
    return true;
}

static bool pooler_read(struct definition *definition, const struct yaml *map, struct error *error) {
    struct arena *arena = definition->arena;
    struct pooler *pooler = ARENA_ARRAY(arena, struct pooler, 1);
    const struct yaml *target = yaml_get(map, "target");
    if (!definition_is_apart(definition)) {
        return yaml_fail(map->key, error, "'pgbouncer' within one database, where nobody has to be led elsewhere; expected none, or a "
                         "'store' in new");
    }
    pooler->migration = definition->change.name;
    pooler->stores[SIDE_OLD] = definition->old_store;
    pooler->stores[SIDE_NEW] = definition->new_store;
    definition->change.pooler = pooler;
    return value_fill(arena, yaml_get(map, "admin"), &pooler->admin, error) &&
           value_fill(arena, yaml_get(map, "database"), &pooler->database, error) &&
           value_fill(arena, yaml_get(map, "config"), &pooler->config, error) &&
           (target == NULL || value_fill(arena, target, &pooler->target, error));
}

/* Everything that has a default. */
static bool settings_read(struct definition *definition, const struct yaml *root, struct error *error) {
    const struct yaml *soak = yaml_get(root, "soak"), *pause = yaml_get(root, "pause_max");
    const struct yaml *hold = yaml_get(root, "hold_max"), *retire = yaml_get(root, "retire");
    const struct yaml *sync = yaml_get(root, "sync"), *side_lock = yaml_get(root, "side_lock");
    const struct yaml *old_writes = yaml_get(root, "old_writes");
    const struct yaml *outbox = yaml_get(root, "outbox_max"), *pooler = yaml_get(root, "pgbouncer");
    struct arena *arena = definition->arena;
    definition->change.retire = RETIRE_RENAME;
    definition->soak_ms = 24 * 3600 * 1000;
    definition->pause_ms_max = 200;
    if (soak != NULL && !milliseconds_read(arena, soak, "0s", "365d", &definition->soak_ms, error)) return false;
    if (pause != NULL && !milliseconds_read(arena, pause, "1ms", "1h", &definition->pause_ms_max, error)) return false;
    if (hold != NULL && !value_duration(arena, hold, "1ms", "10s", &definition->hold_ms_max, error)) return false;
    if (retire != NULL && !retire_read(arena, retire, &definition->change.retire, error)) return false;
    if (side_lock != NULL && !boolean_read(arena, side_lock, &definition->change.side_lock, error)) return false;
    definition->change.outbox = definition_is_apart(definition);
    definition->change.outbox_bytes_max = 1000000000;
    if (outbox != NULL && !value_size(arena, outbox, "1kB", "1000TB", &definition->change.outbox_bytes_max, error)) return false;
    if (pooler != NULL && !pooler_read(definition, pooler, error)) return false;
    if (sync != NULL && !sync_read(definition, sync, error)) return false;
    return old_writes == NULL || old_writes_read(definition, old_writes, &definition->change.hold, error);
}

static bool root_read(struct definition *definition, const struct yaml *root, struct error *error) {
    if (root->kind != YAML_MAP) {
        return yaml_fail(root, error, "no 'key: value' at the top; expected a definition, 'migration: NAME' and so on");
    }
    return fields_check(root, "the file", FILE_FIELDS, COUNT(FILE_FIELDS), error) &&
           fields_check(yaml_get(root, "old"), "old", OLD_FIELDS, COUNT(OLD_FIELDS), error) &&
           (yaml_get(root, "pgbouncer") == NULL ||
            fields_check(yaml_get(root, "pgbouncer"), "pgbouncer", POOLER_FIELDS, COUNT(POOLER_FIELDS), error)) &&
           stores_read(definition, root, error) &&
           change_read(definition->arena, root, definition_is_apart(definition), &definition->change, error) &&
           name_read(definition, yaml_get(root, "migration"), error) &&
           settings_read(definition, root, error);
}

/* 6:people, so that no two definitions come out as the same bytes; - for what is absent. */
static void digest_add(struct text *text, const char *field) {
    if (field == NULL) {
        text_add(text, "-");
    } else {
        text_addf(text, "%zu:%s,", strlen(field), field);
    }
}

static void digest_add_shape(struct text *text, const struct shape *shape) {
    text_addf(text, "%zu;", shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        const struct table *table = &shape->tables[i];
        digest_add(text, table->name);
        text_addf(text, "%zu;", table->key.count);
        for (size_t j = 0; j < table->key.count; j++) digest_add(text, table->key.items[j]);
    }
}

static void digest_add_mapping(struct text *text, const struct mapping *mapping) {
    text_addf(text, "%zu;", mapping->count);
    for (size_t i = 0; i < mapping->count; i++) {
        digest_add(text, mapping->queries[i].table);
        digest_add(text, mapping->queries[i].sql);
    }
}

static const char *digest_make(struct arena *arena, const struct change *change, bool apart) {
    TEXT text = {0};
    digest_add(&text, change->name);
    digest_add_shape(&text, &change->shapes[SIDE_OLD]);
    digest_add_shape(&text, &change->shapes[SIDE_NEW]);
    digest_add(&text, change->create);
    digest_add(&text, change->index);
    digest_add_mapping(&text, &change->mappings[FORWARD]);
    digest_add_mapping(&text, &change->mappings[BACKWARD]);
    digest_add(&text, change->alter_table);
    digest_add(&text, change->alter_change);
    if (change->side_lock) digest_add(&text, "side_lock"); /* else as before there was such a key */
    if (change->outbox && !apart) digest_add(&text, "outbox");
    if (change->hold) digest_add(&text, "hold");
    return arena_format(arena, "%016llx", (unsigned long long)XXH3_64bits(text.data, text.length));
}

/* A password in an address: "//user:secret@" or "password=secret"; its length is *ret. NULL: none up to the line's end. */
static const char *find_password(const char *line, size_t *ret) {
    size_t end = strcspn(line, "\r\n");
    for (const char *c = line; c < line + end; c++) {
        size_t whole = 0;
        if (strncmp(c, "password=", 9) == 0) {
            c += 9;
            whole = strcspn(c, "&\"' \t\r\n");
        } else if (strncmp(c, "//", 2) == 0) {
            c += 2;
            c += strcspn(c, ":@/\"' \t\r\n");
            if (*c++ != ':') continue;
            whole = strcspn(c, "@/\"' \t\r\n");
            if (c[whole] != '@') continue;
        }
        if (whole == 0) continue;
        *ret = whole;
        return c;
    }
    return NULL;
}

/* Those up to the line's end. */
static void hide_passwords(char *copy, const char *from) {
    size_t secret = 0;
    for (const char *found = from; (found = find_password(found, &secret)) != NULL; found += secret) {
        memset(copy + (found - copy), '*', secret);
    }
}

/* The text goes into the ledger and into whatever copies of the database are made: a password that stands in an address,
 * where a ${VARIABLE} ought to, stays out of it. */
static const char *without_passwords(const char *text, size_t length, struct arena *arena) {
    char *copy = arena_copy_n(arena, text, length);
    static const char *const keys[] = {"store:", "admin:", "target:"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        for (char *key = strstr(copy, keys[i]); key != NULL; key = strstr(key + 1, keys[i])) hide_passwords(copy, key);
    }
    return copy;
}

bool definition_parse(const char *file, const char *text, size_t length, struct definition **ret,
                      struct error *error) {
    struct arena *arena = arena_new();
    struct definition *definition = ARENA_ARRAY(arena, struct definition, 1);
    struct yaml *root;
    definition->arena = arena;
    definition->file = arena_copy(arena, file);
    if (!yaml_parse(arena, definition->file, text, length, &root, error) || !root_read(definition, root, error)) {
        arena_free(arena);
        return false;
    }
    definition->text = without_passwords(text, length, arena);
    definition->digest = digest_make(arena, &definition->change, definition_is_apart(definition));
    *ret = definition;
    return true;
}

bool definition_read(const char *file, struct definition **ret, struct error *error) {
    TEXT text = {0};
    char piece[8192];
    FILE *stream = fopen(file, "re");
    /* One byte too many is enough for definition_parse to refuse the file, even one without end. */
    while (stream != NULL && text.length <= YAML_BYTES_MAX) {
        size_t length = fread(piece, 1, sizeof piece, stream);
        if (length == 0) break;
        text_add_n(&text, piece, length);
    }
    bool failed = stream == NULL || ferror(stream);
    int reason = errno;
    if (stream != NULL) fclose(stream);
    if (failed) {
        return error_set(error, ERROR_FILE, "%s: %s; expected a definition file that can be read", file,
                         strerror(reason));
    }
    return definition_parse(file, text_get(&text), text.length, ret, error);
}

void definition_free(struct definition *definition) {
    if (definition != NULL) arena_free(definition->arena);
}
