/* How the values of another store become this one's: by the type that the other names, and the affinity of the column here. */
#pragma once

#include "store/sql/sync.h"
#include "store/sqlite/stream.h"
#include "store/store.h"

enum reading { READING_ANY, READING_TEXT, READING_NUMBER, READING_TRUTH, READING_BYTES };
enum affinity { AFFINITY_NONE, AFFINITY_TEXT, AFFINITY_INTEGER, AFFINITY_REAL, AFFINITY_NUMERIC };

struct intake {
    const struct column *column;
    enum reading reading;
    enum affinity affinity;
};

struct intake intake_of(const struct column *column, const char *type);

/* Binds a value as the column will keep it. NULL: done; else why that cannot be, to follow "column c: ". */
const char *intake_bind(sqlite3_stmt *statement, int index, const struct intake *intake, const struct field *field);

/* What `type` will never be in the column, as a sentence's end; NULL: it may fit. */
const char *intake_misfit(const struct intake *intake, bool is_key, const char *type);
