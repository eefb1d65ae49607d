/* PostgreSQL reads the clauses. What is read here is where one ends, which is a RENAME, and what a USING does: of a cast the
 * way back is a cast, of any other expression nobody knows it. */
#include "store/postgres/clause.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

static bool word_at(const char *text, const char *word) {
    size_t length = strlen(word);
    return strncasecmp(text, word, length) == 0 && !is_word(text[length]);
}

bool pg_clause_is_create(const char *change) {
    return word_at(change + strspn(change, " \t\r\n"), "CREATE");
}

/* Past the quoted text or comment that begins here; NULL: none does. */
static const char *past_quoted(const char *text) {
    if (*text == '\'' || *text == '"') {
        const char *end = strchr(text + 1, *text);
        return end == NULL ? text + strlen(text) : end + 1;
    }
    if (strncmp(text, "--", 2) == 0) return text + strcspn(text, "\n");
    if (strncmp(text, "/*", 2) == 0) {
        const char *end = strstr(text + 2, "*/");
        return end == NULL ? text + strlen(text) : end + 2;
    }
    return NULL;
}

/* The end of the clause: a comma outside of brackets and quotes. *ret_using and *ret_restart are where such a word outside of them
 * stands. */
static const char *clause_end(const char *text, const char **ret_using, const char **ret_restart) {
    int depth = 0;
    const char *begin = text;
    *ret_using = *ret_restart = NULL;
    while (*text != '\0') {
        const char *past = past_quoted(text);
        if (past != NULL) {
            text = past;
            continue;
        }
        if (*text == '(' || *text == '[') depth++;
        if (*text == ')' || *text == ']') depth--;
        if (depth == 0 && *text == ',') break;
        bool word = depth == 0 && text > begin && !is_word(text[-1]);
        if (word && *ret_using == NULL && word_at(text, "USING")) *ret_using = text;
        if (word && word_at(text, "RESTART")) *ret_restart = text;
        text++;
    }
    return text;
}

static const char *blank_skip(const char *text) {
    return text + strspn(text, " \t\r\n");
}

/* The identifier at *cursor, as PostgreSQL folds it; moves past it. */
static const char *take_name(const char **cursor, struct arena *arena) {
    const char *text = blank_skip(*cursor);
    char *name = arena_alloc(arena, strlen(text) + 1);
    size_t length = 0;
    if (*text == '"') {
        for (text++; *text != '\0' && (*text != '"' || text[1] == '"'); text++) {
            if (*text == '"') text++;
            name[length++] = *text;
        }
        if (*text == '"') text++;
    } else {
        for (; is_word(*text); text++) name[length++] = (char)tolower((unsigned char)*text);
    }
    *cursor = text;
    return name;
}

/* Without the brackets around the whole of it. */
static const char *without_brackets(const char *text, struct arena *arena) {
    for (;;) {
        text = blank_skip(text);
        size_t length = strlen(text);
        while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
        if (length < 2 || text[0] != '(' || text[length - 1] != ')') return arena_copy_n(arena, text, length);
        int depth = 0;
        for (size_t i = 0; i + 1 < length; i++) {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (depth == 0) return arena_copy_n(arena, text, length);
        }
        text = arena_copy_n(arena, text + 1, length - 2);
    }
}

static bool is_type(const char *text) {
    for (; *text != '\0'; text++) {
        if (!is_word(*text) && strchr(" .,:\"()[]\t\r\n", *text) == NULL) return false;
    }
    return true;
}

/* "visits::text" of visits: "::text". CAST(visits AS text): the same. */
static const char *read_casts(const char *expression, const char *column, struct arena *arena) {
    const char *cursor = without_brackets(expression, arena);
    bool function = word_at(cursor, "CAST") && *blank_skip(cursor + 4) == '(';
    if (function) cursor = without_brackets(cursor + 4, arena);
    if (strcmp(take_name(&cursor, arena), column) != 0) return NULL;
    cursor = blank_skip(cursor);
    if (function) return word_at(cursor, "AS") && is_type(cursor + 2) ? arena_format(arena, "::%s", blank_skip(cursor + 2)) : NULL;
    if (*cursor == '\0') return "";
    return strncmp(cursor, "::", 2) == 0 && is_type(cursor) ? cursor : NULL;
}

static void read_using(struct clause *clause, const char *using, struct arena *arena) {
    const char *cursor = clause->text;
    if (using == NULL || !word_at(cursor, "ALTER")) return;
    cursor += strlen("ALTER");
    clause->column = take_name(&cursor, arena);
    if (strcmp(clause->column, "column") == 0) clause->column = take_name(&cursor, arena);
    clause->casts = read_casts(using + strlen("USING"), clause->column, arena);
}

struct clauses pg_clause_split(const char *change, struct arena *arena) {
    struct clauses clauses = {.items = ARENA_ARRAY(arena, struct clause, strlen(change) + 1)};
    while (*(change = blank_skip(change)) != '\0') {
        const char *using, *restart, *end = clause_end(change, &using, &restart);
        struct clause clause = {.text = arena_copy_n(arena, change, (size_t)(end - change)), .alone = word_at(change, "RENAME"),
                                .restarts = restart != NULL && word_at(change, "ALTER")};
        if (using != NULL) using = clause.text + (using - change);
        read_using(&clause, using, arena);
        if (end > change) clauses.items[clauses.count++] = clause;
        change = end + (*end == ',');
    }
    return clauses;
}
