/* The statements of faces: an entity read as a document, and written from one.
 *
 *   select:    SELECT "id", "name" FROM "customers" WHERE ("id") = (?1)
 *   view:      SELECT "id", "first_name" FROM (the query restricted to the key) AS midflight_v
 *   translate: WITH "people" ("id", "first_name") AS (SELECT ?1, ?2), midflight_query ("id", "name") AS (the query)
 *              SELECT "id", "name" FROM midflight_query
 *   put:       INSERT INTO "customers" ("id", "name") VALUES (?1, ?2) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name"
 *   update:    UPDATE "customers" SET "name" = ?2 WHERE "id" = ?1
 *   prune:     DELETE FROM "subscriptions" WHERE ("customer_id") = (?1) AND NOT ("customer_id" = ?2 AND "position" = ?3) */
#pragma once

#include "store/sql/document.h"

/* What is bound, in the order of its numbers. */
struct face_bind {
    const struct column *column;
    const struct json *value;
};
struct face_binds {
    struct arena *arena;
    struct face_bind *items;
    size_t count, room;
};

/* What a dialect says after a bind that stands for a column's value, where nothing else gives it a type. */
typedef void face_typed(struct text *text, const struct column *column);

void face_select(struct text *text, const struct dialect *dialect, const struct bound_table *table);
void face_view(struct text *text, const struct dialect *dialect, const struct flow *flow);
/* Distinct keys of a side after the one in the first binds (`after`), in order, as k1, ..., kn. */
void face_keys(struct text *text, const struct dialect *dialect, const struct bound_table *tables, size_t count,
               const struct names *key, bool after, int64_t limit);
void face_translate_query(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct document_part *parts,
                          face_typed *typed, struct face_binds *binds);
/* The shape whose documents are translated, and the queries that do it. */
struct face_leader {
    enum side side;
    const struct bound_table *tables;
    size_t count, key_count;
    const struct flow *flows;
    size_t flow_count;
};
/* A document's rows, by table, as they are to be translated: they say nothing new that no query reads, and one that is its whole
 * entity keeps what it does not name. `current`: what the entity is now; NULL: it is not there. */
MUST_USE bool face_parts(const struct face_leader *leader, const char *key, const char *document, const char *current,
                         struct arena *arena, struct document_part **ret, struct error *error);

/* The columns that tell a table's rows apart: within the key, where the key is unique. */
const struct names *face_match(const struct bound_table *table);
/* Does the row name all of those? */
bool face_matched(const struct bound_table *table, const struct document_row *row);
/* May it be inserted whatever is there: does it name what has no default? */
bool face_insertable(const struct bound_table *table, const struct document_row *row);
/* Where a row of the same match is there already. */
enum meeting { MEETING_FAILS, MEETING_SKIPS, MEETING_UPDATES };
void face_insert(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct document_row *row,
                 enum meeting meeting, struct face_binds *binds);
/* Nothing (false) where the row names no more than its match. */
bool face_update(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct document_row *row,
                 struct face_binds *binds);
/* The entity's rows that are not the document's. */
void face_prune(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct json *const *key,
                const struct document_part *part, struct face_binds *binds);
