/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "harness/suite/suite.h"

/*
 * A fragment of a kernel's configuration, for `make KCONFIG_ALLCONFIG=FRAGMENT alldefconfig`
 * (Documentation/kbuild/kconfig.rst): what a kernel needs to boot in the lab and to be measured
 * there, and what the suite needs, all of it built in. suite NULL: what any suite can need. 0,
 * -ENOMEM or -EIO.
 */
int kernel_config_write(FILE *f, const struct suite *suite);
