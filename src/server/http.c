#include "server/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/link.h"
#include "server/listen.h"
#include "server/log.h"

/* What a request line and headers may take, and what libmicrohttpd keeps for a connection. */
#define HEADER_BYTES_MAX 16384
/* Of a body that is too large so much is read, and thrown away, for the client to see the answer. */
#define DISCARD_BYTES_MAX (4 << 20)

static int64_t in_s(int seconds) {
    return (int64_t)clock_ms() + (int64_t)seconds * 1000;
}

/* --- connections --- */

static void address_text(const struct sockaddr *address, char text[46]) {
    text[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, 46);
    } else if (address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, 46);
    }
}

static void on_connection(void *context, struct MHD_Connection *connection, void **link, enum MHD_ConnectionNotificationCode code) {
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        links_remove(server->links, *link);
        return;
    }
    char client[46];
    address_text(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, client);
    *link = links_add(server->links, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, client,
                      in_s(server->options->idle_s));
}

/* --- a request comes and goes --- */

/* The request line is there, as it was sent; the headers may still be on their way. */
static void *on_line(void *context, const char *uri, struct MHD_Connection *connection) {
    struct server *server = context;
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL) abort();
    request->server = server;
    request->connection = connection;
    request->link = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    request->began_ms = clock_ms();
    request->who = "";
    const char *mark = strchr(uri, '?');
    request->path = mark == NULL ? strdup(uri) : strndup(uri, (size_t)(mark - uri));
    request->query = mark == NULL ? NULL : strdup(mark + 1);
    if (request->path == NULL || (mark != NULL && request->query == NULL)) abort();
    atomic_store(&request->link->until_ms, in_s(server->options->request_s));
    return request;
}

static void log_it(const struct request *request, double ms) {
    bool failed = request->status >= 500;
    if (request->server->options->quiet && request->status < 400) return;
    struct log_request line = {request->id, request->method, request->path, request->who, request->link->client, request->status, ms,
                               request->received};
    log_request(failed ? LOG_ERROR : request->status >= 400 ? LOG_WARNING : LOG_INFO, &line);
}

static void on_end(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
    struct server *server = context;
    struct request *request = *state;
    (void)connection, (void)code;
    *state = NULL;
    if (request == NULL) return;
    atomic_store(&request->link->until_ms, in_s(server->options->idle_s));
    if (request->begun) {
        double ms = clock_ms() - request->began_ms;
        metrics_count(&server->metrics, request->route == NULL ? route_count : (size_t)(request->route - routes), request->status, ms);
        log_it(request, ms);
    }
    if (request->counted) atomic_fetch_sub(&server->active, 1);
    work_drop(request->waiter.work);
    text_free(&request->body);
    free(request->path);
    free(request->query);
    free(request->room);
    free(request);
}

/* --- what a request may do --- */

const char *request_header(const struct request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* The client's id for the request, if it is one that can stand in a log; else one of ours. */
static void choose_id(struct request *request) {
    static atomic_uint_fast64_t requests;
    const char *given = request_header(request, "X-Request-Id");
    size_t good = given == NULL ? 0 : strspn(given, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (good > 0 && good < sizeof request->id && given[good] == '\0') {
        memcpy(request->id, given, good + 1);
        return;
    }
    snprintf(request->id, sizeof request->id, "%s-%llx", request->server->mark, (unsigned long long)(atomic_fetch_add(&requests, 1) + 1));
}

/* "host:port" names this host. */
static bool names_us(const struct request *request, const char *host) {
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *colon = strrchr(host, ':');
    size_t length = colon == NULL || strchr(colon, ']') != NULL ? strlen(host) : (size_t)(colon - host);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        if (strlen(local[i]) == length && strncasecmp(host, local[i], length) == 0) return true;
    }
    return strlen(request->server->host) == length && strncmp(host, request->server->host, length) == 0;
}

/* Where nobody is asked for a token, a page in a browser on this host must not be able to ask in its user's place: neither
 * from another origin, nor under a name of its own for this address. */
static bool check_origin(struct request *request) {
    const char *host = request_header(request, MHD_HTTP_HEADER_HOST), *origin = request_header(request, MHD_HTTP_HEADER_ORIGIN);
    if (!access_asks(request->server->access) && (host == NULL || !names_us(request, host))) {
        answer_problem(request, 403, "host", NULL, "without tokens this server answers to localhost alone: ask it by that name");
        return false;
    }
    const char *name = origin == NULL ? NULL : strstr(origin, "://");
    if (origin == NULL || (name != NULL && host != NULL && strcmp(name + 3, host) == 0)) return true;
    answer_problem(request, 403, "origin", NULL, "requests of pages of another origin are not answered");
    return false;
}

static bool check_right(struct request *request) {
    static const struct { unsigned right; const char *name; } names[] = {
        {RIGHT_READ, "read"}, {RIGHT_WRITE, "write"}, {RIGHT_OPERATE, "operate"}};
    unsigned right = request->route->right;
    if (!access_asks(request->server->access)) {
        request->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_OPERATE;
        return true;
    }
    if (right == RIGHT_NONE) return true;
    const char *who = access_find(request->server->access, request_header(request, MHD_HTTP_HEADER_AUTHORIZATION), &request->rights);
    if (who == NULL) {
        answer_problem(request, 401, "token", NULL, "this path takes a token: Authorization: Bearer TOKEN, of the file that the server was started with");
        return false;
    }
    request->who = who;
    if (right == RIGHT_ANY || (request->rights & right) != 0) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].right == right) answer_problem(request, 403, "right", NULL, "the token of %s has no right to %s", who, names[i].name);
    }
    return false;
}

