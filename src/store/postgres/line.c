/* The file is never written in place: a new one, complete and on the disk, takes its name. What was there before the cut-over stays
 * in it as a comment above the line, so that the file alone says how to go back:
 *
 *     ;midflight shop-to-new was: shop = host=10.0.0.1 dbname=shop pool_size=20
 *     shop = host=10.0.0.2 dbname=shop pool_size=20 */
#include <string.h>

#include "store/postgres/line.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/text.h"

#define FILE_BYTES_MAX (16 * 1024 * 1024)

/* --- pairs -------------------------------------------------------------------------------------------------------- */

struct pair {
    const char *whole; /* key=value, as it stands there */
    size_t length;
    const char *key, *value;
};

/* host=10.0.0.1 password='it''s': the next pair at *cursor; key NULL: there is none. False: it is none. */
static bool next_pair(const char **cursor, struct arena *arena, struct pair *ret) {
    const char *c = *cursor + strspn(*cursor, " \t\r\n");
    *ret = (struct pair){.whole = c};
    *cursor = c;
    if (*c == '\0') return true;
    size_t length = strcspn(c, "= \t\r\n");
    ret->key = arena_copy_n(arena, c, length);
    c += length;
    c += strspn(c, " \t");
    if (length == 0 || *c++ != '=') return false;
    c += strspn(c, " \t");
    TEXT value = {0};
    if (*c == '\'') {
        for (c++; *c != '\0' && (*c != '\'' || c[1] == '\''); c++) {
            if (*c == '\'') c++;
            text_add_n(&value, c, 1);
        }
        if (*c++ != '\'') return false;
    } else {
        length = strcspn(c, " \t\r\n");
        text_add_n(&value, c, length);
        c += length;
    }
    ret->value = arena_copy(arena, text_get(&value));
    ret->length = (size_t)(c - ret->whole);
    *cursor = c;
    return true;
}

static void add_pair(struct text *text, const char *key, const char *value) {
    text_addf(text, "%s%s='", text->length > 0 ? " " : "", key);
    for (; *value != '\0'; value++) {
        if (*value == '\'') text_add_n(text, "'", 1);
        text_add_n(text, value, 1);
    }
    text_add(text, "'");
}

bool line_place(const char *pairs, const char *name, struct arena *arena, struct place *ret, struct error *error) {
    struct place place = {.host = "", .port = "5432", .database = name};
    struct pair pair;
    for (const char *cursor = pairs;;) {
        if (!next_pair(&cursor, arena, &pair)) {
            return error_set(error, ERROR_REFUSED, "PgBouncer: '%.60s' is no list of key=value, such as host=10.0.0.2 dbname=%s",
                             cursor, name);
        }
        if (pair.key == NULL) break;
        if (strcmp(pair.key, "host") == 0) place.host = pair.value;
        if (strcmp(pair.key, "port") == 0) place.port = pair.value;
        if (strcmp(pair.key, "dbname") == 0) place.database = pair.value;
    }
    *ret = place;
    return true;
}

static const char *option(const PQconninfoOption *options, const char *key) {
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, key) == 0) return options->val == NULL ? "" : options->val;
    }
    return "";
}

