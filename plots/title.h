/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "plots/script.h"

/*
 * What stands above a trial's picture: title_text is its suite and scenario, subtitle_text its
 * kernel, seed and clock, and more behind them ("" for none).
 */
void title_write(struct script *script, const json_t *trial, const char *more);
