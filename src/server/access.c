#include "server/access.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define DIGEST_BYTES 32
#define TOKENS_MAX 256
#define TOKEN_CHARACTERS_MIN 16

/* Tokens are kept as digests, so that comparing takes the same time wherever two differ, and however long they are. */
struct token {
    char name[64];
    unsigned rights;
    unsigned char digest[DIGEST_BYTES];
};

struct access {
    bool asks;
    size_t count;
    struct token tokens[TOKENS_MAX];
};

static bool digest_of(const char *token, unsigned char digest[DIGEST_BYTES]) {
    return gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), digest) == 0;
}

static bool fail(mf_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(mf_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->result = MF_USAGE;
    error->code = "usage";
    return false;
}

static bool parse_rights(char *text, unsigned *ret) {
    static const struct { const char *name; unsigned right; } known[] = {
        {"read", RIGHT_READ}, {"write", RIGHT_WRITE}, {"operate", RIGHT_OPERATE}};
    unsigned rights = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        unsigned right = 0;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (strcmp(word, known[i].name) == 0) right = known[i].right;
        }
        if (right == 0) return false;
        rights |= right;
    }
    *ret = rights;
    return rights != 0;
}

static bool parse_digest(const char *text, unsigned char digest[DIGEST_BYTES]) {
    gnutls_datum_t hex = {(unsigned char *)(size_t)text, (unsigned)strlen(text)};
    size_t size = DIGEST_BYTES;
    return hex.size == 2 * DIGEST_BYTES && gnutls_hex_decode(&hex, digest, &size) == 0 && size == DIGEST_BYTES;
}

static bool add(struct access *access, char *line, const char *file, int number, mf_error *error) {
    static const char digest_prefix[] = "sha256:";
    char *rest = NULL;
    char *name = strtok_r(line, " \t\r\n", &rest), *rights = strtok_r(NULL, " \t\r\n", &rest);
    const char *secret = strtok_r(NULL, " \t\r\n", &rest);
    if (name == NULL || name[0] == '#') return true;
    if (secret == NULL || strtok_r(NULL, " \t\r\n", &rest) != NULL) return fail(error, "%s:%d: a line is NAME RIGHTS TOKEN", file, number);
    if (access->count == TOKENS_MAX) return fail(error, "%s:%d: more than %d tokens", file, number, TOKENS_MAX);
    struct token *token = &access->tokens[access->count];
    if (strlen(name) >= sizeof token->name) return fail(error, "%s:%d: a name of more than %zu characters", file, number, sizeof token->name - 1);
    snprintf(token->name, sizeof token->name, "%s", name);
    if (!parse_rights(rights, &token->rights)) {
        return fail(error, "%s:%d: rights are of read, write and operate, with commas between", file, number);
    }
    if (strncmp(secret, digest_prefix, strlen(digest_prefix)) == 0) {
        if (!parse_digest(secret + strlen(digest_prefix), token->digest)) return fail(error, "%s:%d: sha256: takes 64 hex digits", file, number);
    } else if (strlen(secret) < TOKEN_CHARACTERS_MIN) {
        return fail(error, "%s:%d: a token has %d characters at least; `openssl rand -hex 24` makes one", file, number, TOKEN_CHARACTERS_MIN);
    } else if (!digest_of(secret, token->digest)) {
        return fail(error, "%s:%d: no digest can be made of the token", file, number);
    }
    access->count++;
    return true;
}

static bool read_file(struct access *access, const char *file, mf_error *error) {
    struct stat info;
    char line[1024];
    FILE *in = fopen(file, "re");
    if (in == NULL) return fail(error, "%s: %s", file, strerror(errno));
    bool ok = fstat(fileno(in), &info) == 0 && (info.st_mode & 077) == 0;
    if (!ok) fail(error, "%s: others than its owner can open it: chmod 600 %s", file, file);
    for (int number = 1; ok && fgets(line, sizeof line, in) != NULL; number++) ok = add(access, line, file, number, error);
    fclose(in);
    gnutls_memset(line, 0, sizeof line);
    if (ok && access->count == 0) return fail(error, "%s: there is no token in it", file);
    return ok;
}

struct access *access_new(const char *file, mf_error *error) {
    struct access *access = calloc(1, sizeof *access);
    if (access == NULL) abort();
    access->asks = file != NULL;
    if (file == NULL || read_file(access, file, error)) return access;
    access_free(access);
    return NULL;
}

void access_free(struct access *access) {
    if (access == NULL) return;
    gnutls_memset(access, 0, sizeof *access);
    free(access);
}

bool access_asks(const struct access *access) {
    return access->asks;
}

/* Every token is looked at, whichever it is. */
const char *access_find(const struct access *access, const char *authorization, unsigned *ret_rights) {
    static const char scheme[] = "Bearer ";
    unsigned char digest[DIGEST_BYTES];
    const struct token *found = NULL;
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) return NULL;
    if (!digest_of(authorization + strlen(scheme), digest)) return NULL;
    for (size_t i = 0; i < access->count; i++) {
        if (gnutls_memcmp(digest, access->tokens[i].digest, DIGEST_BYTES) == 0) found = &access->tokens[i];
    }
    if (found == NULL) return NULL;
    *ret_rights = found->rights;
    return found->name;
}
