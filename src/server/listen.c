#include "server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define FILE_BYTES_MAX (1 << 20)

static bool fail(mf_error *error, mf_result result, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool fail(mf_error *error, mf_result result, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->result = result;
    error->code = result == MF_USAGE ? "usage" : "listen";
    return false;
}

static bool read_file(const char *file, char **ret, mf_error *error) {
    FILE *in = fopen(file, "re");
    char *text = malloc(FILE_BYTES_MAX + 1);
    if (text == NULL) abort();
    if (in == NULL) {
        free(text);
        return fail(error, MF_USAGE, "%s: %s", file, strerror(errno));
    }
    text[fread(text, 1, FILE_BYTES_MAX, in)] = '\0';
    fclose(in);
    *ret = text;
    return true;
}

/* "host:port", "[v6]:port" */
static bool take_apart(const char *listen, char host[64], char port[8], mf_error *error) {
    const char *colon = strrchr(listen, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - listen);
    bool brackets = length > 2 && listen[0] == '[' && listen[length - 1] == ']';
    if (length == 0 || length >= 64 || strlen(colon + 1) >= 8 || strlen(colon + 1) == 0 || colon[1 + strspn(colon + 1, "0123456789")] != '\0') {
        return fail(error, MF_USAGE, "--listen takes an address and a port, such as 127.0.0.1:8080 or [::1]:8080, not '%s'", listen);
    }
    snprintf(host, 64, "%.*s", (int)(brackets ? length - 2 : length), brackets ? listen + 1 : listen);
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    }
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static bool open_socket(const struct addrinfo *info, const char *listen_text, struct listener *ret, mf_error *error) {
    int on = 1;
    ret->fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ret->fd < 0) return fail(error, MF_FAILED, "%s: %s", listen_text, strerror(errno));
    setsockopt(ret->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6) setsockopt(ret->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof own;
    char port[8];
    if (bind(ret->fd, info->ai_addr, info->ai_addrlen) != 0 || listen(ret->fd, BACKLOG) != 0 ||
        getsockname(ret->fd, (struct sockaddr *)&own, &size) != 0 ||
        getnameinfo((struct sockaddr *)&own, size, ret->host, sizeof ret->host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        fail(error, MF_FAILED, "%s: %s", listen_text, strerror(errno));
        close(ret->fd);
        return false;
    }
    snprintf(ret->address, sizeof ret->address, info->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", ret->host, port);
    return true;
}

bool listen_on(const struct server_options *options, struct listener *ret, mf_error *error) {
    char host[64], port[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info = NULL;
    bool tls = options->certificate != NULL && options->key != NULL;
    if (!take_apart(options->listen, host, port, error)) return false;
    if ((options->certificate == NULL) != (options->key == NULL)) return fail(error, MF_USAGE, "--certificate and --key go together");
    int failed = getaddrinfo(host, port, &hints, &info);
    if (failed != 0) return fail(error, MF_USAGE, "--listen %s: %s", options->listen, gai_strerror(failed));
    ret->loopback = is_loopback(info->ai_addr);
    bool ok = ret->loopback || (tls && options->tokens != NULL);
    if (!ok) {
        fail(error, MF_USAGE, "--listen %s can be reached from other hosts: that takes TLS and tokens (--certificate, --key, --tokens); without "
             "them, listen on 127.0.0.1", options->listen);
    }
    ok = ok && (!tls || (read_file(options->certificate, &ret->certificate, error) && read_file(options->key, &ret->key, error))) &&
         open_socket(info, options->listen, ret, error);
    freeaddrinfo(info);
    if (!ok) listener_free(ret);
    return ok;
}

void listener_free(struct listener *listener) {
    if (listener->key != NULL) gnutls_memset(listener->key, 0, strlen(listener->key));
    free(listener->certificate);
    free(listener->key);
    listener->certificate = listener->key = NULL;
}
