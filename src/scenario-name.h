/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"

/*
 * Loads the suite of "SUITE/SCENARIO" and finds the scenario in it: the suite may be a path, so the
 * last part is the scenario's; SUITE alone will do where it has but one. overrides and seeds are as
 * for suite_load(). *ret_suite is the caller's, and *ret_name, as suite_find() takes the suite; the
 * scenario is the suite's.
 */
int scenario_find(const char *what, const struct strlist *overrides, const char *seeds,
		  struct suite **ret_suite, const struct scenario **ret_scenario, char **ret_name,
		  struct error *err);
