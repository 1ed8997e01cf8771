/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/metrics.h"

/* The catalog's tables, {}-terminated; whoever asks goes through metric_next(). */
extern const struct metric_def catalog_system[], catalog_parts[], catalog_trace[];
