/* Where the server listens, and what that takes: off loopback, TLS and tokens. */
#pragma once

#include "server/server.h"

struct listener {
    int fd;
    bool loopback;
    char host[64], address[96]; /* "127.0.0.1"; "127.0.0.1:8080", with the port that it became */
    char *certificate, *key;    /* the PEM texts; NULL: no TLS */
};

bool listen_on(const struct server_options *options, struct listener *ret, mf_error *error);
void listener_free(struct listener *listener); /* the texts; not the socket */
