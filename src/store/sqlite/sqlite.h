/* The SQLite store. */
#pragma once

#include "store/store.h"

extern const struct store_ops sqlite_ops;