bool line_pairs(const char *address, const char *key, struct arena *arena, const char **ret, struct error *error) {
    PQconninfoOption *options = PQconninfoParse(address, NULL);
    TEXT text = {0};
    const char *host = options == NULL ? "" : option(options, "hostaddr");
    if (options != NULL && host[0] == '\0') host = option(options, "host");
    const char *database = options == NULL ? "" : option(options, "dbname"), *port = options == NULL ? "" : option(options, "port");
    if (host[0] != '\0') add_pair(&text, "host", host);
    if (port[0] != '\0') add_pair(&text, "port", port);
    if (database[0] != '\0') add_pair(&text, "dbname", database);
    bool whole = host[0] != '\0' && database[0] != '\0' && strchr(host, ',') == NULL;
    if (whole) *ret = arena_copy(arena, text_get(&text));
    PQconninfoFree(options);
    return whole || error_set(error, ERROR_REFUSED, "PgBouncer: the address in %s.store does not name one host and a database, as its "
                                                    "line has to: write them there", key);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool file_fail(const char *path, const char *what, struct error *error) {
    return error_set(error, ERROR_FILE, "PgBouncer's configuration %s: %s: %s", path, what, strerror(errno));
}

static bool read_whole(const char *path, struct arena *arena, struct line *line, struct error *error) {
    char resolved[PATH_MAX], piece[8192];
    TEXT text = {0};
    FILE *stream = realpath(path, resolved) == NULL ? NULL : fopen(resolved, "re");
    if (stream == NULL || fstat(fileno(stream), &line->file) != 0) {
        bool failed = file_fail(path, "cannot be read", error);
        if (stream != NULL) fclose(stream);
        return failed;
    }
    for (size_t length; text.length <= FILE_BYTES_MAX && (length = fread(piece, 1, sizeof piece, stream)) > 0;) {
        text_add_n(&text, piece, length);
    }
    bool failed = ferror(stream) != 0;
    fclose(stream);
    if (failed) return file_fail(path, "cannot be read", error);
    if (text.length > FILE_BYTES_MAX || strlen(text_get(&text)) != text.length) {
        return error_set(error, ERROR_FILE, "PgBouncer's configuration %s: is no text of at most %d bytes", path, FILE_BYTES_MAX);
    }
    line->path = arena_copy(arena, resolved);
    line->text = arena_copy(arena, text_get(&text));
    return true;
}

/* "shop = " at the beginning of a line that is about that name: its length; 0: it is not. The name may be quoted. */
static size_t name_at(const char *line, size_t length, const char *database) {
    size_t blank = strspn(line, " \t"), at = blank;
    bool quoted = line[at] == '"';
    if (quoted) at++;
    for (; *database != '\0'; database++) {
        if (at >= length || line[at] != *database) return 0;
        at++;
        if (quoted && *database == '"' && line[at++] != '"') return 0;
    }
    if (quoted && line[at++] != '"') return 0;
    at += strspn(line + at, " \t");
    if (at >= length || line[at++] != '=') return 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t')) at++;
    return at;
}

/* [databases], or what is included in the middle of it. */
static bool is_databases(const char *line, size_t length) {
    static const char name[] = "[databases]";
    line += strspn(line, " \t");
    return length >= strlen(name) && strncmp(line, name, strlen(name)) == 0;
}

static size_t line_length(const char *line) {
    size_t length = strcspn(line, "\n");
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

static const char *mark_of(const char *migration, struct arena *arena) {
    return arena_format(arena, ";midflight %s was: ", migration);
}

/* The line that begins there, with ours above it if there is one. */
static void take(struct line *line, const char *at, const char *above, size_t name_length, const char *mark, struct arena *arena) {
    size_t length = line_length(at);
    line->whole = arena_copy_n(arena, at, length);
    line->name_length = name_length;
    line->value = line->whole + name_length;
    line->start = (size_t)(at - line->text);
    line->end = line->start + length;
    if (above == NULL || strncmp(above, mark, strlen(mark)) != 0) return;
    line->start = (size_t)(above - line->text);
    line->before = arena_copy_n(arena, above + strlen(mark), line_length(above) - strlen(mark));
}

bool line_read(const char *path, const char *database, const char *migration, struct arena *arena, struct line *ret,
               struct error *error) {
    struct line line = {0};
    const char *mark = mark_of(migration, arena), *above = NULL;
    bool inside = true;
    int found = 0;
    if (!read_whole(path, arena, &line, error)) return false;
    for (const char *at = line.text; *at != '\0';) {
        size_t length = line_length(at), name = inside ? name_at(at, length, database) : 0;
        if (at[strspn(at, " \t")] == '[') inside = is_databases(at, length);
        if (name > 0 && found++ == 0) take(&line, at, above, name, mark, arena);
        above = at;
        at += strcspn(at, "\n");
        if (*at == '\n') at++;
    }
    if (found != 1) {
        return error_set(error, ERROR_REFUSED, "PgBouncer's configuration %s: %d lines in [databases] say where %s leads; expected one "
                         "(pgbouncer.config names the file that holds it: the main one, or one that it includes)", path, found, database);
    }
    *ret = line;
    return true;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* dirname writes into its argument. */
static const char *folder_of(const char *path, char copy[PATH_MAX]) {
    snprintf(copy, PATH_MAX, "%s", path);
    return dirname(copy);
}

bool line_may_be_written(const struct line *line, struct error *error) {
    char copy[PATH_MAX];
    if (access(folder_of(line->path, copy), W_OK | X_OK) != 0) {
        return file_fail(line->path, "its folder takes no new file, and the file is never written in place", error);
    }
    if (geteuid() == 0 || geteuid() == line->file.st_uid) return true;
    return error_set(error, ERROR_FILE, "PgBouncer's configuration %s: belongs to another user (%ld), and a file of ours in its place would "
                     "not: run midflight as that user, or as root", line->path, (long)line->file.st_uid);
}

static bool write_all(int file, const char *data, size_t size) {
    while (size > 0) {
        ssize_t written = write(file, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* The name of a file is on the disk when its folder is. */
static bool sync_folder(const char *path) {
    char copy[PATH_MAX];
    int folder = open(folder_of(path, copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) close(folder);
    return ok;
}

static void add_successor(struct text *path, const struct line *line) {
    text_addf(path, "%s.midflight", line->path);
}

void line_drop(const struct line *line) {
    TEXT path = {0};
    add_successor(&path, line);
    unlink(text_get(&path));
}

static bool write_successor(const struct line *line, const char *text, struct error *error) {
    TEXT path = {0};
    add_successor(&path, line);
    line_drop(line); /* what a crash left */
    int file = open(text_get(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return file_fail(text_get(&path), "cannot be made", error);
    bool ok = fchown(file, line->file.st_uid, line->file.st_gid) == 0 && fchmod(file, line->file.st_mode & 07777) == 0 &&
              write_all(file, text, strlen(text)) && fsync(file) == 0;
    if (!ok) file_fail(line->path, "cannot be written anew", error);
    if (close(file) != 0 && ok) ok = file_fail(line->path, "cannot be written anew", error);
    if (!ok) line_drop(line);
    if (ok) FAILPOINT("line written, unnamed");
    return ok;
}

bool line_put(const struct line *line, struct error *error) {
    TEXT path = {0};
    add_successor(&path, line);
    if (rename(text_get(&path), line->path) != 0) return file_fail(line->path, "cannot be written anew", error);
    FAILPOINT("line written");
    return true;
}

bool line_keep(const struct line *line, struct error *error) {
    return sync_folder(line->path) || file_fail(line->path, "may not be on the disk as it was written anew", error);
}

static bool write_piece(const struct line *line, const char *piece, struct error *error) {
    TEXT text = {0};
    text_add_n(&text, line->text, line->start);
    text_add(&text, piece);
    text_add(&text, line->text + line->end);
    return write_successor(line, text_get(&text), error);
}

static bool is_place_key(const char *key) {
    return strcmp(key, "host") == 0 || strcmp(key, "port") == 0 || strcmp(key, "dbname") == 0;
}

static bool has_key(const char *pairs, const char *key, struct arena *arena) {
    struct pair pair;
    for (const char *cursor = pairs; next_pair(&cursor, arena, &pair) && pair.key != NULL;) {
        if (strcmp(pair.key, key) == 0) return true;
    }
    return false;
}

/* shop = <target> <what the line says besides> */
static void add_turned(struct text *text, const struct line *line, const char *target) {
    struct arena *arena = arena_new();
    struct pair pair;
    text_add_n(text, line->whole, line->name_length);
    text_add(text, target);
    for (const char *cursor = line->value; next_pair(&cursor, arena, &pair) && pair.key != NULL;) {
        if (is_place_key(pair.key) || has_key(target, pair.key, arena)) continue;
        text_add(text, " ");
        text_add_n(text, pair.whole, pair.length);
    }
    arena_free(arena);
}

bool line_turn(const struct line *line, const char *target, const char *migration, struct error *error) {
    struct arena *arena = arena_new();
    bool windows = line->text[line->end] == '\r';
    TEXT text = {0};
    text_addf(&text, "%s%s%s", mark_of(migration, arena), line->whole, windows ? "\r\n" : "\n");
    add_turned(&text, line, target);
    arena_free(arena);
    return write_piece(line, text_get(&text), error);
}

bool line_turn_back(const struct line *line, const char *target, struct error *error) {
    TEXT text = {0};
    if (line->before != NULL) return write_piece(line, line->before, error);
    add_turned(&text, line, target);
    return write_piece(line, text_get(&text), error);
}
