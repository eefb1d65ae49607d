/* A server, asked over HTTP: libcurl sees to connections, TLS and time. */
#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

#define CONNECT_S 10L
#define ANSWER_S 30L
#define ANSWER_BYTES_MAX (64 << 20)
#define TOKEN_BYTES_MAX 512

struct remote {
    CURL *curl;
    struct curl_slist *headers;
    char url[1024];
    char failure[CURL_ERROR_SIZE];
    char *body;
    size_t length;
};

bool remote_is_address(const char *text) {
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

static mf_result fail(mf_error *error, mf_result result, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
static mf_result fail(mf_error *error, mf_result result, const char *code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->result = result;
    error->code = code;
    return result;
}

/* --- opening --- */

/* "http://host:port" is all migrations of it; a longer path stays as it is. */
static mf_result set_url(struct remote *remote, const char *address, mf_error *error) {
    const char *host = strstr(address, "://") + 3, *path = strchr(host, '/');
    bool whole = path == NULL || strcmp(path, "/") == 0;
    int root = path == NULL ? (int)strlen(address) : (int)(path - address);
    int length = whole ? snprintf(remote->url, sizeof remote->url, "%.*s/v1/migrations", root, address)
                       : snprintf(remote->url, sizeof remote->url, "%s", address);
    if (*host != '\0' && length < (int)sizeof remote->url) return MF_DONE;
    return fail(error, MF_USAGE, "usage", "%.200s is no address of a server: http://127.0.0.1:8080, or https://host:port/v1/migrations/NAME", address);
}

static mf_result read_token(const char *file, char token[TOKEN_BYTES_MAX], mf_error *error) {
    struct stat info;
    FILE *in = fopen(file, "re");
    if (in == NULL) return fail(error, MF_USAGE, "usage", "--token-file %s: %s", file, strerror(errno));
    bool closed = fstat(fileno(in), &info) == 0 && (info.st_mode & 077) == 0;
    size_t length = closed ? fread(token, 1, TOKEN_BYTES_MAX - 1, in) : 0;
    fclose(in);
    if (!closed) return fail(error, MF_USAGE, "usage", "--token-file %s: others than its owner can open it: chmod 600 %s", file, file);
    token[length] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    if (token[0] != '\0' && strpbrk(token, " \t") == NULL) return MF_DONE;
    return fail(error, MF_USAGE, "usage", "--token-file %s: it is to hold the token and nothing else", file);
}

static mf_result set_token(struct remote *remote, const struct options *options, mf_error *error) {
    char token[TOKEN_BYTES_MAX] = "", header[TOKEN_BYTES_MAX + 32];
    const char *given = getenv("MIDFLIGHT_TOKEN");
    if (options->token_file != NULL && read_token(options->token_file, token, error) != MF_DONE) return error->result;
    if (options->token_file == NULL && given != NULL) snprintf(token, sizeof token, "%s", given);
    if (token[0] == '\0') return MF_DONE;
    if (strpbrk(token, "\r\n") != NULL) return fail(error, MF_USAGE, "usage", "MIDFLIGHT_TOKEN holds more than one line: it is to be the token");
    snprintf(header, sizeof header, "Authorization: Bearer %s", token);
    remote->headers = curl_slist_append(remote->headers, header);
    explicit_bzero(token, sizeof token);
    explicit_bzero(header, sizeof header);
    return MF_DONE;
}

static size_t receive(char *data, size_t one, size_t count, void *context) {
    struct remote *remote = context;
    if (remote->length + one * count > ANSWER_BYTES_MAX) return 0;
    char *body = realloc(remote->body, remote->length + one * count + 1);
    if (body == NULL) abort();
    memcpy(body + remote->length, data, one * count);
    remote->body = body;
    remote->length += one * count;
    return one * count;
}

mf_result remote_open(const struct options *options, struct remote **ret, mf_error *error) {
    struct remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL) abort();
    remote->curl = curl_easy_init();
    if (remote->curl == NULL) abort();
    if (set_url(remote, options->file, error) != MF_DONE || set_token(remote, options, error) != MF_DONE) {
        remote_close(remote);
        return error->result;
    }
    remote->headers = curl_slist_append(remote->headers, "Accept: application/json");
    curl_easy_setopt(remote->curl, CURLOPT_URL, remote->url);
    curl_easy_setopt(remote->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(remote->curl, CURLOPT_HTTPHEADER, remote->headers);
    curl_easy_setopt(remote->curl, CURLOPT_ERRORBUFFER, remote->failure);
    curl_easy_setopt(remote->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, remote);
    curl_easy_setopt(remote->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(remote->curl, CURLOPT_TIMEOUT, ANSWER_S);
    curl_easy_setopt(remote->curl, CURLOPT_NOSIGNAL, 1L);
    if (options->ca != NULL) curl_easy_setopt(remote->curl, CURLOPT_CAINFO, options->ca);
    *ret = remote;
    return MF_DONE;
}

void remote_close(struct remote *remote) {
    if (remote == NULL) return;
    curl_easy_cleanup(remote->curl);
    curl_slist_free_all(remote->headers);
    free(remote->body);
    free(remote);
}

/* --- asking --- */

static mf_result fail_to_reach(const struct remote *remote, CURLcode code, mf_error *error) {
    const char *why = remote->failure[0] != '\0' ? remote->failure : curl_easy_strerror(code);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        return fail(error, MF_USAGE, "tls", "%s: %s: name the certificate that the server is known by with --ca FILE", remote->url, why);
    }
    if (code == CURLE_WRITE_ERROR) return fail(error, MF_FAILED, "answer", "%s: the answer is too long to be midflight's", remote->url);
    if (code == CURLE_URL_MALFORMAT) return fail(error, MF_USAGE, "usage", "%s is no address: %s", remote->url, why);
    return fail(error, MF_FAILED, "unreachable", "%s: %s: does the server run, and listen there?", remote->url, why);
}

/* What a problem document says, or else the status. */
static mf_result fail_by_status(const struct remote *remote, long status, const json_t *answer, mf_error *error) {
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    mf_result result = status >= 500 ? MF_FAILED : MF_USAGE;
    if (status == 401) {
        return fail(error, MF_USAGE, "token", "%s takes a token: put it into a file for --token-file, or into MIDFLIGHT_TOKEN", remote->url);
    }
    if (detail == NULL) return fail(error, result, "answer", "%s answered %ld, and not as midflight does: is the address right?", remote->url, status);
    return fail(error, result, "problem", "%s answered %ld: %s", remote->url, status, detail);
}

/* One migration, or a list of them. */
static json_t *as_list(const json_t *answer) {
    json_t *list = json_object_get(answer, "migrations");
    if (json_is_array(list)) return json_incref(list);
    if (!json_is_string(json_object_get(answer, "migration"))) return NULL;
    return json_pack("[O]", answer);
}

mf_result remote_migrations(struct remote *remote, json_t **ret, mf_error *error) {
    long status = 0;
    remote->length = 0;
    remote->failure[0] = '\0';
    CURLcode code = curl_easy_perform(remote->curl);
    if (code != CURLE_OK) return fail_to_reach(remote, code, error);
    curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *answer = remote->length == 0 ? NULL : json_loadb(remote->body, remote->length, 0, NULL);
    mf_result result = MF_DONE;
    if (status != 200) {
        result = fail_by_status(remote, status, answer, error);
    } else if ((*ret = as_list(answer)) == NULL) {
        result = fail(error, MF_USAGE, "answer", "%s: the answer is not about migrations: the address is http://host:port, or ends in /v1/migrations/NAME",
                      remote->url);
    }
    json_decref(answer);
    return result;
}
