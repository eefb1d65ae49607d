/* The PostgreSQL store. */
#pragma once

#include "store/store.h"

extern const struct store_ops postgres_ops;