static bool check_size(struct request *request) {
    const char *length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    long max = request->server->options->body_bytes_max;
    if (length == NULL || strtoull(length, NULL, 10) <= (unsigned long long)max) return true;
    answer_problem(request, 413, "too-large", NULL, "a body may have %ld bytes here", max);
    return false;
}

/* Before its body is read. */
static void begin(struct request *request, const char *method) {
    request->begun = request->counted = true;
    atomic_fetch_add(&request->server->active, 1);
    request->method = strcmp(method, "HEAD") == 0 ? "GET" : method;
    choose_id(request);
    if (check_origin(request) && route_find(request) && check_right(request) && route_prepare(request)) (void)check_size(request);
}

/* --- libmicrohttpd asks --- */

static enum MHD_Result receive(struct request *request, const char *data, size_t *size) {
    long max = request->server->options->body_bytes_max;
    request->received += *size;
    if (request->received <= (size_t)max) text_add_n(&request->body, data, *size);
    *size = 0;
    return request->received <= (size_t)max + DISCARD_BYTES_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state) {
    struct request *request = *state;
    (void)context, (void)connection, (void)url, (void)version;
    if (!request->begun) {
        begin(request, method);
        return MHD_YES;
    }
    if (*size > 0) return receive(request, data, size);
    if (request->status != 0) return MHD_YES;
    atomic_store(&request->link->until_ms, INT64_MAX);
    if (request->received > (size_t)request->server->options->body_bytes_max) {
        answer_problem(request, 413, "too-large", NULL, "a body may have %ld bytes here", request->server->options->body_bytes_max);
    } else {
        request->route->handle(request);
    }
    if (request->status != 0) atomic_store(&request->link->until_ms, in_s(request->server->options->idle_s));
    return MHD_YES;
}

/* --- sleeping --- */

static void sleep_now(void *context) {
    MHD_suspend_connection(((struct request *)context)->connection);
}

static void wake_now(void *context) {
    MHD_resume_connection(((struct request *)context)->connection);
}

bool request_sleep(struct request *request, struct work *work, double wait_s) {
    request->waiter = (struct waiter){.work = work, .until_ms = clock_ms() + wait_s * 1000, .sleep = sleep_now, .wake = wake_now,
                                      .context = request};
    return wait_s > 0 && driver_wait(request->driver, &request->waiter);
}

/* --- the daemon --- */

static void on_message(void *context, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
static void on_message(void *context, const char *format, va_list arguments) {
    char text[512];
    (void)context;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_event(LOG_WARNING, "http", json_pack("{s:o}", "detail", json_text(text)));
}

/* Paths are taken apart before they are decoded: a comma in a key is not one between two. */
static size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text) {
    (void)context, (void)connection;
    return strlen(text);
}

bool http_begin(struct server *server, mf_error *error) {
    const struct server_options *options = server->options;
    struct listener listener = {0};
    if (!listen_on(options, &listener, error)) return false;
    snprintf(server->host, sizeof server->host, "%s", listener.loopback ? listener.host : "");
    snprintf(server->mark, sizeof server->mark, "%lx", (unsigned long)getpid());
    server->links = links_new();
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, listener.certificate}, {MHD_OPTION_HTTPS_MEM_KEY, 0, listener.key},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (listener.certificate != NULL ? MHD_USE_TLS : 0);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_message, server, MHD_OPTION_LISTEN_SOCKET, listener.fd,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)server->threads, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(options->idle_s > options->request_s ? options->idle_s : options->request_s) + 5, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_NOTIFY_COMPLETED, on_end, server,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_ARRAY, listener.certificate != NULL ? tls : none, MHD_OPTION_END);
    listener_free(&listener);
    if (server->daemon != NULL) {
        log_event(LOG_INFO, "listening", json_pack("{s:s, s:b, s:i}", "address", listener.address, "tls", (int)(options->certificate != NULL),
                                                   "threads", server->threads));
        return true;
    }
    close(listener.fd);
    error->result = MF_FAILED;
    error->code = "store";
    snprintf(error->message, sizeof error->message, "%s: the server does not start%s", listener.address,
             options->certificate == NULL ? "" : ": are certificate and key such that belong together, in PEM?");
    return false;
}

void http_quiesce(struct server *server) {
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0) close(fd);
}

void http_end(struct server *server) {
    if (server->daemon != NULL) MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    links_free(server->links);
    server->links = NULL;
}

void http_tick(struct server *server) {
    double now = clock_ms();
    log_flush();
    size_t cut = links_cut(server->links, (int64_t)now);
    if (cut > 0) atomic_fetch_add(&server->metrics.cut_off, (int64_t)cut);
    for (size_t i = 0; i < server->driver_count; i++) driver_wake_late(server->drivers[i], now);
}

struct driver *server_driver(const struct server *server, const char *name) {
    for (size_t i = 0; i < server->driver_count; i++) {
        if (strcmp(driver_name(server->drivers[i]), name) == 0) return server->drivers[i];
    }
    return NULL;
}
