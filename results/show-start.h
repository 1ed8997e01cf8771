/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "results/table.h"

/*
 * What each kernel's measured phase began with, a line each; then the trials that began notably
 * otherwise than the first one of their kernel (start_differs()).
 */
void show_start(FILE *f, const struct scenario_trials *s);
